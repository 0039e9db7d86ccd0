import { isDeepStrictEqual } from 'node:util';
import type { Item, Table } from '../core/aws.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { ASIDE, accountKey, asideKey, connectionKey, dueShard } from '../core/keys.ts';
import { type Connection, dueAtMs } from './connection.ts';

/** What a write against the row as read came to; `row` is the row that stands now (absent: none). */
export type Saved =
  | { readonly done: true; readonly row: Connection }
  | { readonly done: false; readonly row?: Connection };

/** Where a row stands: under its name, or aside. */
type Place = ConnectionId & Pick<Connection, 'aside'>;

export type ConnectionStore = ReturnType<typeof connectionStore>;
export type TenantConnections = ReturnType<ConnectionStore['forTenant']>;

/** How often a change is made again upon the row that another writer left meanwhile. */
const MAX_TURNS = 10;

/** Returns the connections table. Each row is written against the version that was read, by one conditional write. */
export function connectionStore(table: Table) {
  function forTenant(tenantId: TenantId) {
    const keyOf = (place: Place) => ({ pk: tenantId, sk: sortKey(place) });

    async function get(place: Place): Promise<Connection | undefined> {
      const item = await table.get(keyOf(place));
      return item && toConnection(item);
    }

    /** Writes `next` if the row is still as `seen` (nothing: if there is none). A repeated write of the same finds
     *  itself and is done: the answer to the first one may have been lost. */
    async function save(next: Connection, seen: Connection | undefined): Promise<Saved> {
      const item = toItem(next);
      const written = await table.put(
        item,
        seen
          ? {
              condition: '#version = :version AND #generation = :generation',
              values: { ':version': seen.version, ':generation': seen.generation },
            }
          : { condition: 'attribute_not_exists(pk)' },
      );
      if (written.done || isDeepStrictEqual(written.item, item)) return { done: true, row: next };
      return { done: false, ...(written.item && { row: toConnection(written.item) }) };
    }

    /** Makes one change upon whatever stands: again where another writer came between. Nothing is written where
     *  `transition` gives nothing; the row that stands comes back either way. */
    async function change(
      place: Place,
      transition: (row: Connection) => Connection | undefined,
      seen?: Connection,
    ): Promise<Saved> {
      let row = seen ?? (await get(place));
      for (let turn = 0; row && turn < MAX_TURNS; turn++) {
        const next = transition(row);
        if (!next || next === row) return { done: false, row };
        const saved = await save(next, row);
        if (saved.done) return saved;
        row = saved.row;
      }
      if (row) throw new Error('the connection is written too often to be changed');
      return { done: false };
    }

    return {
      get,
      save,
      change,

      /** Deletes the row if it is still as seen; true also where it is gone already. */
      async erase(seen: Connection): Promise<boolean> {
        const written = await table.remove(keyOf(seen), {
          condition: '#version = :version AND #generation = :generation',
          values: { ':version': seen.version, ':generation': seen.generation },
        });
        return written.done || written.item === undefined;
      },

      /** Deletes the row of a removed tenant's connection, whatever became of it since; not one that was made anew. */
      async discard({ createdAtMs, ...row }: Connection): Promise<void> {
        await table.remove(keyOf(row), {
          condition: '#createdAtMs = :createdAtMs',
          values: { ':createdAtMs': createdAtMs },
        });
      },

      /** Keeps a disconnected row aside, so that another may take its place; once, however often it is asked. */
      async setAside(row: Connection): Promise<void> {
        const item = toItem({ ...row, aside: row.generation });
        await table.put(item, { condition: 'attribute_not_exists(pk)' });
      },

      /** Returns a page of the tenant's connections; of those aside nothing. */
      async list({ provider, limit, cursor }: { provider?: string; limit?: number; cursor?: string } = {}) {
        const found = await table.query({
          where: `pk = :tenant AND ${provider ? 'begins_with(sk, :provider)' : 'sk < :aside'}`,
          values: { ':tenant': tenantId, ...(provider ? { ':provider': `${provider}#` } : { ':aside': ASIDE }) },
          limit,
          cursor,
        });
        return { items: found.items.map(toConnection), ...(found.cursor && { cursor: found.cursor }) };
      },

      /** Returns a page of all that the tenant has sealed here, also aside. */
      async every(cursor?: string) {
        const found = await table.query({ where: 'pk = :tenant', values: { ':tenant': tenantId }, cursor });
        return { items: found.items.map(toConnection), ...(found.cursor && { cursor: found.cursor }) };
      },
    };
  }

  return {
    forTenant,

    /** Returns every tenant's active connection to one account at a provider: whose event is it? */
    async findByAccount(provider: string, accountId: string): Promise<Connection[]> {
      return all({
        index: 'by-account',
        where: 'accountKey = :account',
        values: { ':account': accountKey(provider, accountId) },
      });
    },

    /** Returns up to `limit` connections of one shard of the due index with something to be done before `beforeMs`. */
    async due(shard: string, beforeMs: number, limit = 200): Promise<Connection[]> {
      const found = await table.query({
        index: 'by-due',
        where: 'dueShard = :shard AND dueAt <= :before',
        values: { ':shard': shard, ':before': beforeMs },
        limit,
      });
      return found.items.map(toConnection);
    },

    /** Returns a page of every tenant's connections to a provider, read from the whole table: for an operator alone. */
    async ofProvider(provider: string, cursor?: string) {
      const page = { filter: '#provider = :provider', values: { ':provider': provider }, limit: 500, cursor };
      const found = await table.scan(page);
      return { items: found.items.map(toConnection), ...(found.cursor && { cursor: found.cursor }) };
    },
  };

  async function all(query: Parameters<Table['query']>[0]): Promise<Connection[]> {
    const rows: Connection[] = [];
    let cursor: string | undefined;
    do {
      const found = await table.query({ ...query, cursor });
      rows.push(...found.items.map(toConnection));
      cursor = found.cursor;
    } while (cursor);
    return rows;
  }
}

function sortKey({ aside, ...id }: Place): string {
  return aside === undefined ? connectionKey(id) : asideKey(id, aside);
}

/** Only an active connection is found by its account, only one with something to do by its due time. */
function toItem(row: Connection): Item {
  const dueAt = dueAtMs(row);
  const sk = sortKey(row);
  return present({
    ...row,
    ...{ pk: row.tenantId, sk },
    ...(row.status === 'active' && { accountKey: accountKey(row.provider, row.account.id) }),
    ...(dueAt !== undefined && { dueShard: dueShard(`${row.tenantId}#${sk}`), dueAt }),
  });
}

function toConnection({
  pk: _pk,
  sk: _sk,
  accountKey: _account,
  dueShard: _shard,
  dueAt: _due,
  ...row
}: Item): Connection {
  return row as unknown as Connection;
}

/** As the table gives it back: without what is undefined, at every depth. */
function present(item: Item): Item {
  return Object.fromEntries(
    Object.entries(item)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, isRecord(value) ? present(value) : value]),
  );
}

function isRecord(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
