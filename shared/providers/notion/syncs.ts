import * as z from 'zod';
import { path } from '../actions.ts';
import type { Syncs } from '../syncs.ts';

// Times have whole minutes, and the search learns of a change later than it is made: a run looks back some minutes. What
// was moved to the trash, or is not shared with the app any more, is just not there: once a day everything is read.

const docs = 'https://developers.notion.com/reference';
const PER_PAGE = 100;
const common = { everyS: 900, overlapS: 300, fullEveryS: 86_400, deletions: 'full-scan', retention: {} } as const;

const Page = z.object({
  results: z.array(z.looseObject({ id: z.string().min(1), last_edited_time: z.string() })),
  has_more: z.boolean(),
  next_cursor: z.string().nullish(),
  request_status: z.object({ type: z.string() }).optional(),
});

function pageOf(body: unknown, since?: string) {
  const { results, has_more, next_cursor, request_status } = Page.parse(body);
  const times = results.map((one) => one.last_edited_time);
  const known = since !== undefined && times.some((time) => time < since);
  return {
    records: results.map((data) => ({ id: data.id, updatedAt: data.last_edited_time, data })),
    next: has_more && !known ? (next_cursor ?? undefined) : undefined,
    incomplete: request_status?.type === 'incomplete',
    checkpoint: times.reduce<string | undefined>((last, time) => (last && last > time ? last : time), undefined),
  };
}

export const notionSyncs = {
  /** Newest first, down to what the last run has seen; where all is read, oldest first: what is touched meanwhile goes to
   *  the end. */
  pages: {
    ...common,
    model: 'pages',
    docs: `${docs}/post-search`,
    request: ({ since, page }) => ({
      method: 'POST',
      path: '/search',
      json: {
        filter: { property: 'object', value: 'page' },
        sort: { timestamp: 'last_edited_time', direction: since === undefined ? 'ascending' : 'descending' },
        ...{ page_size: PER_PAGE, start_cursor: page },
      },
    }),
    page: ({ body, since }) => pageOf(body, since),
    nudgedBy: ['page.*'],
  },
  rows: {
    ...common,
    model: 'rows',
    docs: `${docs}/query-a-data-source`,
    settings: z.strictObject({ dataSource: z.string().regex(/^[0-9a-f-]{32,36}$/, 'the id of a data source') }),
    request: ({ since, page, settings: { dataSource } }) => ({
      method: 'POST',
      path: path`/data_sources/${String(dataSource)}/query`,
      json: {
        ...(since && { filter: { timestamp: 'last_edited_time', last_edited_time: { on_or_after: since } } }),
        sorts: [{ timestamp: 'last_edited_time', direction: 'ascending' }],
        ...{ page_size: PER_PAGE, start_cursor: page },
      },
    }),
    page: ({ body }) => pageOf(body),
    nudgedBy: ['page.*', 'data_source.*'],
  },
} as const satisfies Syncs;
