import { portsFromEnv } from '../../shared/connections/ports.ts';
import { endGrants } from '../../shared/connections/revoke-all.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import type { TenantId } from '../../shared/core/ids.ts';
import { tenantsContract } from '../../shared/tenants/contract.ts';
import { remove } from '../../shared/tenants/remove.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { http } from '../middleware/http.ts';

const contract = tenantsContract.remove;
const env = readEnv(contract.env);
const credentials = portsFromEnv(env);
/** An HTTP API waits 30 s for its answer: what is left is for the erasure itself. */
const END_GRANTS_MS = 15_000;
const ports = {
  tenants: tenantStore(openTable(env.TENANTS_TABLE)),
  dataKeys: openTable(env.TENANT_KEYS_TABLE),
  endGrants: (tenantId: TenantId) => endGrants(credentials, tenantId, END_GRANTS_MS),
  publish: credentials.publish,
};

export const handler = http(contract, ({ path, moment }) => remove({ ...ports, moment }, path.tenant));
