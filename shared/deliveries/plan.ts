import type { Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { dueShards } from '../core/keys.ts';
import { inParallel } from '../core/parallel.ts';
import { handedOver } from './delivery.ts';
import { messageOf } from './fan-out.ts';
import { resend } from './resend.ts';
import type { DeliveryStore } from './store.ts';

const WIDTH = 10;

/** Returns how many deliveries were handed to the workers: those whose wait is over, and those whose message was lost.
 *  Walks that were broken off go on. */
export async function plan(
  ports: { readonly store: DeliveryStore; readonly queue: Pick<Queue, 'sendAll'> },
  timeIsUp: () => boolean,
  moment: Moment,
): Promise<number> {
  const { store, queue } = ports;
  let count = 0;
  for (const shard of dueShards) {
    let cursor: string | undefined;
    do {
      const page = await store.due(shard, moment.nowMs, cursor);
      const messages = await inParallel(page.items, WIDTH, async (due) => {
        if ('subscription' in due) {
          await resend(due.subscription, ports, moment, timeIsUp);
          return [];
        }
        const mine = handedOver(due.delivery, moment.nowMs);
        return (await store.deliveriesOf(mine.subscriptionId).save(mine)) ? [messageOf(mine)] : [];
      });
      await queue.sendAll(messages.flat());
      count += messages.flat().length;
      cursor = page.cursor;
    } while (cursor && !timeIsUp());
  }
  return count;
}
