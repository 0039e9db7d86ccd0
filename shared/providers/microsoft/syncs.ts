import * as z from 'zod';
import { type ApiRequest, path } from '../actions.ts';
import type { Sync, SyncPlace, Syncs } from '../syncs.ts';

// Delta queries: links lead from page to page, and the last one's is the checkpoint. They say what was removed, may show
// an object twice, and end after days to weeks.

const BASE = 'https://graph.microsoft.com/v1.0';
const docs = 'https://learn.microsoft.com/en-us/graph/delta-query-overview';

const Page = z.object({
  value: z.array(z.looseObject({ id: z.string().min(1), '@removed': z.unknown().optional() })),
  '@odata.nextLink': z.string().startsWith(`${BASE}/`).optional(),
  '@odata.deltaLink': z.string().startsWith(`${BASE}/`).optional(),
});

function delta(model: string, first: (at: SyncPlace) => Pick<ApiRequest, 'path' | 'query'>): Sync {
  return {
    ...{ model, docs, everyS: 900, checkpoints: 'token', deletions: 'tombstones' },
    nudgedBy: ['created', 'updated', 'deleted', 'missed'],
    expired: [
      { status: 410 },
      ...[400, 404].flatMap((status) =>
        ['syncStateNotFound', 'syncStateInvalid', 'resyncRequired'].map((code) => ({ status, code })),
      ),
    ],
    request: (at) => {
      const link = at.page ?? at.since;
      const headers = { prefer: 'odata.maxpagesize=100, IdType="ImmutableId"' };
      return { method: 'GET', ...(link === undefined ? first(at) : follow(link)), headers };
    },
    page: ({ body }) => {
      const { value, '@odata.nextLink': next, '@odata.deltaLink': checkpoint } = Page.parse(body);
      return {
        records: value.map(({ '@removed': removed, ...data }) => ({
          id: data.id,
          deleted: removed !== undefined,
          data,
        })),
        ...{ next, checkpoint },
      };
    },
  };
}

/** Returns the request of a link, which `Page` has seen to be below the base URL. */
function follow(link: string): Pick<ApiRequest, 'path' | 'query'> {
  const { pathname, searchParams } = new URL(link);
  return { path: pathname.slice(new URL(BASE).pathname.length), query: Object.fromEntries(searchParams) };
}

const iso = (ms: number) => new Date(ms).toISOString();
const DAY_MS = 86_400_000;
const days = (most: number) => z.int().min(0).max(most);

export const microsoftSyncs = {
  messages: {
    ...delta('messages', ({ settings: { folder } }) => ({
      path: path`/me/mailFolders/${String(folder)}/messages/delta`,
    })),
    ...{ scopes: ['Mail.Read'], kinds: ['oauth2'] },
    settings: z.strictObject({ folder: z.string().min(1).max(200).default('inbox') }),
  },
  /** The window of days stands still between full runs. */
  events: {
    ...delta('events', ({ startedAtMs, settings: { pastDays, futureDays } }) => ({
      path: '/me/calendarView/delta',
      query: {
        startDateTime: iso(startedAtMs - Number(pastDays) * DAY_MS),
        endDateTime: iso(startedAtMs + Number(futureDays) * DAY_MS),
      },
    })),
    ...{ scopes: ['Calendars.Read', 'Calendars.ReadWrite'], kinds: ['oauth2'] },
    settings: z.strictObject({ pastDays: days(365).default(30), futureDays: days(1_825).default(365) }),
    fullEveryS: 7 * 86_400,
  },
  /** Work and school accounts alone have a directory. */
  users: { ...delta('users', () => ({ path: '/users/delta' })), scopes: ['User.Read.All'] },
} as const satisfies Syncs;
