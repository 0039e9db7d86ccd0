import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { clear } from '../../shared/deliveries/clear.ts';
import { deliveriesContract } from '../../shared/deliveries/contract.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import { event } from '../middleware/event.ts';

const contract = deliveriesContract.clear;
const store = deliveryStore(openTable(readEnv(contract.env).DELIVERIES_TABLE));
const RESERVE_MS = 15_000;

export const handler = event(contract, async ({ event: { tenant, time }, remainingMs }) => {
  const done = await clear(tenant, Date.parse(time), store, () => remainingMs() < RESERVE_MS);
  if (!done) throw new Error('more events than one turn can clear'); // Lambda runs it again
});
