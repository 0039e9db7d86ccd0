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
  readonly publish: (events: readonly HubEvent[]) => Promise<void>;
  readonly moment: Moment;
}

/** Erases a tenant: its data keys first, which kills all that was sealed for it (B-12), then its API keys and profile;
 *  the features clear their own rows on `tenant.removed`. The profile goes last: after a crash, asking again goes on
 *  where it stopped. Errors: `not_found`. */
export async function remove(
  { tenants, dataKeys, publish, moment }: RemovePorts,
  tenantId: TenantId,
): Promise<Result<undefined>> {
  const tenant = await tenants.read(tenantId);
  if (!tenant) return refuse('not_found', 'There is nothing at this address.');
  await tenants.markRemoving(tenantId, moment.nowMs);
  await eraseDataKeys(dataKeys, tenantId);
  await eraseApiKeys(tenants, tenantId);
  await eraseDataKeys(dataKeys, tenantId); // a refresh that was under way may have made a new one
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
