import { by, iso, type ListApi, living, type Thing } from './list-api.ts';

const channels = ['1100000000001', '1100000000002'] as const;
const channelOf = ({ n }: Thing) => channels[n % 2];
const EPOCH_MS = 1_420_070_400_000;
const snowflake = ({ madeMs, n }: Thing) => (BigInt(madeMs - EPOCH_MS) << 22n) + BigInt(n);

/** The messages next after an id, the newest of them first. */
export const messages: ListApi = {
  settings: { channels },
  perPage: 100,
  quietRequests: 2,
  unlisted: ['changes', 'deletions'],
  idOf: (thing) => String(snowflake(thing)),
  answer: ({ path, query = {} }, upstream) => {
    const page = living(upstream)
      .filter((thing) => path === `/channels/${channelOf(thing)}/messages`)
      .filter((thing) => snowflake(thing) > BigInt(String(query.after ?? 0)))
      .sort(by(({ madeMs }) => madeMs))
      .slice(0, Number(query.limit));
    return {
      body: page.reverse().map((thing) => ({
        ...{ id: String(snowflake(thing)), type: 0, content: thing.text, channel_id: channelOf(thing) },
        ...{
          timestamp: iso(thing.madeMs),
          edited_timestamp: null,
          pinned: false,
          author: { id: '7', username: 'ada' },
        },
      })),
    };
  },
};
