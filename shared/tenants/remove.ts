import type { Moment } from '../core/clock.ts';
import { sha256 } from '../core/crypto.ts';
import { refuse } from '../core/errors.ts';
import { type HubEvent, hubEvent } from '../core/event.ts';
import type { TenantId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';
import type { TenantStore } from './store.ts';

export interface RemovePorts {
  readonly tenants: TenantStore;
  readonly publish: (events: readonly HubEvent[]) => Promise<void>;
}

/** Begins the erasure of a tenant. The event is what accepts it: whatever becomes of this request, `connections` ends the
 *  grants on it, then `erase` does the rest. Nobody acts in the tenant's name any more. Errors: `not_found`. */
export async function remove(
  { tenants, publish }: RemovePorts,
  tenantId: TenantId,
  moment: Moment,
): Promise<Result<undefined>> {
  const tenant = await tenants.read(tenantId);
  if (!tenant) return refuse('not_found', 'There is nothing at this address.');
  const id = `evt_${sha256(['tenant.removing', tenantId, tenant.createdAtMs].join('#'))}`;
  await publish([hubEvent('tenant.removing', { tenant: tenantId, id }, {}, moment)]);
  await close(tenants, tenantId, moment.nowMs);
  return ok(undefined);
}

/** Makes the tenant answer like one that does not exist, and its API keys unknown. */
export async function close(tenants: TenantStore, tenantId: TenantId, nowMs: number): Promise<void> {
  await tenants.markRemoving(tenantId, nowMs);
  const keys = tenants.keysOf(tenantId);
  let cursor: string | undefined;
  do {
    const page = await keys.list({ cursor });
    for (const { keyId } of page.items) await keys.remove(keyId);
    cursor = page.cursor;
  } while (cursor);
}
