import { inParallel } from '../core/parallel.ts';
import type { DeliveryStore } from './store.ts';

const WIDTH = 16;

/** Erases a tenant's events and their deliveries; of its removal itself the owner is still told. The event's row goes
 *  last: while it stands, a crash leaves the way to its deliveries. Says whether that is done; if not, the time is up. */
export async function clear(tenant: string, store: DeliveryStore, timeIsUp: () => boolean): Promise<boolean> {
  const subscriptions = await store.subscriptions.all();
  const events = store.eventsOf(tenant);
  let cursor: string | undefined;
  do {
    if (timeIsUp()) return false;
    const page = await events.list(cursor);
    const gone = page.items.filter(({ type }) => type !== 'tenant.removed');
    await inParallel(gone, WIDTH, async ({ id }) => {
      for (const subscription of subscriptions) await store.deliveriesOf(subscription.id).remove(id);
      await events.remove(id);
    });
    cursor = page.cursor;
  } while (cursor);
  return true;
}
