import type { TenantId } from '../core/ids.ts';
import type { Objects } from '../core/objects.ts';
import type { EndpointStore } from './endpoint-store.ts';
import type { InboxStore } from './store.ts';

/** What it takes to end one page and answer; before less is left, it gives up. */
const RESERVE_MS = 15_000;

export interface ClearPorts {
  readonly endpoints: EndpointStore;
  readonly inbox: InboxStore;
  readonly objects: Pick<Objects, 'remove'>;
}

/** Deletes a tenant's endpoints, so that nothing more comes in, then its events with their objects, and its replays, a page
 *  after the other; throws when time is nearly over, so that what is left is cleared by the next attempt. */
export async function clear(
  tenantId: TenantId,
  { endpoints, inbox, objects }: ClearPorts,
  remainingMs: () => number,
): Promise<void> {
  const addresses = endpoints.forTenant(tenantId);
  for (let page = await addresses.list(); page.items.length > 0; page = await addresses.list()) {
    await Promise.all(page.items.map((row) => addresses.remove(row)));
  }
  const store = inbox.forTenant(tenantId);
  for (let rows = await store.some(); rows.length > 0; rows = await store.some()) {
    if (remainingMs() < RESERVE_MS) throw new Error('not all events are cleared yet');
    await Promise.all(
      rows.map(async (row) => {
        if (row.object !== undefined) await objects.remove(row.object);
        await store.remove(row);
      }),
    );
  }
}
