import { cancel } from '../../shared/calls/cancel.ts';
import { callsContract } from '../../shared/calls/contract.ts';
import { callStore } from '../../shared/calls/store.ts';
import { toEntryView } from '../../shared/calls/view.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { http } from '../middleware/http.ts';

const contract = callsContract.cancel;
const calls = callStore(openTable(readEnv(contract.env).CALLS_TABLE));

export const handler = http(contract, async ({ path }) => {
  const call = await cancel(path.call, calls.forTenant(path.tenant));
  return call.ok ? ok(toEntryView(call.value)) : call;
});
