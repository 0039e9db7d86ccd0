import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { tenantsContract } from '../../shared/tenants/contract.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { tenantView } from '../../shared/tenants/tenant.ts';
import { http } from '../middleware/http.ts';

const contract = tenantsContract.get;
const tenants = tenantStore(openTable(readEnv(contract.env).TENANTS_TABLE));

export const handler = http(contract, async ({ path }) => {
  const tenant = await tenants.get(path.tenant);
  return tenant ? ok(tenantView(tenant)) : refuse('not_found', 'There is nothing at this address.');
});
