import { callsContract } from '../../shared/calls/contract.ts';
import { limitStore } from '../../shared/calls/limit-store.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { http } from '../middleware/http.ts';

const contract = callsContract.circuit;
const env = readEnv(contract.env);
const limits = limitStore(openTable(env.LIMITS_TABLE));
const connections = connectionStore(openTable(env.CONNECTIONS_TABLE));

export const handler = http(contract, async ({ path: { tenant, connection }, moment }) => {
  if (!(await connections.forTenant(tenant).get(connection)))
    return refuse('not_found', 'There is no such connection.');
  return ok(await limits.circuits(tenant, connection, moment.nowMs));
});
