import { addressesOf } from '../../shared/core/address.ts';
import { openTable } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { deliveriesContract } from '../../shared/deliveries/contract.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import { toView } from '../../shared/deliveries/subscription.ts';
import { update } from '../../shared/deliveries/update.ts';
import { http } from '../middleware/http.ts';

const contract = deliveriesContract.update;
const env = readEnv(contract.env);
const ports = {
  store: deliveryStore(openTable(env.DELIVERIES_TABLE)),
  queue: openQueue(env.DELIVERY_QUEUE_URL),
  loopback: env.STAGE === 'local',
  addressesOf,
};
/** What a tick does as well does not keep the caller waiting. */
const RESERVE_MS = 20_000;

export const handler = http(contract, async ({ path, body, moment, remainingMs }) => {
  const changed = await update(path.subscription, body, ports, moment, () => remainingMs() < RESERVE_MS);
  return changed.ok ? ok(toView(changed.value, moment.nowMs)) : changed;
});
