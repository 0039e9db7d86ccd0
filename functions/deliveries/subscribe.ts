import { openVault } from '../../shared/connections/vault.ts';
import { addressesOf } from '../../shared/core/address.ts';
import { openTable } from '../../shared/core/aws.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { deliveriesContract } from '../../shared/deliveries/contract.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import { subscribe } from '../../shared/deliveries/subscribe.ts';
import { toView } from '../../shared/deliveries/subscription.ts';
import { http } from '../middleware/http.ts';

const contract = deliveriesContract.subscribe;
const env = readEnv(contract.env);
const ports = {
  store: deliveryStore(openTable(env.DELIVERIES_TABLE)),
  vault: openVault({ keyId: env.VAULT_KEY_ID, keysTable: openTable(env.TENANT_KEYS_TABLE), moment: realMoment }),
  loopback: env.STAGE === 'local',
  addressesOf,
};

export const handler = http(contract, async ({ body, moment }) => {
  const made = await subscribe(body, ports, moment);
  if (!made.ok) return made;
  const { subscription, secret } = made.value;
  return ok({ ...toView(subscription, moment.nowMs), secret });
});
