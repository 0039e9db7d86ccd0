import * as z from 'zod';
import type { Sync, Syncs } from '../syncs.ts';

// A first run reads the list by id; later ones ask for what changed since (CDC), which also tells what was deleted. CDC
// has no pages and at most 1,000 objects: where it is full, everything is read again.

const PER_PAGE = 1_000;
/** What is deleted while the list is read moves the rest up: pages overlap by so much. */
const SHARED = 50;

const Stored = z.looseObject({
  Id: z.string().min(1),
  MetaData: z.object({ LastUpdatedTime: z.string().optional() }).optional(),
});
const Entities = z.record(z.string(), z.unknown());
const Query = z.object({ QueryResponse: Entities });
const Changes = z.object({ CDCResponse: z.tuple([z.object({ QueryResponse: z.array(Entities) })]) });

function syncOf(entity: 'Customer' | 'Invoice' | 'Payment', where = ''): Sync {
  return {
    model: `${entity.toLowerCase()}s`,
    docs: 'https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/change-data-capture',
    scopes: ['com.intuit.quickbooks.accounting'],
    everyS: 3_600,
    overlapS: 300,
    remembersS: 29 * 86_400,
    request: ({ since, page = '1' }) => {
      if (since !== undefined) {
        return { method: 'GET', path: '/cdc', query: { entities: entity, changedSince: since } };
      }
      const query = `SELECT * FROM ${entity}${where} ORDERBY Id STARTPOSITION ${page} MAXRESULTS ${PER_PAGE}`;
      return { method: 'GET', path: '/query', query: { query } };
    },
    page: ({ body, since, page = '1', startedAtMs }) => {
      const answer =
        since === undefined
          ? Query.parse(body).QueryResponse
          : Object.assign({}, ...Changes.parse(body).CDCResponse[0].QueryResponse);
      const found = z
        .array(z.union([Stored.extend({ status: z.literal('Deleted') }), Stored]))
        .parse(answer[entity] ?? []);
      const full = found.length >= PER_PAGE;
      return {
        records: found.map(({ domain: _domain, sparse: _sparse, ...data }) => ({
          id: data.Id,
          updatedAt: data.MetaData?.LastUpdatedTime,
          deleted: data.status === 'Deleted',
          data,
        })),
        ...(since === undefined && full && { next: String(Number(page) + PER_PAGE - SHARED) }),
        incomplete: since !== undefined && full,
        checkpoint: new Date(startedAtMs).toISOString(),
      };
    },
    deletions: 'tombstones',
    nudgedBy: [`qbo.${entity.toLowerCase()}.*`, `${entity}.*`],
  };
}

/** Inactive customers are listed only where they are asked for. */
export const quickbooksSyncs = {
  customers: syncOf('Customer', ' WHERE Active IN (true, false)'),
  invoices: syncOf('Invoice'),
  payments: syncOf('Payment'),
} as const satisfies Syncs;
