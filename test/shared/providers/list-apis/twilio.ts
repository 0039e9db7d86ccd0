import { by, iso, type ListApi, living, pageAfter } from './list-api.ts';

/** Asked for by the day that they were sent; the newest first, and their state changes afterwards. */
export const messages: ListApi = {
  perPage: 3,
  unlisted: ['deletions'],
  idOf: ({ n }) => `SM${n}`,
  answer: ({ query = {} }, upstream) => {
    const sent = living(upstream)
      .filter(({ madeMs }) => iso(madeMs).slice(0, 10) >= String(query['DateSent>']))
      .sort(by(({ madeMs }) => madeMs, true));
    const { page, next } = pageAfter(sent, query.PageToken, 3);
    const rest = `DateSent%3E=${query['DateSent>']}&PageSize=${query.PageSize}&Page=1&PageToken=${next}`;
    const uri = '/2010-04-01/Accounts/AC1/Messages.json';
    const messages = page.map(({ n, text, madeMs, changedMs }) => ({
      ...{ sid: `SM${n}`, body: text, status: 'sent', date_sent: new Date(madeMs).toUTCString() },
      date_updated: new Date(changedMs).toUTCString().replace('GMT', '+0000'),
    }));
    return { body: { messages, next_page_uri: next === undefined ? null : `${uri}?${rest}`, page: 0, uri } };
  },
};
