import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { deliveriesContract } from '../../shared/deliveries/contract.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import { toView } from '../../shared/deliveries/subscription.ts';
import { http } from '../middleware/http.ts';

const contract = deliveriesContract.get;
const { subscriptions } = deliveryStore(openTable(readEnv(contract.env).DELIVERIES_TABLE));

export const handler = http(contract, async ({ path, moment }) => {
  const subscription = await subscriptions.get(path.subscription);
  return subscription ? ok(toView(subscription, moment.nowMs)) : refuse('not_found', 'There is no such subscription.');
});
