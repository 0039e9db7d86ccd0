import { callsContract } from '../../shared/calls/contract.ts';
import { redrive } from '../../shared/calls/redrive.ts';
import { callStore } from '../../shared/calls/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { http } from '../middleware/http.ts';

const contract = callsContract.redrive;
const calls = callStore(openTable(readEnv(contract.env).CALLS_TABLE));

export const handler = http(contract, async ({ path, body, remainingMs, moment }) =>
  ok(await redrive(body, calls.forTenant(path.tenant), remainingMs, moment)),
);
