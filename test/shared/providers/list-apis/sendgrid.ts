import { by, type ListApi, living, seconds } from './list-api.ts';

/** Counted from the beginning, the newest first. An address bounces once: from then on no mail is sent to it. */
export const bounces: ListApi = {
  perPage: 500,
  unlisted: ['changes'],
  idOf: ({ n }) => `${n}@example.com`,
  answer: ({ query = {} }, upstream) => {
    const begin = Number(query.offset);
    const page = living(upstream)
      .filter(({ madeMs }) => seconds(madeMs) >= Number(query.start_time ?? 0))
      .sort(by(({ madeMs }) => madeMs, true))
      .slice(begin, begin + Number(query.limit));
    return {
      body: page.map(({ n, text, madeMs }) => ({
        ...{ created: seconds(madeMs), email: `${n}@example.com`, reason: text, status: '5.1.1' },
      })),
    };
  },
};
