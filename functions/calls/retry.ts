import { callsContract } from '../../shared/calls/contract.ts';
import { retry } from '../../shared/calls/retry.ts';
import { callStore } from '../../shared/calls/store.ts';
import { toEntryView } from '../../shared/calls/view.ts';
import { openTable } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { http } from '../middleware/http.ts';

const contract = callsContract.retry;
const env = readEnv(contract.env);
const calls = callStore(openTable(env.CALLS_TABLE));
const queue = openQueue(env.CALL_QUEUE_URL);

export const handler = http(contract, async ({ path, moment }) => {
  const call = await retry(path.call, { calls: calls.forTenant(path.tenant), queue }, moment);
  return call.ok ? ok(toEntryView(call.value)) : call;
});
