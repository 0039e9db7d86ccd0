import type { Item, Table } from '../core/aws.ts';
import { type Moment, ttlSeconds } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import type { TenantId } from '../core/ids.ts';
import { tenantLimitKey } from '../core/keys.ts';
import { ok, type Result } from '../core/result.ts';
import type { Quota } from './contract.ts';

/** Returns the count of each tenant's calls, from the first one on for as long as the quota lasts, then anew. */
export function openQuota(table: Table, quota: Quota | undefined) {
  return {
    /** Counts calls that are about to be kept. Errors: `rate_limited`, with the time until the count begins anew. */
    async take(tenantId: TenantId, count: number, { nowMs }: Moment): Promise<Result<'counted'>> {
      if (!quota) return ok('counted');
      const key = { pk: tenantLimitKey(tenantId) };
      const begins = nowMs - quota.perS * 1000;
      const values = { ':count': count, ':begins': begins };
      const more = () =>
        table.update(key, {
          update: 'SET #used = #used + :count',
          condition: '#since > :begins AND #used <= :most',
          values: { ...values, ':most': quota.calls - count },
        });
      const anew = () =>
        table.update(key, {
          update: 'SET #used = :count, #since = :now, #ttl = :ttl',
          condition: 'attribute_not_exists(#since) OR #since <= :begins',
          values: { ...values, ':now': nowMs, ':ttl': ttlSeconds(nowMs + quota.perS * 1000) },
        });
      // Where another begins anew at the same time, this one is counted with it.
      const writes = count > quota.calls ? [] : [more, anew, more];
      let item: Item | undefined;
      for (const write of writes) {
        const written = await write();
        if (written.done) return ok('counted');
        item = written.item;
      }
      const sinceMs = Number(item?.since ?? nowMs);
      return refuse('rate_limited', `This tenant may make ${quota.calls} calls in ${quota.perS} s.`, {
        retryAfterMs: Math.max(1_000, sinceMs - begins),
      });
    },
  };
}
