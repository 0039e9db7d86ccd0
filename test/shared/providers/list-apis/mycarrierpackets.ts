import { iso, type ListApi, living, type Thing } from './list-api.ts';

const completed = ({ madeMs }: Thing) => iso(madeMs).slice(0, 19);

/** One window of time, without pages. */
export const completedPackets: ListApi = {
  perPage: 3,
  unlisted: ['changes', 'deletions'],
  idOf: (thing) => `${1_000 + thing.n}@${completed(thing)}`,
  answer: ({ query = {} }, upstream) => ({
    body: living(upstream)
      .filter((thing) => completed(thing) >= String(query.fromDate) && completed(thing) <= String(query.toDate))
      .map((thing) => ({
        ...{ DOTNumber: 1_000 + thing.n, DocketNumber: `MC${thing.n}`, LegalName: thing.text },
        CompletedDate: completed(thing),
      })),
  }),
};
