import * as z from 'zod';
import { by, iso, type ListApi, living, pageAfter, type Thing } from './list-api.ts';

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const minute = (ms: number) => Math.floor(ms / 60_000) * 60_000;

const Search = z.object({
  filter: z.object({ property: z.literal('object'), value: z.literal('page') }),
  sort: z.object({ timestamp: z.literal('last_edited_time'), direction: z.enum(['ascending', 'descending']) }),
  page_size: z.int().max(100),
  start_cursor: z.string().optional(),
});
const Query = z.object({
  filter: z
    .object({ timestamp: z.literal('last_edited_time'), last_edited_time: z.object({ on_or_after: z.iso.datetime() }) })
    .optional(),
  sorts: z.tuple([z.object({ timestamp: z.literal('last_edited_time'), direction: z.literal('ascending') })]),
  page_size: z.int().max(100),
  start_cursor: z.string().optional(),
});

function answerOf(sorted: readonly Thing[], cursor: string | undefined) {
  const { page, next } = pageAfter(sorted, cursor, 3);
  const results = page.map(({ n, text, changedMs }) => ({
    ...{ object: 'page', id: uuid(n), last_edited_time: iso(minute(changedMs)), in_trash: false },
    properties: { title: { title: [{ plain_text: text }] } },
  }));
  return { body: { object: 'list', results, has_more: next !== undefined, next_cursor: next ?? null } };
}

/** Times have whole minutes, and what is in the trash is not listed. */
export const pages: ListApi = {
  perPage: 3,
  idOf: ({ n }) => uuid(n),
  answer: ({ json }, upstream) => {
    const { sort, start_cursor } = Search.parse(json);
    const descending = sort.direction === 'descending';
    return answerOf(living(upstream).sort(by(({ changedMs }) => minute(changedMs), descending)), start_cursor);
  },
};

export const rows: ListApi = {
  settings: { dataSource: uuid(77) },
  perPage: 3,
  idOf: ({ n }) => uuid(n),
  answer: ({ path, json }, upstream) => {
    if (path !== `/data_sources/${uuid(77)}/query`) return { status: 404, body: {} };
    const { filter, start_cursor } = Query.parse(json);
    const since = Date.parse(filter?.last_edited_time.on_or_after ?? iso(0));
    const found = living(upstream).filter(({ changedMs }) => minute(changedMs) >= since);
    return answerOf(found.sort(by(({ changedMs }) => minute(changedMs))), start_cursor);
  },
};
