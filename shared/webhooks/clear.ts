import type { Objects } from '../core/objects.ts';
import type { InboxStore } from './store.ts';

/** What it takes to end one page and answer; before less is left, it gives up. */
const RESERVE_MS = 15_000;

/** Deletes a tenant's events with their objects, a page after the other; throws when time is nearly over, so that
 *  what is left is cleared by the next attempt. */
export async function clear(
  tenantId: string,
  { inbox, objects }: { readonly inbox: InboxStore; readonly objects: Pick<Objects, 'remove'> },
  remainingMs: () => number,
): Promise<void> {
  const store = inbox.forTenant(tenantId);
  for (let events = await store.some(); events.length > 0; events = await store.some()) {
    if (remainingMs() < RESERVE_MS) throw new Error('not all events are cleared yet');
    await Promise.all(
      events.map(async (event) => {
        if ('object' in event.content) await objects.remove(event.content.object);
        await store.remove(event);
      }),
    );
  }
}
