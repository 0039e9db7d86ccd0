import { callsContract } from '../../shared/calls/contract.ts';
import { callsFromEnv } from '../../shared/calls/open.ts';
import { run } from '../../shared/calls/run.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { later, queue } from '../middleware/queue.ts';

const contract = callsContract.run;
const ports = callsFromEnv(readEnv(contract.env));

export const handler = queue(contract, async ({ message, receiptHandle, receives, remainingMs, moment }) => {
  const fate = await run(message, { receives, remainingMs: remainingMs() }, ports, moment);
  if (fate === 'settle') return ok('settled');
  await ports.queue.hide(receiptHandle, fate.waitMs);
  return ok(later);
});
