import type { Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { inParallel } from '../core/parallel.ts';
import { amend } from './amend.ts';
import { type Delivery, reopened } from './delivery.ts';
import { messageOf } from './fan-out.ts';
import type { DeliveryStore } from './store.ts';
import { type Resend, type Subscription, walking } from './subscription.ts';

const AT_ONCE = 100;
const WIDTH = 16;

/** Goes on with the walk of a subscription, page by page while there is time: what it is about is sent again. A page that
 *  is met twice sends nothing twice; where it is broken off, the tick goes on. */
export async function resend(
  subscription: Subscription,
  { store, queue }: { readonly store: DeliveryStore; readonly queue: Pick<Queue, 'sendAll'> },
  moment: Moment,
  timeIsUp: () => boolean,
): Promise<void> {
  const deliveries = store.deliveriesOf(subscription.id);
  let walk = subscription.resend;
  while (walk && !timeIsUp()) {
    const at: Resend = walk;
    const page = await deliveries.walk(AT_ONCE, at.cursor);
    const again = page.items.filter((delivery) => isMeant(delivery, at));
    const opened = await inParallel(again, WIDTH, async (delivery) =>
      (await deliveries.save(reopened(delivery, moment.nowMs))) ? [messageOf(delivery)] : [],
    );
    await queue.sendAll(opened.flat());
    const rest = page.cursor === undefined ? undefined : { ...at, cursor: page.cursor };
    const amended = await amend(store.subscriptions, subscription.id, (it) =>
      it.resend?.startedAtMs === at.startedAtMs ? walking(it, rest, moment.nowMs) : undefined,
    );
    walk = amended?.resend;
  }
}

function isMeant({ status, createdAtMs, attempts }: Delivery, walk: Resend): boolean {
  const lastMs = attempts.at(-1)?.atMs ?? 0;
  if (status === 'pending' || createdAtMs < walk.sinceMs || lastMs >= walk.startedAtMs) return false;
  return walk.status === undefined || status === walk.status;
}
