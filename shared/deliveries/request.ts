import type { Vault } from '../connections/vault.ts';
import type { Moment } from '../core/clock.ts';
import { openKeys, signatures } from './signing-key.ts';
import type { StoredEvent } from './store.ts';
import { isLive, type Subscription } from './subscription.ts';

/** Returns the request that brings the event, signed for now by every key that is live. Throws where the keys cannot be
 *  opened: the message comes back, and nothing goes out unsigned. */
export async function requestOf(
  { id, body }: StoredEvent,
  { id: subscriptionId, url, keys }: Subscription,
  vault: Pick<Vault, 'open'>,
  moment: Moment,
) {
  const live = keys.filter((key) => isLive(key, moment.nowMs));
  const opened = await openKeys(subscriptionId, live, vault);
  if (!opened.ok) throw new Error(`the keys of a subscription do not open: ${opened.error.code}`);
  const timestampS = Math.floor(moment.nowMs / 1000);
  return {
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(timestampS),
      'webhook-signature': signatures(opened.value, id, timestampS, body),
    },
    body,
  };
}
