import type { Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import { amend } from './amend.ts';
import { checkDestination, type DestinationPorts } from './destination.ts';
import { resend } from './resend.ts';
import type { DeliveryStore } from './store.ts';
import { changed, type Subscription } from './subscription.ts';

export interface UpdatePorts extends DestinationPorts {
  readonly store: DeliveryStore;
  readonly queue: Pick<Queue, 'sendAll'>;
}

/** Returns the subscription as its owner wants it. Once it is enabled, what was held is sent: as much as there is time for
 *  now, the rest by the tick. Errors: `not_found`, `invalid_request` (no place that events may be sent to). */
export async function update(
  id: string,
  wishes: Parameters<typeof changed>[1],
  ports: UpdatePorts,
  moment: Moment,
  timeIsUp: () => boolean,
): Promise<Result<Subscription>> {
  const url = wishes.url === undefined ? undefined : await checkDestination(wishes.url, ports);
  if (url && !url.ok) return url;
  const all = { ...wishes, ...(url && { url: url.value }) };
  const subscription = await amend(ports.store.subscriptions, id, (it) => changed(it, all, moment.nowMs));
  if (!subscription) return refuse('not_found', 'There is no such subscription.');
  await resend(subscription, ports, moment, timeIsUp);
  return ok(subscription);
}
