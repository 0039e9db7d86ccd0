import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { newId, TenantId } from '../../shared/core/ids.ts';
import { ok } from '../../shared/core/result.ts';
import { tenantsContract } from '../../shared/tenants/contract.ts';
import { allowDataKeys, tenantStore } from '../../shared/tenants/store.ts';
import { type Tenant, tenantView } from '../../shared/tenants/tenant.ts';
import { http } from '../middleware/http.ts';

const contract = tenantsContract.create;
const env = readEnv(contract.env);
const tenants = tenantStore(openTable(env.TENANTS_TABLE));
const dataKeys = openTable(env.TENANT_KEYS_TABLE);

export const handler = http(contract, async ({ body, moment }) => {
  const { id = TenantId.parse(newId('tnt', moment)), name, returnUrls } = body;
  const times = { createdAtMs: moment.nowMs, updatedAtMs: moment.nowMs };
  const tenant: Tenant = { tenantId: id, name, returnUrls, status: 'active', ...times };
  if (!(await tenants.create(tenant))) {
    return refuse('conflict', 'There is a tenant with this id, or one that is still being erased.');
  }
  await allowDataKeys(dataKeys, id);
  return ok(tenantView(tenant));
});
