import { openTable } from '../../shared/core/aws.ts';
import { openBus } from '../../shared/core/bus.ts';
import { readEnv } from '../../shared/core/env.ts';
import { hubEvents } from '../../shared/core/event.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { tenantsContract } from '../../shared/tenants/contract.ts';
import { erase } from '../../shared/tenants/erase.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { event } from '../middleware/event.ts';

const contract = tenantsContract.erase;
const env = readEnv(contract.env);
const { publish } = openBus(env.BUS_NAME);
const ports = {
  tenants: tenantStore(openTable(env.TENANTS_TABLE)),
  dataKeys: openTable(env.TENANT_KEYS_TABLE),
  publish,
};

export const handler = event(contract, ({ event: disconnected, moment }) => {
  const { since } = hubEvents['tenant.disconnected'].data.parse(disconnected.data);
  return erase(ports, TenantId.parse(disconnected.tenant), Date.parse(since), moment);
});
