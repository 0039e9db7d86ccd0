import { callsContract } from '../../shared/calls/contract.ts';
import { plan } from '../../shared/calls/plan.ts';
import { callStore } from '../../shared/calls/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { readEnv } from '../../shared/core/env.ts';
import { schedule } from '../middleware/schedule.ts';

const contract = callsContract.plan;
const env = readEnv(contract.env);
const ports = { calls: callStore(openTable(env.CALLS_TABLE)), queue: openQueue(env.CALL_QUEUE_URL) };

export const handler = schedule(contract, async ({ remainingMs, moment }) => {
  await plan(ports, remainingMs, moment);
});
