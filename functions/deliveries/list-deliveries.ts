import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { deliveriesContract } from '../../shared/deliveries/contract.ts';
import { toView } from '../../shared/deliveries/delivery.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import { http } from '../middleware/http.ts';

const contract = deliveriesContract['list-deliveries'];
const store = deliveryStore(openTable(readEnv(contract.env).DELIVERIES_TABLE));

export const handler = http(contract, async ({ path, query }) => {
  if (!(await store.subscriptions.get(path.subscription))) {
    return refuse('not_found', 'There is no such subscription.');
  }
  const { items, cursor } = await store.deliveriesOf(path.subscription).list(query);
  return ok({ items: items.map(toView), cursor });
});
