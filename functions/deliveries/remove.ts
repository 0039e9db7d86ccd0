import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { deliveriesContract } from '../../shared/deliveries/contract.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import { http } from '../middleware/http.ts';

const contract = deliveriesContract.remove;
const { subscriptions } = deliveryStore(openTable(readEnv(contract.env).DELIVERIES_TABLE));

export const handler = http(contract, async ({ path }) =>
  (await subscriptions.remove(path.subscription))
    ? ok(undefined)
    : refuse('not_found', 'There is no such subscription.'),
);
