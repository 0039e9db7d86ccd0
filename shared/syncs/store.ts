import type { Item, Table } from '../core/aws.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { dueShard, SYNC_TICK, syncKey } from '../core/keys.ts';
import type { SyncRow } from './row.ts';

/** What a save came to: when another write was faster, the row as that left it (absent: it is gone). */
export type Saved = { readonly done: true } | { readonly done: false; readonly row?: SyncRow };

const TICK = { pk: SYNC_TICK, sk: SYNC_TICK };

/** Returns the rows of syncs. */
export function syncStore(table: Table) {
  return {
    /** Up to `limit` rows of one shard that are due, soonest first. */
    async due(shard: string, nowMs: number, limit: number, cursor?: string) {
      const { items, cursor: rest } = await table.query({
        index: 'by-due',
        where: '#dueShard = :shard AND #dueAt <= :now',
        values: { ':shard': shard, ':now': nowMs },
        limit,
        cursor,
      });
      return { rows: items.map(fromItem), cursor: rest };
    },

    /** When rows were last handed out, in ms; 0: never. */
    async lastTick(): Promise<number> {
      return Number((await table.get(TICK))?.atMs ?? 0);
    },

    /** Writes that down, unless another tick has since `lastMs`; says whether it did. */
    async saveTick(atMs: number, lastMs: number): Promise<boolean> {
      const condition = lastMs === 0 ? 'attribute_not_exists(#pk)' : '#atMs = :last';
      const values = lastMs === 0 ? {} : { ':last': lastMs };
      return (await table.put({ ...TICK, atMs }, { condition, values })).done;
    },

    forTenant(tenantId: TenantId) {
      return {
        async get(connection: ConnectionId, sync: string): Promise<SyncRow | undefined> {
          const item = await table.get({ pk: tenantId, sk: syncKey(connection, sync) });
          return item && fromItem(item);
        },

        /** All rows of a connection; of the whole tenant where none is named. */
        async list(connection?: ConnectionId): Promise<SyncRow[]> {
          const rows: SyncRow[] = [];
          let cursor: string | undefined;
          do {
            const answer = await table.query({
              where: connection ? '#pk = :tenant AND begins_with(#sk, :prefix)' : '#pk = :tenant',
              values: { ':tenant': tenantId, ...(connection && { ':prefix': syncKey(connection, '') }) },
              cursor,
            });
            rows.push(...answer.items.map(fromItem));
            cursor = answer.cursor;
          } while (cursor);
          return rows;
        },

        /** Writes the row unless there is one. */
        async create(row: SyncRow): Promise<Saved> {
          return saved(await table.put(toItem(row), { condition: 'attribute_not_exists(#pk)' }));
        },

        /** Writes the row over its predecessor, and over nothing else. */
        async save(row: SyncRow): Promise<Saved> {
          const values = { ':before': row.version - 1 };
          return saved(await table.put(toItem(row), { condition: '#version = :before', values }));
        },

        /** Removes exactly this row. */
        async remove(row: SyncRow): Promise<Saved> {
          const key = { pk: tenantId, sk: syncKey(row.connection, row.sync) };
          return saved(await table.remove(key, { condition: '#version = :it', values: { ':it': row.version } }));
        },
      };
    },
  };
}

export type SyncStore = ReturnType<typeof syncStore>;
export type TenantSyncs = ReturnType<SyncStore['forTenant']>;

function saved(written: { readonly done: boolean; readonly item?: Item }): Saved {
  if (written.done) return { done: true };
  return { done: false, ...(written.item && { row: fromItem(written.item) }) };
}

function toItem({ tenantId, connection, ...rest }: SyncRow): Item {
  const sk = syncKey(connection, rest.sync);
  const shard = rest.dueAt === undefined ? {} : { dueShard: dueShard(`${tenantId}#${sk}`) };
  return { pk: tenantId, sk, ...connection, ...rest, ...shard };
}

function fromItem({ pk, sk: _sk, provider, name, dueShard: _shard, ...rest }: Item): SyncRow {
  return { tenantId: pk, connection: { provider, name }, ...rest } as SyncRow;
}
