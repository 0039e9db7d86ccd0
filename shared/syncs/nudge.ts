import * as z from 'zod';
import type { Moment } from '../core/clock.ts';
import { ConnectionRef, TenantId } from '../core/ids.ts';
import { fits } from '../providers/handlers.ts';
import { amend } from './amend.ts';
import type { Offered } from './offer.ts';
import type { SyncStore } from './store.ts';
import { nudged } from './sync.ts';

/** A webhook's event of a connection; one that no connection claims is none. */
export const News = z
  .object({ tenant: TenantId, connection: ConnectionRef, data: z.object({ type: z.string() }) })
  .transform(({ tenant: tenantId, connection, data: { type } }) => ({ tenantId, connection, type }));
export type News = z.infer<typeof News>;

/** Makes those syncs due now that a webhook of this type is news for. */
export async function nudge(
  { tenantId, connection, type }: News,
  { syncs, offered }: { readonly syncs: SyncStore; readonly offered: Offered },
  { nowMs }: Moment,
): Promise<void> {
  const tenant = syncs.forTenant(tenantId);
  for (const [name, sync] of Object.entries(offered(connection.provider))) {
    if (!sync.nudgedBy?.some((pattern) => fits(pattern, type))) continue;
    const row = await tenant.get(connection, name);
    if (row) await amend(tenant, row, (it) => nudged(it, nowMs));
  }
}
