import type { Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import { hubEvent } from '../core/event.ts';
import { OWNER } from '../core/keys.ts';
import { ok, type Result } from '../core/result.ts';
import { amend } from './amend.ts';
import { type DeliveryStatus, reopened } from './delivery.ts';
import { begin, messageOf } from './fan-out.ts';
import { resend } from './resend.ts';
import type { DeliveryStore } from './store.ts';
import { type Subscription, walking } from './subscription.ts';

export interface ReplayPorts {
  readonly store: DeliveryStore;
  readonly queue: Pick<Queue, 'sendAll'>;
}

export interface Wanted {
  readonly test?: true;
  readonly event?: string;
  readonly since?: string;
  readonly status?: DeliveryStatus;
}

/** Returns what is sent, or sent again: a test event, one event, or all since a time, as much as there is time for now, the
 *  rest by the tick. Errors: `not_found`, `conflict` (disabled, or already on its way). */
export async function replay(
  id: string,
  wanted: Wanted,
  ports: ReplayPorts,
  moment: Moment,
  timeIsUp: () => boolean,
): Promise<Result<{ readonly event?: string; readonly since?: string }>> {
  const subscription = await ports.store.subscriptions.get(id);
  if (!subscription) return refuse('not_found', 'There is no such subscription.');
  if (!subscription.enabled) {
    return refuse('conflict', 'The subscription is disabled. Enable it: what it holds is sent then.');
  }
  if (wanted.event !== undefined) return again(subscription, wanted.event, ports, moment);
  if (wanted.since !== undefined) return allSince(subscription, wanted.since, wanted.status, ports, moment, timeIsUp);
  const event = hubEvent('subscription.test', { tenant: OWNER }, { subscription: id }, moment);
  await begin(event, [subscription], ports, moment);
  return ok({ event: event.id });
}

async function again({ id }: Subscription, event: string, { store, queue }: ReplayPorts, moment: Moment) {
  const deliveries = store.deliveriesOf(id);
  const delivery = await deliveries.get(event);
  if (!delivery) return refuse('not_found', 'This subscription has no such event, or it is older than 90 days.');
  const next = reopened(delivery, moment.nowMs);
  if (delivery.status === 'pending' || !(await deliveries.save(next))) {
    return refuse('conflict', 'The event is on its way already.');
  }
  await queue.sendAll([messageOf(next)]);
  return ok({ event });
}

async function allSince(
  { id }: Subscription,
  since: string,
  status: DeliveryStatus | undefined,
  ports: ReplayPorts,
  moment: Moment,
  timeIsUp: () => boolean,
) {
  const walk = { startedAtMs: moment.nowMs, sinceMs: Date.parse(since), status };
  const subscription = await amend(ports.store.subscriptions, id, (it) => walking(it, walk, moment.nowMs));
  if (!subscription) return refuse('not_found', 'There is no such subscription.');
  await resend(subscription, ports, moment, timeIsUp);
  return ok({ since });
}
