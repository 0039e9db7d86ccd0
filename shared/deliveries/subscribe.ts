import type { Vault } from '../connections/vault.ts';
import type { Moment } from '../core/clock.ts';
import { newId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';
import { checkDestination, type DestinationPorts } from './destination.ts';
import { makeKeys } from './signing-key.ts';
import type { DeliveryStore } from './store.ts';
import { created, type Subscription } from './subscription.ts';

export interface SubscribePorts extends DestinationPorts {
  readonly store: Pick<DeliveryStore, 'subscriptions'>;
  readonly vault: Pick<Vault, 'seal'>;
}

/** Returns a new subscription, and the secret that its owner is shown this once. Errors: `invalid_request` (no place that
 *  events may be sent to). */
export async function subscribe(
  wishes: Pick<Subscription, 'url' | 'types' | 'tenants' | 'perSecond'>,
  ports: SubscribePorts,
  moment: Moment,
): Promise<Result<{ readonly subscription: Subscription; readonly secret: string }>> {
  const url = await checkDestination(wishes.url, ports);
  if (!url.ok) return url;
  const id = newId('sub', moment);
  const { keys, secret } = await makeKeys(id, 1, { vault: ports.vault, moment });
  const subscription = created({ ...wishes, id, url: url.value }, keys, moment);
  if (!(await ports.store.subscriptions.save(subscription))) throw new Error('the id of a new subscription is taken');
  return ok({ subscription, secret });
}
