import type { Table } from '../core/aws.ts';
import type { Moment } from '../core/clock.ts';
import { sha256 } from '../core/crypto.ts';
import { hubEvent } from '../core/event.ts';
import type { TenantId } from '../core/ids.ts';
import { close, type RemovePorts } from './remove.ts';
import { eraseDataKeys } from './store.ts';

export interface ErasePorts extends RemovePorts {
  readonly dataKeys: Table;
}

/** Erases the tenant that was to be removed at `removingAtMs`, its grants ended as far as may be: its data keys, which kills
 *  all that was sealed for it (B-12); the features clear their own rows on `tenant.removed`. The profile goes last, so that it
 *  may be done again after a crash; a tenant made since under the same id stays. */
export async function erase(
  { tenants, dataKeys, publish }: ErasePorts,
  tenantId: TenantId,
  removingAtMs: number,
  moment: Moment,
): Promise<void> {
  const tenant = await tenants.read(tenantId);
  if (!tenant || tenant.createdAtMs > removingAtMs) return;
  await close(tenants, tenantId, moment.nowMs);
  await eraseDataKeys(dataKeys, tenantId, moment.nowMs);
  const id = `evt_${sha256(['tenant.removed', tenantId, tenant.createdAtMs].join('#'))}`;
  await publish([hubEvent('tenant.removed', { tenant: tenantId, id }, {}, moment)]);
  await tenants.erase(tenantId);
}
