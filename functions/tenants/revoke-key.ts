import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { tenantsContract } from '../../shared/tenants/contract.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { http } from '../middleware/http.ts';

const contract = tenantsContract['revoke-key'];
const tenants = tenantStore(openTable(readEnv(contract.env).TENANTS_TABLE));

export const handler = http(contract, async ({ path }) => {
  const gone = await tenants.keysOf(path.tenant).remove(path.key);
  return gone ? ok(undefined) : refuse('not_found', 'There is nothing at this address.');
});
