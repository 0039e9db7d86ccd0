import type { Item, Query, Table } from '../core/aws.ts';
import { ttlSeconds } from '../core/clock.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { recordsKey } from '../core/keys.ts';
import { inParallel } from '../core/parallel.ts';
import type { RecordRow } from './record.ts';

/** Far longer than a delivery may be late or repeated. */
const TOMBSTONE_MS = 90 * 24 * 60 * 60_000;
const WIDTH = 16;

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

        /** A page of objects that exist, by id. A page may hold fewer than `limit`, and more follow. */
        async list(limit: number, cursor?: string): Promise<{ rows: RecordRow[]; cursor?: string }> {
          return read({ where: '#pk = :pk', filter: 'attribute_not_exists(#deletedAtMs)', limit, cursor });
        },

        /** A page of objects that exist, as far as is known, and that this run has not met. */
        async unseen(run: string, cursor?: string): Promise<{ rows: RecordRow[]; cursor?: string }> {
          const filter = 'attribute_not_exists(#deletedAtMs) AND #seenRun <> :run';
          return read({ where: '#pk = :pk', filter, values: { ':run': run }, cursor });
        },

        /** Removes every row, tombstones too; only what one run wrote where it is named. */
        async clear(run?: string): Promise<void> {
          const mine = run === undefined ? {} : { condition: '#seenRun = :run', values: { ':run': run } };
          let cursor: string | undefined;
          do {
            const page = await read({ where: '#pk = :pk', filter: mine.condition, values: mine.values, cursor });
            await inParallel(page.rows, WIDTH, ({ id }) => table.remove({ pk, sk: id }, mine));
            cursor = page.cursor;
          } while (cursor);
        },
      };

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
  const ttl = rest.deletedAtMs === undefined ? {} : { ttl: ttlSeconds(rest.deletedAtMs + TOMBSTONE_MS) };
  return { pk, sk: id, ...rest, ...ttl };
}

function fromItem({ pk: _pk, sk, ttl: _ttl, ...rest }: Item): RecordRow {
  return { id: sk, ...rest } as RecordRow;
}
