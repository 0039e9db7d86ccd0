import { inParallel } from '../core/parallel.ts';
import type { DeliveryStore } from './store.ts';
import type { Subscription } from './subscription.ts';

const WIDTH = 16;

/** Erases a tenant's events up to its removal at `atMs`, with their deliveries; of the removal itself the owner is still
 *  told. What is on its way meets the mark that is set first (`isForgotten`). Says whether that is done; if not, the time is
 *  up. */
export async function clear(
  tenant: string,
  atMs: number,
  store: DeliveryStore,
  timeIsUp: () => boolean,
): Promise<boolean> {
  const events = store.eventsOf(tenant);
  await events.markErased(atMs);
  const subscriptions = await store.subscriptions.all();
  let cursor: string | undefined;
  do {
    if (timeIsUp()) return false;
    const page = await events.list(cursor);
    const gone = page.items.filter((event) => isForgotten(event, atMs));
    await inParallel(gone, WIDTH, (event) => forget(event, subscriptions, store));
    cursor = page.cursor;
  } while (cursor);
  return true;
}

interface Told {
  readonly id: string;
  readonly type: string;
  readonly tenant: string;
  readonly time: string;
}

/** Returns whether the event is to be forgotten, where its tenant was erased at `erasedAtMs`. */
export function isForgotten({ type, time }: Told, erasedAtMs: number): boolean {
  return type !== 'tenant.removed' && Date.parse(time) <= erasedAtMs;
}

/** Removes the event with these subscriptions' deliveries of it. Its row goes last: while it stands, a crash leaves the way
 *  to them. */
export async function forget(
  { id, tenant }: Told,
  subscriptions: readonly Pick<Subscription, 'id'>[],
  store: DeliveryStore,
): Promise<void> {
  for (const subscription of subscriptions) await store.deliveriesOf(subscription.id).remove(id);
  await store.eventsOf(tenant).remove(id);
}
