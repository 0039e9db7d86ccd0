import type { Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { dueShards } from '../core/keys.ts';
import { inParallel } from '../core/parallel.ts';
import { handedOver } from './delivery.ts';
import { messageOf } from './fan-out.ts';
import { resend } from './resend.ts';
import type { DeliveryStore } from './store.ts';
import type { Subscription } from './subscription.ts';

const WIDTH = 10;

/** Returns how many deliveries were handed to the workers: those whose wait is over, and those whose message was lost.
 *  Walks that were broken off go on after that. */
export async function plan(
  ports: { readonly store: DeliveryStore; readonly queue: Pick<Queue, 'sendAll'> },
  timeIsUp: () => boolean,
  moment: Moment,
): Promise<number> {
  const { store, queue } = ports;
  const walks: Subscription[] = [];
  const counts = await Promise.all(dueShards.map(handOut));
  await inParallel(walks, WIDTH, (subscription) => resend(subscription, ports, moment, timeIsUp));
  return counts.reduce((sum, count) => sum + count, 0);

  async function handOut(shard: string): Promise<number> {
    let count = 0;
    let cursor: string | undefined;
    do {
      const page = await store.due(shard, moment.nowMs, cursor);
      walks.push(...page.items.flatMap((due) => ('subscription' in due ? [due.subscription] : [])));
      const deliveries = page.items.flatMap((due) => ('delivery' in due ? [due.delivery] : []));
      const messages = await inParallel(deliveries, WIDTH, async (due) => {
        const mine = handedOver(due, moment.nowMs);
        return (await store.deliveriesOf(mine.subscriptionId).save(mine)) ? [messageOf(mine)] : [];
      });
      await queue.sendAll(messages.flat());
      count += messages.flat().length;
      cursor = page.cursor;
    } while (cursor && !timeIsUp());
    return count;
  }
}
