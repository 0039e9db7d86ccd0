import { hasEnded } from '../../shared/calls/call.ts';
import { callsContract } from '../../shared/calls/contract.ts';
import { callsFromEnv } from '../../shared/calls/open.ts';
import { submit } from '../../shared/calls/submit.ts';
import { toView } from '../../shared/calls/view.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { direct } from '../middleware/direct.ts';

const contract = callsContract.invoke;
const ports = callsFromEnv(readEnv(contract.env));

export const handler = direct(contract, async ({ input, requestId, remainingMs, moment }) => {
  const { tenant, connection, idempotencyKey, ...body } = input;
  const call = await submit(
    { tenantId: tenant, connection, body, idempotencyKey, requestId },
    remainingMs(),
    ports,
    moment,
  );
  if (!call.ok) return call;
  const { id, status } = call.value;
  return ok(hasEnded(call.value) ? toView(call.value) : { id, status });
});
