import { by, type ListApi, living, pageAfter, seconds, type Thing } from './list-api.ts';

const next = (cursor: string | undefined) => ({ response_metadata: { next_cursor: cursor ?? '' } });

export const channels: ListApi = {
  perPage: 3,
  idOf: ({ n }) => `C00000${n}`,
  answer: ({ query = {} }, upstream) => {
    const { page, next: cursor } = pageAfter(living(upstream), query.cursor, 3);
    const list = page.map(({ n, text, madeMs }) => ({
      ...{ id: `C00000${n}`, name: `c${n}`, is_archived: false, is_private: false, is_member: true, num_members: 2 },
      ...{ topic: { value: text, creator: '', last_set: 0 }, purpose: { value: '' }, created: seconds(madeMs) },
    }));
    return { body: { ok: true, channels: list, ...next(cursor) } };
  },
};

/** Who has left is still listed. */
export const users: ListApi = {
  perPage: 3,
  idOf: ({ n }) => `U00000${n}`,
  answer: ({ query = {} }, { things }) => {
    const { page, next: cursor } = pageAfter(things, query.cursor, 3);
    const members = page.map(({ n, text, changedMs, gone }) => ({
      ...{ id: `U00000${n}`, team_id: 'T1', name: `u${n}`, deleted: gone, updated: seconds(changedMs) },
      profile: { display_name: text },
    }));
    return { body: { ok: true, members, cache_ts: 1, ...next(cursor) } };
  },
};

const chosen = ['C0000001', 'C0000002'] as const;
const channelOf = ({ n }: Thing) => chosen[n % 2];
const ts = ({ madeMs, n }: Thing) => `${seconds(madeMs)}.${String(n).padStart(6, '0')}`;

/** Newest first, and only what came after `oldest`. */
export const messages: ListApi = {
  settings: { channels: chosen },
  perPage: 3,
  quietRequests: 2,
  unlisted: ['changes', 'deletions'],
  idOf: (thing) => `${channelOf(thing)}:${ts(thing)}`,
  answer: ({ query = {} }, upstream) => {
    const newest = living(upstream)
      .filter((thing) => query.channel === channelOf(thing) && ts(thing) > String(query.oldest ?? ''))
      .sort(by(({ madeMs }) => madeMs, true));
    const { page, next: cursor } = pageAfter(newest, query.cursor, 3);
    const list = page.map((thing) => ({ type: 'message', user: 'U1', text: thing.text, ts: ts(thing) }));
    return { body: { ok: true, messages: list, has_more: cursor !== undefined, ...next(cursor) } };
  },
};
