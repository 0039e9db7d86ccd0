import * as z from 'zod';
import type { Sync, Syncs } from '../syncs.ts';

// The search lists by time of change, at most 10,000 results from one beginning, and shows neither archived objects nor, for
// some seconds, the newest. What is touched while it is read goes to its end, and the rest moves up. So each page begins at
// the last time of the page before, results count only within one and the same time, a run looks back five minutes, and
// once a week everything is read.

const PER_PAGE = 100;

const Page = z.object({
  results: z.array(
    z.object({
      id: z.string().min(1),
      properties: z.record(z.string(), z.string().nullable()),
      createdAt: z.string(),
      updatedAt: z.string(),
    }),
  ),
  paging: z.object({ next: z.object({ after: z.string() }).optional() }).optional(),
});

function syncOf(model: 'contacts' | 'companies' | 'deals', changedAt: string, standard: readonly string[]): Sync {
  return {
    model,
    docs: 'https://developers.hubspot.com/docs/api-reference/search/guide',
    everyS: 900,
    overlapS: 300,
    fullEveryS: 7 * 86_400,
    settings: z.strictObject({
      /** Internal names; HubSpot shows no others than those that are asked for. */
      properties: z
        .array(z.string().min(1).max(100))
        .max(200)
        .default([...standard]),
    }),
    request: ({ since, page, settings: { properties } }) => {
      const { from = since, after } = readPlace(page);
      const value = String(from === undefined ? 0 : Date.parse(from));
      return {
        method: 'POST',
        path: `/crm/v3/objects/${model}/search`,
        json: {
          filterGroups: [{ filters: [{ propertyName: changedAt, operator: 'GTE', value }] }],
          sorts: [{ propertyName: changedAt, direction: 'ASCENDING' }],
          ...{ properties, limit: PER_PAGE, after },
        },
      };
    },
    page: ({ body, page }) => {
      const { results, paging } = Page.parse(body);
      const { from } = readPlace(page);
      const last = results.at(-1)?.updatedAt;
      const next = paging?.next?.after;
      return {
        records: results.map(({ id, updatedAt, ...rest }) => ({ id, updatedAt, data: { id, updatedAt, ...rest } })),
        ...(next !== undefined && last !== undefined && { next: `${last === from ? next : 0}@${last}` }),
        checkpoint: last,
      };
    },
    deletions: 'full-scan',
    retention: {},
    limitedAs: 'contacts.search',
    scopes: [`crm.objects.${model}.read`],
    nudgedBy: [`${model === 'companies' ? 'company' : model.slice(0, -1)}.*`, 'object.*'],
  };
}

/** A page's place as the run keeps it: `200@2026-11-20T10:00:00Z`, after the 200th result of what changed since then. */
function readPlace(page: string | undefined): { readonly from?: string; readonly after?: string } {
  const [, after, from] = /^(\d+)@(.+)$/.exec(page ?? '') ?? [];
  return { from, ...(after !== '0' && { after }) };
}

export const hubspotSyncs = {
  contacts: syncOf('contacts', 'lastmodifieddate', [
    'email',
    'firstname',
    'lastname',
    'phone',
    'company',
    'lifecyclestage',
  ]),
  companies: syncOf('companies', 'hs_lastmodifieddate', ['name', 'domain', 'phone', 'city', 'country', 'industry']),
  deals: syncOf('deals', 'hs_lastmodifieddate', ['dealname', 'dealstage', 'pipeline', 'amount', 'closedate']),
} as const satisfies Syncs;
