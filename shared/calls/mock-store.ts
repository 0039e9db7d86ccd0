import type { Table } from '../core/aws.ts';
import { ttlSeconds } from '../core/clock.ts';
import { sha256 } from '../core/crypto.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { parseJson } from '../core/json.ts';
import { limitKey } from '../core/keys.ts';

/** The fields of an object that a mock has made or changed. */
export type Fields = Readonly<Record<string, unknown>>;

/** An object as the actions of one connection know it. */
export interface MockKey {
  readonly tenantId: TenantId;
  readonly id: ConnectionId;
  readonly object: string;
  readonly objectId: string;
}

/** Nobody builds on it: what a mock made is forgotten after a day. */
const KEPT_MS = 24 * 60 * 60_000;

export type MockStore = ReturnType<typeof mockStore>;

/** Returns what mock connections remember, among the limits' short-lived rows. */
export function mockStore(table: Table) {
  const keyOf = ({ tenantId, id, object, objectId }: MockKey) => ({
    pk: limitKey(tenantId, id, `mock#${object}#${sha256(objectId)}`),
  });
  return {
    async recall(key: MockKey): Promise<Fields | undefined> {
      const item = await table.get(keyOf(key));
      return item && (parseJson(String(item.fields)) as Fields);
    },

    async remember(key: MockKey, fields: Fields, nowMs: number): Promise<void> {
      await table.update(keyOf(key), {
        update: 'SET #fields = :fields, #ttl = :ttl',
        values: { ':fields': JSON.stringify(fields), ':ttl': ttlSeconds(nowMs + KEPT_MS) },
      });
    },
  };
}
