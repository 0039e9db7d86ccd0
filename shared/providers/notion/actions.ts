import * as z from 'zod';
import { type Actions, action, path } from '../actions.ts';

const docs = (page: string) => `https://developers.notion.com/reference/${page}`;
const properties = { Name: { title: [{ text: { content: 'Invoice 1042' } }] } };
const page = {
  ...{ object: 'page', id: 'be633bf1-dfa0-436d-b259-571129a590e5', in_trash: false },
  ...{ url: 'https://www.notion.so/Invoice-1042-be633bf1dfa0436db259571129a590e5' },
  ...{ created_time: '2026-01-01T00:00:00.000Z', last_edited_time: '2026-01-01T00:00:00.000Z', properties },
};

/** What a connection may do is set at Notion: there are no scopes. */
export function notionActions(): Actions {
  const Id = z.string().regex(/^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i, 'the id of a page or a data source');
  const Properties = z.record(z.string().min(1).max(200), z.unknown());
  const Blocks = z.array(z.looseObject({ type: z.string().optional() })).max(100);
  const window = { pageSize: z.int().min(1).max(100).default(50), cursor: z.string().max(200).optional() };
  const windowOf = ({ pageSize, cursor }: { pageSize: number; cursor?: string }) => ({
    ...{ page_size: pageSize, start_cursor: cursor },
  });
  const Page = z.looseObject({ object: z.string(), id: z.string(), url: z.string().optional() });
  const List = z.object({ results: z.array(Page), has_more: z.boolean(), next_cursor: z.string().nullable() });
  const list = { results: [page], has_more: false, next_cursor: null };

  return {
    'dataSources.query': action({
      ...{ title: 'Find the rows of a data source', docs: docs('query-a-data-source'), effect: 'read' },
      input: z.strictObject({
        ...{ dataSource: Id, filter: z.looseObject({}).optional(), ...window },
        sorts: z.array(z.looseObject({})).max(20).optional(),
      }),
      output: List,
      request: ({ dataSource, filter, sorts, ...rest }) => ({
        ...{
          method: 'POST',
          path: path`/data_sources/${dataSource}/query`,
          json: { filter, sorts, ...windowOf(rest) },
        },
      }),
      example: { input: { dataSource: '248104cd-477e-80af-bc30-000bd28de8f9', pageSize: 10 }, output: list },
    }),
    'pages.create': action({
      ...{ title: 'Create a page, or a row of a data source', docs: docs('post-page'), effect: 'write' },
      input: z
        .strictObject({
          ...{ dataSource: Id.optional(), page: Id.optional(), properties: Properties },
          children: Blocks.optional(),
        })
        .refine(({ dataSource, page }) => (dataSource === undefined) !== (page === undefined), 'dataSource or page'),
      output: Page,
      request: ({ dataSource, page, properties, children }) => ({
        ...{ method: 'POST', path: '/pages' },
        json: { parent: dataSource ? { data_source_id: dataSource } : { page_id: page }, properties, children },
      }),
      about: { object: 'page', id: 'id' },
      example: { input: { dataSource: '248104cd-477e-80af-bc30-000bd28de8f9', properties }, output: page },
    }),
    'pages.update': action({
      ...{ title: 'Change the properties of a page', docs: docs('patch-page'), effect: 'write' },
      input: z.strictObject({ page: Id, properties: Properties.optional(), inTrash: z.boolean().optional() }),
      output: Page,
      request: ({ page, properties, inTrash }) => ({
        ...{ method: 'PATCH', path: path`/pages/${page}`, json: { properties, in_trash: inTrash }, repeatable: true },
      }),
      about: { object: 'page', id: 'id', by: 'page' },
      example: { input: { page: page.id, inTrash: true }, output: { ...page, in_trash: true } },
    }),
    search: action({
      ...{ title: 'Search pages and data sources by title', docs: docs('post-search'), effect: 'read' },
      input: z.strictObject({
        query: z.string().max(500).optional(),
        kind: z.enum(['page', 'data_source']).optional(),
        ...window,
      }),
      output: List,
      request: ({ query, kind, ...rest }) => ({
        ...{ method: 'POST', path: '/search' },
        json: { query, filter: kind && { property: 'object', value: kind }, ...windowOf(rest) },
      }),
      example: { input: { query: 'Invoice', kind: 'page' }, output: list },
    }),
  };
}
