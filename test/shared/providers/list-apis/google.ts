import { by, iso, type ListApi, living, pageAfter } from './list-api.ts';

const refusal = (code: number, reason: string) => ({
  status: code,
  body: { error: { code, message: 'Refused.', errors: [{ domain: 'global', reason, message: 'Refused.' }] } },
});

/** The last page has the token of the moment that the first was read at; what is gone is listed as cancelled. */
export const events: ListApi = {
  perPage: 3,
  idOf: ({ n }) => `event${n}`,
  answer: ({ query = {} }, upstream) => {
    const { things, at, forgotten } = upstream;
    const { syncToken } = query;
    if (syncToken !== undefined && Number(syncToken) < forgotten) return refusal(410, 'fullSyncRequired');
    const [last, from = at] = String(query.pageToken ?? '').split('@');
    const list = syncToken === undefined ? living(upstream) : things.filter((thing) => thing.at > Number(syncToken));
    const { page, next } = pageAfter(list, last || undefined, 3);
    const items = page.map(({ n, text, changedMs, gone }) => ({
      ...{ kind: 'calendar#event', id: `event${n}`, status: gone ? 'cancelled' : 'confirmed', summary: text },
      updated: iso(changedMs),
    }));
    const more = next === undefined ? { nextSyncToken: String(from) } : { nextPageToken: `${next}@${from}` };
    return { body: { kind: 'calendar#events', items, ...more } };
  },
};

/** The profile knows the moment, the list what there is, the history what came and went since. */
export const mail: ListApi = {
  perPage: 3,
  unlisted: ['changes'],
  idOf: ({ n }) => `m${n}`,
  answer: ({ path, query = {} }, upstream) => {
    const { things, at, forgotten } = upstream;
    if (path === '/users/me/profile') return { body: { emailAddress: 'ada@example.com', historyId: String(at) } };
    const messageOf = ({ n, text }: (typeof things)[number]) => ({ id: `m${n}`, threadId: text });
    if (path === '/users/me/messages') {
      const newest = living(upstream).sort(by(({ madeMs }) => madeMs, true));
      const { page, next } = pageAfter(newest, query.pageToken, 3);
      return { body: { messages: page.map(messageOf), nextPageToken: next, resultSizeEstimate: 7 } };
    }
    if (Number(query.startHistoryId) < forgotten) return refusal(404, 'notFound');
    const since = things.filter((thing) => thing.at > Number(query.startHistoryId)).sort(by((thing) => thing.at));
    const { page, next } = pageAfter(since, query.pageToken, 3);
    const history = page.map((thing) => {
      const message = messageOf(thing);
      return {
        id: String(thing.at),
        messages: [message],
        [thing.gone ? 'messagesDeleted' : 'messagesAdded']: [{ message }],
      };
    });
    return { body: { ...(history.length > 0 && { history }), nextPageToken: next, historyId: String(at) } };
  },
};

/** Tokens are numbers of changes; a page's next is one like them. */
export const files: ListApi = {
  perPage: 3,
  idOf: ({ n }) => `file${n}`,
  answer: ({ path, query = {} }, upstream) => {
    const { things, at, forgotten } = upstream;
    if (path === '/drive/v3/changes/startPageToken') return { body: { startPageToken: String(at) } };
    const fileOf = ({ n, text, gone }: (typeof things)[number]) => ({
      ...{ id: `file${n}`, name: text, mimeType: 'text/plain', trashed: gone },
      modifiedTime: iso(Date.UTC(2020, 0, 1) - n), // of the file that was uploaded
    });
    if (path === '/drive/v3/files') {
      const { page, next } = pageAfter(living(upstream), query.pageToken, 3);
      return { body: { files: page.map(fileOf), nextPageToken: next } };
    }
    const since = Number(query.pageToken);
    if (since < forgotten) return refusal(410, 'gone');
    const all = things.filter((thing) => thing.at > since).sort(by((thing) => thing.at));
    const changes = all.slice(0, 3).map((thing) => ({
      ...{ kind: 'drive#change', type: 'file', fileId: `file${thing.n}`, removed: thing.gone && thing.n % 2 === 0 },
      ...(!(thing.gone && thing.n % 2 === 0) && { file: fileOf(thing) }),
    }));
    const more = all.length > 3 ? { nextPageToken: String(all[2]?.at) } : { newStartPageToken: String(at) };
    return { body: { changes, ...more } };
  },
};
