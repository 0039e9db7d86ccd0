import { callsContract } from '../../shared/calls/contract.ts';
import { callStore } from '../../shared/calls/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { event } from '../middleware/event.ts';

const contract = callsContract.clear;
const calls = callStore(openTable(readEnv(contract.env).CALLS_TABLE));
const MARGIN_MS = 10_000;

export const handler = event(contract, async ({ event: { tenant }, remainingMs }) => {
  const own = calls.forTenant(TenantId.parse(tenant));
  while (!(await own.clearSome())) {
    if (remainingMs() < MARGIN_MS) throw new Error('more calls than one turn can clear'); // Lambda runs it again
  }
});
