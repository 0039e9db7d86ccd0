import * as z from 'zod';
import { by, iso, type ListApi, living } from './list-api.ts';

const Search = z.object({
  filterGroups: z.tuple([
    z.object({
      filters: z.tuple([z.object({ propertyName: z.string(), operator: z.literal('GTE'), value: z.string() })]),
    }),
  ]),
  sorts: z.tuple([z.object({ propertyName: z.string(), direction: z.literal('ASCENDING') })]),
  properties: z.array(z.string()),
  limit: z.int().max(200),
  after: z.string().optional(),
});

/** Results are counted from the beginning of a list that moves while it is read. */
function search(model: string, changedAt: string, name: string): ListApi {
  return {
    perPage: 3,
    idOf: ({ n }) => String(500 + n),
    answer: ({ path, json }, upstream) => {
      const { filterGroups, sorts, properties, after = '0' } = Search.parse(json);
      const [filter] = filterGroups[0].filters;
      if (path !== `/crm/v3/objects/${model}/search`) return { status: 404, body: {} };
      if (filter.propertyName !== changedAt || sorts[0].propertyName !== changedAt) return { status: 400, body: {} };
      const all = living(upstream)
        .filter(({ changedMs }) => changedMs >= Number(filter.value))
        .sort(by(({ changedMs }) => changedMs));
      const begin = Number(after);
      const results = all.slice(begin, begin + 3).map(({ n, text, madeMs, changedMs }) => ({
        ...{ id: String(500 + n), createdAt: iso(madeMs), updatedAt: iso(changedMs), archived: false },
        properties: Object.fromEntries(properties.map((property) => [property, property === name ? text : null])),
      }));
      const paging = all.length > begin + 3 && { paging: { next: { after: String(begin + 3), link: '' } } };
      return { body: { total: all.length, results, ...paging } };
    },
  };
}

export const contacts = search('contacts', 'lastmodifieddate', 'email');
export const companies = search('companies', 'hs_lastmodifieddate', 'name');
export const deals = search('deals', 'hs_lastmodifieddate', 'dealname');
