import { openTable } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { readEnv } from '../../shared/core/env.ts';
import { deliveriesContract } from '../../shared/deliveries/contract.ts';
import { replay } from '../../shared/deliveries/replay.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import { http } from '../middleware/http.ts';

const contract = deliveriesContract.replay;
const env = readEnv(contract.env);
const ports = {
  store: deliveryStore(openTable(env.DELIVERIES_TABLE)),
  queue: openQueue(env.DELIVERY_QUEUE_URL),
};
/** What a tick does as well does not keep the caller waiting. */
const RESERVE_MS = 20_000;

export const handler = http(contract, ({ path, body, moment, remainingMs }) =>
  replay(path.subscription, body, ports, moment, () => remainingMs() < RESERVE_MS),
);
