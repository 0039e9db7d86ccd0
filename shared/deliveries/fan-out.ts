import type * as z from 'zod';
import type { Outgoing, Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import type { HubEventMessage } from '../core/event.ts';
import { currentRequest } from '../core/log.ts';
import { inParallel } from '../core/parallel.ts';
import { forget, isForgotten } from './clear.ts';
import type { DeliveryMessage } from './contract.ts';
import { born, type Delivery } from './delivery.ts';
import type { DeliveryStore, StoredEvent } from './store.ts';
import { type Subscription, wants } from './subscription.ts';

export interface FanOutPorts {
  readonly store: DeliveryStore;
  /** Every subscription, as of now or later than the event. */
  readonly subscriptions: () => Promise<readonly Subscription[]>;
  readonly queue: Pick<Queue, 'sendAll'>;
}

/** An event as the bus brings it. */
export type Told = z.output<typeof HubEventMessage>;

/** A row of the table holds 400 kB, and receivers have limits of their own. */
const MAX_BODY_BYTES = 256 * 1024;
/** Of each of a batch's ten messages: together they use the 50 sockets that the SDK has. */
const WIDTH = 5;

/** Returns how many deliveries the event has begun: one for each subscription that wants it, also a disabled one, which
 *  holds it. Received again, it begins none twice. */
export async function fanOut(event: Told, ports: FanOutPorts, moment: Moment): Promise<number> {
  const wanting = (await ports.subscriptions()).filter((subscription) => wants(subscription, event));
  return begin(event, wanting, ports, moment);
}

/** Returns how many deliveries of the event were begun for these subscriptions. The rows come first: a message that is
 *  lost is sent again by the tick. Where some could not be written, the others go on, and it throws: it is asked again. Of a
 *  tenant that was erased meanwhile nothing stays; asked after the rows are there, since the erasure removes what it sees. */
export async function begin(
  event: Told,
  subscriptions: readonly Pick<Subscription, 'id'>[],
  { store, queue }: Pick<FanOutPorts, 'store' | 'queue'>,
  moment: Moment,
): Promise<number> {
  if (subscriptions.length === 0) return 0;
  const { id, tenant, type } = event;
  const events = store.eventsOf(tenant);
  await events.keep(storedEvent(event), moment.nowMs);
  const failures: string[] = [];
  const begun = await inParallel(subscriptions, WIDTH, async (subscription) => {
    const delivery = born({ subscriptionId: subscription.id, event: id, type, tenant }, moment);
    try {
      return (await store.deliveriesOf(subscription.id).save(delivery)) ? [messageOf(delivery)] : [];
    } catch (error) {
      failures.push(error instanceof Error ? error.name : 'unknown');
      return [];
    }
  });
  if (isForgotten(event, await events.erasedAtMs())) {
    await forget(event, subscriptions, store);
    return 0;
  }
  await queue.sendAll(begun.flat());
  if (failures.length > 0) throw new Error(`${failures.length} deliveries not begun: ${failures[0]}`);
  return begun.flat().length;
}

/** Returns the event as it is sent. Content that is too large stays here: its `data` is null, and the ids beside it say
 *  where to read it. */
function storedEvent(event: Told): StoredEvent {
  const { id, tenant, type } = event;
  const whole = JSON.stringify(event);
  const fits = Buffer.byteLength(whole) <= MAX_BODY_BYTES;
  return { id, tenant, type, body: fits ? whole : JSON.stringify({ ...event, data: { ...event.data, data: null } }) };
}

/** Returns the message that hands a delivery to a worker; a subscription's deliveries are one group, so that a slow
 *  receiver does not hold up the others. */
export function messageOf({ subscriptionId, event }: Pick<Delivery, 'subscriptionId' | 'event'>): Outgoing {
  const message: DeliveryMessage = { subscription: subscriptionId, event, requestId: currentRequest() };
  return { body: JSON.stringify(message), group: subscriptionId };
}
