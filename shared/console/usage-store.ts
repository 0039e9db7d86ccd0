import type { Table } from '../core/aws.ts';
import { ttlSeconds } from '../core/clock.ts';
import type { TenantId } from '../core/ids.ts';
import { usageKey } from '../core/keys.ts';
import type { DayCount, UsagePorts } from './usage.ts';

const DAY_MS = 24 * 60 * 60_000;

/** Returns what was counted of a tenant's days, beside its entries in the audit log and as long. */
export function usageStore(table: Table, tenantId: TenantId, keptDays: number): UsagePorts<never>['days'] {
  const pk = usageKey(tenantId);
  return {
    async get(day) {
      const item = await table.get({ pk, sk: day });
      return item && (({ used, calls, webhooks, version }) => ({ used, calls, webhooks, version }) as DayCount)(item);
    },

    async save(day, count) {
      const { version } = count;
      const ttl = ttlSeconds(Date.parse(day) + keptDays * DAY_MS);
      const over =
        version === 1
          ? { condition: 'attribute_not_exists(pk)' }
          : { condition: '#version = :before', values: { ':before': version - 1 } };
      return (await table.put({ pk, sk: day, ...count, ttl }, over)).done;
    },
  };
}
