import type { Item, Table } from '../core/aws.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { accountKey, dueShard, endpointKey, SUBSCRIBED, subscriptionKey } from '../core/keys.ts';
import type { EndpointRow } from './endpoint.ts';

export type EndpointStore = ReturnType<typeof endpointStore>;
export type TenantEndpoints = ReturnType<EndpointStore['forTenant']>;

/** What a write against the row as read came to; `row` is the row that stands now (absent: none). */
export interface SavedEndpoint {
  readonly done: boolean;
  readonly row?: EndpointRow;
}

const MAX_TURNS = 5;

/** Returns the tenants' endpoints. Each row is written against the version before it. */
export function endpointStore(table: Table) {
  /** Writes the row over its predecessor, and over nothing else. */
  async function save(row: EndpointRow): Promise<SavedEndpoint> {
    const values = { ':before': row.version - 1 };
    const written = await table.put(toItem(row), { condition: '#version = :before', values });
    if (written.done) return { done: true, row };
    return { done: false, ...(written.item && { row: toEndpoint(written.item) }) };
  }

  return {
    forTenant: (tenantId: TenantId) => ({
      save,

      /** Makes one change upon whatever stands: again where another writer came between. Returns the changed row; nothing
       *  where the row is gone, or `transition` gives none. */
      async change(
        seen: EndpointRow,
        transition: (row: EndpointRow) => EndpointRow | undefined,
      ): Promise<EndpointRow | undefined> {
        let row: EndpointRow | undefined = seen;
        for (let turn = 0; row && turn < MAX_TURNS; turn++) {
          const next = transition(row);
          if (!next) return undefined;
          const saved = await save(next);
          if (saved.done) return next;
          row = saved.row;
        }
        if (row) throw new Error('the endpoint is written too often to be changed');
        return undefined;
      },

      async get(id: string): Promise<EndpointRow | undefined> {
        const item = await table.get({ pk: tenantId, sk: endpointKey(id) });
        if (item) return toEndpoint(item);
        const values = { ':tenant': tenantId, ':of': SUBSCRIBED, ':id': id };
        const where = 'pk = :tenant AND begins_with(sk, :of)';
        const [found] = (await table.query({ where, filter: '#id = :id', values })).items; // a tenant has few of them
        return found && toEndpoint(found);
      },

      /** Returns whether the row is there by this write: a connection has each of its subscriptions once. */
      async create(row: EndpointRow): Promise<boolean> {
        return (await table.put(toItem(row), { condition: 'attribute_not_exists(pk)' })).done;
      },

      /** Removes this endpoint, whatever became of it since, and none that has taken its place. */
      async remove(row: EndpointRow): Promise<void> {
        await table.remove(keyOf(row), { condition: '#id = :id', values: { ':id': row.id } });
      },

      /** The tenant's own come first. `of`: the subscriptions of one connection alone. */
      async list({ limit, cursor, of }: { limit?: number; cursor?: string; of?: ConnectionId } = {}) {
        const page = await table.query({
          where: of ? 'pk = :tenant AND begins_with(sk, :of)' : 'pk = :tenant',
          values: { ':tenant': tenantId, ...(of && { ':of': subscriptionKey(of, '') }) },
          limit,
          cursor,
        });
        return { items: page.items.map(toEndpoint), ...(page.cursor && { cursor: page.cursor }) };
      },
    }),

    /** Returns the subscriptions whose events, at the address of the owner's app, name this account. */
    async ofAccount(provider: string, account: string): Promise<EndpointRow[]> {
      const values = { ':key': accountKey(provider, account) };
      const { items } = await table.query({ index: 'by-endpoint', where: '#endpoint = :key', values });
      return items.map(toEndpoint);
    },

    /** Returns up to `limit` subscriptions of one shard with something to do, the longest due first. */
    async due(shard: string, nowMs: number, limit: number): Promise<EndpointRow[]> {
      const { items } = await table.query({
        index: 'by-due',
        where: '#dueShard = :shard AND #dueAt <= :now',
        values: { ':shard': shard, ':now': nowMs },
        limit,
      });
      return items.map(toEndpoint);
    },
  };
}

function keyOf({ tenantId, id, provider, name = '', subscription }: EndpointRow) {
  const sk = subscription ? subscriptionKey({ provider, name }, subscription.kind) : endpointKey(id);
  return { pk: tenantId, sk };
}

function toItem(row: EndpointRow): Item {
  const dueAt = row.subscription?.dueAtMs;
  return {
    ...keyOf(row),
    ...row,
    endpoint: row.accountKey ?? row.id,
    ...(dueAt !== undefined && { dueShard: dueShard(row.id), dueAt }),
  };
}

/** Returns the endpoint of an item of the table. */
export function toEndpoint({
  pk: _pk,
  sk: _sk,
  endpoint: _endpoint,
  dueShard: _shard,
  dueAt: _due,
  ...row
}: Item): EndpointRow {
  return row as unknown as EndpointRow;
}
