import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { apiKeyView, makeApiKey } from '../../shared/tenants/api-key.ts';
import { tenantsContract } from '../../shared/tenants/contract.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { http } from '../middleware/http.ts';

const contract = tenantsContract['create-key'];
const env = readEnv(contract.env);
const tenants = tenantStore(openTable(env.TENANTS_TABLE));

export const handler = http(contract, async ({ path, body, moment }) => {
  if (!(await tenants.get(path.tenant))) return refuse('not_found', 'There is nothing at this address.');
  const { row, text } = makeApiKey(env.STAGE, path.tenant, body, moment);
  await tenants.keysOf(path.tenant).add(row);
  return ok({ ...apiKeyView(row), key: text });
});
