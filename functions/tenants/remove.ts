import { openTable } from '../../shared/core/aws.ts';
import { openBus } from '../../shared/core/bus.ts';
import { readEnv } from '../../shared/core/env.ts';
import { tenantsContract } from '../../shared/tenants/contract.ts';
import { remove } from '../../shared/tenants/remove.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { http } from '../middleware/http.ts';

const contract = tenantsContract.remove;
const env = readEnv(contract.env);
const { publish } = openBus(env.BUS_NAME);
const ports = { tenants: tenantStore(openTable(env.TENANTS_TABLE)), publish };

export const handler = http(contract, ({ path, moment }) => remove(ports, path.tenant, moment));
