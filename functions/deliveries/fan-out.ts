import { openTable } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { deliveriesContract } from '../../shared/deliveries/contract.ts';
import { fanOut } from '../../shared/deliveries/fan-out.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import type { Subscription } from '../../shared/deliveries/subscription.ts';
import { queue } from '../middleware/queue.ts';

const contract = deliveriesContract['fan-out'];
const env = readEnv(contract.env);
const store = deliveryStore(openTable(env.DELIVERIES_TABLE));
let reading: Promise<readonly Subscription[]> | undefined;

const ports = {
  store,
  queue: openQueue(env.DELIVERY_QUEUE_URL),
  /** One reading for a batch: it begins after the last of its messages has come, so it misses no subscription of theirs. */
  subscriptions: () => {
    reading ??= store.subscriptions.all().finally(() => {
      reading = undefined;
    });
    return reading;
  },
};

export const handler = queue(contract, async ({ message, moment }) => ok(await fanOut(message, ports, moment)));
