import { openVault } from '../../shared/connections/vault.ts';
import { openTable } from '../../shared/core/aws.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { deliveriesContract } from '../../shared/deliveries/contract.ts';
import { rotate } from '../../shared/deliveries/rotate.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import { toView } from '../../shared/deliveries/subscription.ts';
import { http } from '../middleware/http.ts';

const contract = deliveriesContract.rotate;
const env = readEnv(contract.env);
const ports = {
  store: deliveryStore(openTable(env.DELIVERIES_TABLE)),
  vault: openVault({ keyId: env.VAULT_KEY_ID, keysTable: openTable(env.TENANT_KEYS_TABLE), moment: realMoment }),
};

export const handler = http(contract, async ({ path, body, moment }) => {
  const rotated = await rotate(path.subscription, body.overlapS, ports, moment);
  if (!rotated.ok) return rotated;
  const { subscription, secret } = rotated.value;
  return ok({ ...toView(subscription, moment.nowMs), secret });
});
