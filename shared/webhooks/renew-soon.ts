import type { TenantId } from '../core/ids.ts';
import { withSubscription } from './endpoint.ts';
import type { EndpointStore } from './endpoint-store.ts';

/** Has the next tick prolong the subscription of an endpoint, or make another: its provider asks for it, or has ended it. */
export async function renewSoon(
  endpoints: EndpointStore,
  tenantId: TenantId,
  id: string,
  nowMs: number,
): Promise<void> {
  const rows = endpoints.forTenant(tenantId);
  const found = await rows.get(id);
  if (!found) return;
  await rows.change(found, (row) => {
    const { dueAtMs } = row.subscription ?? {};
    if (!row.subscription || dueAtMs === undefined || dueAtMs <= nowMs) return undefined;
    return withSubscription(row, { ...row.subscription, dueAtMs: nowMs }, nowMs);
  });
}
