import { callsContract } from '../../shared/calls/contract.ts';
import { limitStore } from '../../shared/calls/limit-store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { http } from '../middleware/http.ts';

const contract = callsContract.circuit;
const limits = limitStore(openTable(readEnv(contract.env).LIMITS_TABLE));

export const handler = http(contract, async ({ path, moment }) =>
  ok(await limits.circuits(path.tenant, path.connection, moment.nowMs)),
);
