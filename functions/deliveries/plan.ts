import { openTable } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { readEnv } from '../../shared/core/env.ts';
import { deliveriesContract } from '../../shared/deliveries/contract.ts';
import { plan } from '../../shared/deliveries/plan.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import { schedule } from '../middleware/schedule.ts';

const contract = deliveriesContract.plan;
const env = readEnv(contract.env);
const ports = {
  store: deliveryStore(openTable(env.DELIVERIES_TABLE)),
  queue: openQueue(env.DELIVERY_QUEUE_URL),
};
/** Kept of the tick's time; what is left over is the next tick's. */
const RESERVE_MS = 10_000;

export const handler = schedule(contract, async ({ remainingMs, moment }) => {
  await plan(ports, () => remainingMs() < RESERVE_MS, moment);
});
