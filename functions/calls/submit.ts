import { hasEnded } from '../../shared/calls/call.ts';
import { callsContract } from '../../shared/calls/contract.ts';
import { callsFromEnv } from '../../shared/calls/open.ts';
import { submit } from '../../shared/calls/submit.ts';
import { submitBatch } from '../../shared/calls/submit-batch.ts';
import { toView } from '../../shared/calls/view.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { http, Reply } from '../middleware/http.ts';

const contract = callsContract.submit;
const ports = callsFromEnv(readEnv(contract.env));

export const handler = http(contract, async ({ path, body, header, requestId, remainingMs, moment }) => {
  const about = { tenantId: path.tenant, connection: path.connection, requestId };
  if (body.calls) {
    const answers = await submitBatch({ ...about, items: body.calls }, ports, moment);
    return answers.ok ? ok(new Reply(202, { calls: answers.value })) : answers;
  }
  const submission = { ...about, body: body.one, idempotencyKey: header('idempotency-key') };
  const call = await submit(submission, remainingMs(), ports, moment);
  if (!call.ok) return call;
  const { id, status } = call.value;
  return ok(hasEnded(call.value) ? toView(call.value) : new Reply(202, { id, status }));
});
