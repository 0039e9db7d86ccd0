import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { deliveriesContract } from '../../shared/deliveries/contract.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import { toView } from '../../shared/deliveries/subscription.ts';
import { http } from '../middleware/http.ts';

const contract = deliveriesContract.list;
const { subscriptions } = deliveryStore(openTable(readEnv(contract.env).DELIVERIES_TABLE));

export const handler = http(contract, async ({ query, moment }) => {
  const { items, cursor } = await subscriptions.list(query);
  return ok({ items: items.map((item) => toView(item, moment.nowMs)), cursor });
});
