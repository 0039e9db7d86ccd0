import { toView } from '../../shared/calls/call.ts';
import { callsContract } from '../../shared/calls/contract.ts';
import { callStore } from '../../shared/calls/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { http } from '../middleware/http.ts';

const contract = callsContract.get;
const calls = callStore(openTable(readEnv(contract.env).CALLS_TABLE));

export const handler = http(contract, async ({ path }) => {
  const call = await calls.forTenant(path.tenant).get(path.call);
  return call ? ok(toView(call)) : refuse('not_found', 'There is no such call.');
});
