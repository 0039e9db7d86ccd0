import type { Item, Table } from '../core/aws.ts';
import type { TenantId } from '../core/ids.ts';
import { apiKeyKey, ERASED, PROFILE } from '../core/keys.ts';
import type { ApiKey } from './api-key.ts';
import type { Tenant } from './tenant.ts';

/** Of a table that has more keys than tenants. */
const MAX_READS = 10;

export type TenantStore = ReturnType<typeof tenantStore>;

/** Returns the tenants table: a profile and the API keys of each tenant. */
export function tenantStore(table: Table) {
  const profileKey = (tenantId: TenantId) => ({ pk: tenantId, sk: PROFILE });

  async function read(tenantId: TenantId): Promise<Tenant | undefined> {
    const item = await table.get(profileKey(tenantId));
    return item && toRow<Tenant>(item);
  }

  return {
    /** Returns the tenant; nothing where there is none, or it is being erased. */
    async get(tenantId: TenantId): Promise<Tenant | undefined> {
      const tenant = await read(tenantId);
      return tenant?.status === 'active' ? tenant : undefined;
    },

    /** Returns the tenant also while it is being erased. */
    read,

    /** Returns some of all tenants, those being erased too, in no order: read from the whole table, keys and all, for an
     *  operator alone. A page may hold fewer than `limit`, and yet not be the last. */
    async list({ limit, cursor: from }: { readonly limit: number; readonly cursor?: string }) {
      const items: Tenant[] = [];
      let cursor = from;
      for (let reads = 0; reads < MAX_READS && items.length < limit; reads++) {
        const values = { ':profile': PROFILE };
        const page = await table.scan({ filter: 'sk = :profile', values, limit: limit - items.length, cursor });
        items.push(...page.items.map((item) => toRow<Tenant>(item)));
        cursor = page.cursor;
        if (!cursor) break;
      }
      return { items, ...(cursor && { cursor }) };
    },

    /** Returns whether the tenant came into being: false where its id is taken. */
    async create(tenant: Tenant): Promise<boolean> {
      const item = { ...tenant, ...profileKey(tenant.tenantId) };
      return (await table.put(item, { condition: 'attribute_not_exists(pk)' })).done;
    },

    /** Returns the changed tenant; nothing where there is none. */
    async update(
      tenantId: TenantId,
      { name, returnUrls }: Partial<Pick<Tenant, 'name' | 'returnUrls'>>,
      nowMs: number,
    ): Promise<Tenant | undefined> {
      const set = [
        '#updatedAtMs = :now',
        ...(name ? ['#name = :name'] : []),
        ...(returnUrls ? ['#returnUrls = :urls'] : []),
      ];
      const written = await table.update(profileKey(tenantId), {
        update: `SET ${set.join(', ')}`,
        condition: '#status = :active',
        values: {
          ...{ ':now': nowMs, ':active': 'active' },
          ...(name && { ':name': name }),
          ...(returnUrls && { ':urls': returnUrls }),
        },
      });
      return written.done ? toRow<Tenant>(written.item) : undefined;
    },

    /** Makes the tenant answer like one that does not exist, from this write on; false where there is none. */
    async markRemoving(tenantId: TenantId, nowMs: number): Promise<boolean> {
      const written = await table.update(profileKey(tenantId), {
        update: 'SET #status = :removing, #updatedAtMs = :now',
        condition: 'attribute_exists(pk)',
        values: { ':removing': 'removing', ':now': nowMs },
      });
      return written.done;
    },

    async erase(tenantId: TenantId): Promise<void> {
      await table.remove(profileKey(tenantId));
    },

    keysOf(tenantId: TenantId) {
      const keyOf = (keyId: string) => ({ pk: tenantId, sk: apiKeyKey(keyId) });
      return {
        async get(keyId: string): Promise<ApiKey | undefined> {
          const item = await table.get(keyOf(keyId));
          return item && toRow<ApiKey>(item);
        },
        async add(key: ApiKey): Promise<void> {
          await table.put({ ...key, ...keyOf(key.keyId) }, { condition: 'attribute_not_exists(pk)' });
        },
        /** Notes that the key was used, unless that was noted after `beforeMs`. */
        async noteUse(keyId: string, nowMs: number, beforeMs: number): Promise<void> {
          await table.update(keyOf(keyId), {
            update: 'SET lastUsedAtMs = :now',
            condition: 'attribute_exists(pk) AND (attribute_not_exists(lastUsedAtMs) OR lastUsedAtMs < :before)',
            values: { ':now': nowMs, ':before': beforeMs },
          });
        },
        /** Returns whether there was such a key. */
        async remove(keyId: string): Promise<boolean> {
          return (await table.remove(keyOf(keyId), { condition: 'attribute_exists(pk)' })).done;
        },
        async list({ limit, cursor }: { limit?: number; cursor?: string } = {}) {
          const found = await table.query({
            where: 'pk = :tenant AND begins_with(sk, :prefix)',
            values: { ':tenant': tenantId, ':prefix': apiKeyKey('') },
            limit,
            cursor,
          });
          return {
            items: found.items.map((item) => toRow<ApiKey>(item)),
            ...(found.cursor && { cursor: found.cursor }),
          };
        },
      };
    },
  };
}

/** Deletes every data key of a tenant: from here on nothing that the vault sealed for it opens anywhere, and nothing more
 *  is sealed for it until `allowDataKeys` (B-12). */
export async function eraseDataKeys(table: Table, tenantId: TenantId, nowMs: number): Promise<void> {
  await table.put({ pk: tenantId, sk: ERASED, erasedAtMs: nowMs });
  let cursor: string | undefined;
  do {
    const found = await table.query({ where: 'pk = :tenant', values: { ':tenant': tenantId }, cursor });
    for (const { pk, sk } of found.items) if (sk !== ERASED) await table.remove({ pk, sk });
    cursor = found.cursor;
  } while (cursor);
}

/** Lets a new tenant have the id of one that was erased. */
export async function allowDataKeys(table: Table, tenantId: TenantId): Promise<void> {
  await table.remove({ pk: tenantId, sk: ERASED });
}

function toRow<Row>({ pk: _pk, sk: _sk, ...row }: Item): Row {
  return row as Row;
}
