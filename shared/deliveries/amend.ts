import type { DeliveryStore } from './store.ts';
import type { Subscription } from './subscription.ts';

/** Of writers that were faster. */
const MAX_TRIES = 20;

/** Returns the subscription as `change` made it and as it is stored now; nothing where it is gone, not for `change` to
 *  touch, or written by so many others meanwhile that this change is given up. */
export async function amend(
  subscriptions: Pick<DeliveryStore['subscriptions'], 'get' | 'save'>,
  id: string,
  change: (subscription: Subscription) => Subscription | undefined,
): Promise<Subscription | undefined> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const current = await subscriptions.get(id);
    const successor = current && change(current);
    if (!successor || successor === current) return successor;
    if (await subscriptions.save(successor)) return successor;
  }
  return undefined;
}
