import type { Vault } from '../connections/vault.ts';
import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import { makeKeys } from './signing-key.ts';
import type { DeliveryStore } from './store.ts';
import { isLive, rotated, type Subscription } from './subscription.ts';

/** Two signatures each: receivers read ten at most. */
const MOST_KEYS = 5;

/** Returns the subscription with new keys, and their secret; the old ones sign beside them for `overlapS`. Errors:
 *  `not_found`, `conflict` (too many still sign, or it was changed meanwhile). */
export async function rotate(
  id: string,
  overlapS: number,
  { store, vault }: { readonly store: Pick<DeliveryStore, 'subscriptions'>; readonly vault: Pick<Vault, 'seal'> },
  moment: Moment,
): Promise<Result<{ readonly subscription: Subscription; readonly secret: string }>> {
  const before = await store.subscriptions.get(id);
  if (!before) return refuse('not_found', 'There is no such subscription.');
  const generation = Math.max(...before.keys.map((key) => key.generation)) + 1;
  const { keys, secret } = await makeKeys(id, generation, { vault, moment });
  const { nowMs } = moment;
  const subscription = rotated(before, keys, nowMs, nowMs + overlapS * 1000);
  if (subscription.keys.filter((key) => isLive(key, nowMs)).length > MOST_KEYS) {
    return refuse('conflict', `${MOST_KEYS} keys sign already: rotate again when the overlap of one is over.`);
  }
  if (!(await store.subscriptions.save(subscription))) {
    return refuse('conflict', 'The subscription was changed meanwhile; rotate it again.');
  }
  return ok({ subscription, secret });
}
