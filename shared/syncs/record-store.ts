import type { Item, Page, Query, Table } from '../core/aws.ts';
import { ttlSeconds } from '../core/clock.ts';
import { sha256 } from '../core/crypto.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { metKey, metPageKey, recordsKey } from '../core/keys.ts';
import { inParallel } from '../core/parallel.ts';
import type { RecordRow } from './record.ts';

/** Far longer than a delivery may be late or repeated. */
const TOMBSTONE_MS = 90 * 24 * 60 * 60_000;
/** Longer than a run takes, though it be paused; should it take longer still, it begins anew. */
const MET_MS = 30 * 24 * 60 * 60_000;
const WIDTH = 16;
/** Characters of an id's digest: 66 bits. */
const DIGEST = 11;

/** Returns the copies of one model's objects, of one connection. */
export function recordStore(table: Table) {
  return {
    of(tenantId: TenantId, connection: ConnectionId, model: string) {
      const pk = recordsKey(tenantId, connection, model);

      return {
        key: pk,

        async get(id: string): Promise<RecordRow | undefined> {
          const item = await table.get({ pk, sk: id });
          return item && fromItem(item);
        },

        /** Writes the row over `before` as it was read, and over nothing else; says whether it did. */
        async put(row: RecordRow, before: RecordRow | undefined): Promise<boolean> {
          const written = await table.put(
            toItem(pk, row),
            before
              ? {
                  condition: '#version = :version AND #seenRun = :run',
                  values: { ':version': before.version, ':run': before.seenRun },
                }
              : { condition: 'attribute_not_exists(#pk)' },
          );
          return written.done;
        },

        /** A page of objects that exist and are not too old, by id. A page may hold fewer than `limit`, and more follow. */
        async list(limit: number, nowMs: number, cursor?: string): Promise<{ rows: RecordRow[]; cursor?: string }> {
          const kept = '(attribute_not_exists(#expiresAtMs) OR #expiresAtMs > :now)';
          const filter = `attribute_not_exists(#deletedAtMs) AND ${kept}`;
          return read({ where: '#pk = :pk', filter, values: { ':now': nowMs }, limit, cursor });
        },

        /** A page of objects that exist, as far as is known, and that this run has not written. */
        async others(run: string, cursor?: string): Promise<{ rows: RecordRow[]; cursor?: string }> {
          const filter = 'attribute_not_exists(#deletedAtMs) AND #seenRun <> :run';
          return read({ where: '#pk = :pk', filter, values: { ':run': run }, cursor });
        },

        /** Writes down what a run has met on one of its pages. A page that is read twice counts with all it ever held. */
        async remember(run: string, page: number, ids: readonly string[], nowMs: number): Promise<void> {
          const digests = ids.map(digestOf).join('');
          const sk = `${metPageKey(run, page)}#${digestOf(digests)}`;
          await table.put({ pk: metKey(pk), sk, page, digests, ttl: ttlSeconds(nowMs + MET_MS) });
        },

        /** Returns whether a run has met an object on its pages so far; nothing where not all of them are known any more. */
        async met(run: string, pages: number): Promise<((id: string) => boolean) | undefined> {
          const known = new Set<unknown>();
          const met = new Set<string>();
          for await (const { page, digests } of all({ pk: metKey(pk), prefix: `${run}#` })) {
            known.add(page);
            for (let at = 0; at < String(digests).length; at += DIGEST) met.add(String(digests).slice(at, at + DIGEST));
          }
          return known.size === pages ? (id) => met.has(digestOf(id)) : undefined;
        },

        /** Removes every row, tombstones too, and what runs have met; only what one run wrote where it is named. */
        async clear(run?: string): Promise<void> {
          const mine = run === undefined ? {} : { condition: '#seenRun = :run', values: { ':run': run } };
          const where = '#pk = :pk';
          let cursor: string | undefined;
          do {
            const page = await read({ where, filter: mine.condition, values: mine.values, cursor });
            await inParallel(page.rows, WIDTH, ({ id }) => table.remove({ pk, sk: id }, mine));
            cursor = page.cursor;
          } while (cursor);
          for await (const { pk: of, sk } of all({ pk: metKey(pk), prefix: run === undefined ? '' : `${run}#` })) {
            await table.remove({ pk: of, sk });
          }
        },
      };

      /** The rows whose sort key begins so. */
      async function* all({ pk: of, prefix }: { readonly pk: string; readonly prefix: string }): AsyncGenerator<Item> {
        const where = prefix === '' ? '#pk = :pk' : '#pk = :pk AND begins_with(#sk, :prefix)';
        const values = { ':pk': of, ...(prefix !== '' && { ':prefix': prefix }) };
        let cursor: string | undefined;
        do {
          const page: Page = await table.query({ where, values, cursor });
          yield* page.items;
          cursor = page.cursor;
        } while (cursor);
      }

      async function read(query: Query) {
        const { items, cursor } = await table.query({ ...query, values: { ':pk': pk, ...query.values } });
        return { rows: items.map(fromItem), ...(cursor !== undefined && { cursor }) };
      }
    },
  };
}

export type RecordStore = ReturnType<typeof recordStore>;
export type ModelRecords = ReturnType<RecordStore['of']>;

function toItem(pk: string, { id, ...rest }: RecordRow): Item {
  const endMs = rest.deletedAtMs === undefined ? rest.expiresAtMs : rest.deletedAtMs + TOMBSTONE_MS;
  return { pk, sk: id, ...rest, ...(endMs !== undefined && { ttl: ttlSeconds(endMs) }) };
}

function fromItem({ pk: _pk, sk, ttl: _ttl, ...rest }: Item): RecordRow {
  return { id: sk, ...rest } as RecordRow;
}

function digestOf(id: string): string {
  return sha256(id).slice(0, DIGEST);
}
