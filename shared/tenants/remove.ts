import type { Table } from '../core/aws.ts';
import type { Moment } from '../core/clock.ts';
import { sha256 } from '../core/crypto.ts';
import { refuse } from '../core/errors.ts';
import { type HubEvent, hubEvent } from '../core/event.ts';
import type { TenantId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';
import { eraseDataKeys, type TenantStore } from './store.ts';

export interface RemovePorts {
  readonly tenants: TenantStore;
  readonly dataKeys: Table;
  /** Ends at their providers what grants it can in its time, and never throws. */
  readonly endGrants: (tenantId: TenantId) => Promise<void>;
  readonly publish: (events: readonly HubEvent[]) => Promise<void>;
  readonly moment: Moment;
}

/** Erases a tenant: nobody acts in its name any more, its grants are ended upstream as far as their providers answer in
 *  time, then its data keys go, which kills all that was sealed for it (B-12); the features clear their own rows on
 *  `tenant.removed`. The profile goes last: after a crash, asking again goes on where it stopped. Errors: `not_found`. */
export async function remove(
  { tenants, dataKeys, endGrants, publish, moment }: RemovePorts,
  tenantId: TenantId,
): Promise<Result<undefined>> {
  const tenant = await tenants.read(tenantId);
  if (!tenant) return refuse('not_found', 'There is nothing at this address.');
  await tenants.markRemoving(tenantId, moment.nowMs);
  await eraseApiKeys(tenants, tenantId);
  await endGrants(tenantId);
  await eraseDataKeys(dataKeys, tenantId, moment.nowMs);
  const id = `evt_${sha256(['tenant.removed', tenantId, tenant.createdAtMs].join('#'))}`;
  await publish([hubEvent('tenant.removed', { tenant: tenantId, id }, {}, moment)]);
  await tenants.erase(tenantId);
  return ok(undefined);
}

async function eraseApiKeys(tenants: TenantStore, tenantId: TenantId): Promise<void> {
  const keys = tenants.keysOf(tenantId);
  let cursor: string | undefined;
  do {
    const page = await keys.list({ cursor });
    for (const { keyId } of page.items) await keys.remove(keyId);
    cursor = page.cursor;
  } while (cursor);
}
