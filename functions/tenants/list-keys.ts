import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { apiKeyView } from '../../shared/tenants/api-key.ts';
import { tenantsContract } from '../../shared/tenants/contract.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { http } from '../middleware/http.ts';

const contract = tenantsContract['list-keys'];
const tenants = tenantStore(openTable(readEnv(contract.env).TENANTS_TABLE));

export const handler = http(contract, async ({ path, query }) => {
  if (!(await tenants.get(path.tenant))) return refuse('not_found', 'There is nothing at this address.');
  const { items, cursor } = await tenants.keysOf(path.tenant).list(query);
  return ok({ items: items.map(apiKeyView), cursor });
});
