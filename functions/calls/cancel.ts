import { toEntryView } from '../../shared/calls/call.ts';
import { callsContract } from '../../shared/calls/contract.ts';
import { callStore } from '../../shared/calls/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { http } from '../middleware/http.ts';

const contract = callsContract.cancel;
const calls = callStore(openTable(readEnv(contract.env).CALLS_TABLE));

export const handler = http(contract, async ({ path }) => {
  const { done, call } = await calls.forTenant(path.tenant).cancel(path.call);
  if (!call) return refuse('not_found', 'There is no such call.');
  if (done || call.status === 'cancelled') return ok(toEntryView(call));
  return refuse('conflict', `The call is ${call.status}: only one that is queued or waiting can be cancelled.`);
});
