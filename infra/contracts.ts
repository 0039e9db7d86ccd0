import { callsContract } from '../shared/calls/contract.ts';
import { connectionsContract } from '../shared/connections/contract.ts';
import { consoleContract } from '../shared/console/contract.ts';
import type { FeatureContract } from '../shared/core/contract.ts';
import { deliveriesContract } from '../shared/deliveries/contract.ts';
import { syncsContract } from '../shared/syncs/contract.ts';
import { tenantsContract } from '../shared/tenants/contract.ts';
import { webhooksContract } from '../shared/webhooks/contract.ts';

/** Every feature's contract, by its word: what is built, bundled and tested is exactly this. */
export const contracts = {
  tenants: tenantsContract,
  connections: connectionsContract,
  webhooks: webhooksContract,
  calls: callsContract,
  syncs: syncsContract,
  deliveries: deliveriesContract,
  console: consoleContract,
} as const satisfies Readonly<Record<string, FeatureContract>>;

/** Returns every function as `<feature>/<verb>`. */
export function functionNames(): string[] {
  return Object.entries(contracts).flatMap(([feature, contract]) =>
    Object.keys(contract).map((verb) => `${feature}/${verb}`),
  );
}
