import type { Bus } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { hubEvent } from '../core/event.ts';
import { OWNER } from '../core/keys.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import { amend } from './amend.ts';
import type { DeliveryStore } from './store.ts';
import { disabled, type Subscription } from './subscription.ts';

/** Stops sending to a subscription and tells of it; its events are held from now on. Told first: a crash in between tells
 *  it again, under the same event id, and is not silent. */
export async function disable(
  subscription: Subscription,
  reason: 'gone' | 'failing',
  { store, bus }: { readonly store: DeliveryStore; readonly bus: Pick<Bus, 'publish'> },
  moment: Moment,
): Promise<void> {
  const { id, enabledAtMs } = subscription;
  const about = { tenant: OWNER, id: `evt_${id}_${enabledAtMs.toString(36)}` };
  await bus.publish([hubEvent('subscription.disabled', about, { subscription: id, reason }, moment)]);
  const done = await amend(store.subscriptions, id, (it) => (it.enabled ? disabled(it, reason) : undefined));
  if (!done) return;
  measure('SubscriptionDisabled', { outcome: reason });
  log.warn('a subscription was disabled', { subscription: id, outcome: reason });
}
