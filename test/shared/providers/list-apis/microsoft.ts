import { type ListApi, living, pageAfter } from './list-api.ts';

/** Links lead on; what is gone is marked so; an object may be shown twice. */
function delta(path: string, forgets: { readonly status: number; readonly code: string }): ListApi {
  return {
    perPage: 3,
    idOf: ({ n }) => `AAMk-${n}`,
    answer: (request, upstream) => {
      const { things, at, forgotten } = upstream;
      if (request.path !== path) return { status: 404, body: { error: { code: 'itemNotFound', message: 'None.' } } };
      const { $deltatoken: delta, $skiptoken: skip } = request.query ?? {};
      const [since = '', from = at, last] = skip === undefined ? [String(delta ?? '')] : String(skip).split('_');
      if (since !== '' && Number(since) < forgotten) {
        return { status: forgets.status, body: { error: { code: forgets.code, message: 'Read again.' } } };
      }
      const list = since === '' ? living(upstream) : things.filter((thing) => thing.at > Number(since));
      const { page, next } = pageAfter(list, last, 3);
      const value = [...page.slice(0, 1), ...page].map(({ n, text, gone }) =>
        gone ? { id: `AAMk-${n}`, '@removed': { reason: 'deleted' } } : { id: `AAMk-${n}`, subject: text },
      );
      const link = `https://graph.microsoft.com/v1.0${path}`;
      const more =
        next === undefined
          ? { '@odata.deltaLink': `${link}?$deltatoken=${from}` }
          : { '@odata.nextLink': `${link}?$skiptoken=${since}_${from}_${next}` };
      return { body: { '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata', value, ...more } };
    },
  };
}

export const messages = delta('/me/mailFolders/inbox/messages/delta', { status: 410, code: 'SyncStateNotFound' });
export const events = delta('/me/calendarView/delta', { status: 404, code: 'syncStateNotFound' });
export const users = delta('/users/delta', { status: 400, code: 'resyncRequired' });
