import type { Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import type { Result } from '../core/result.ts';
import { ok } from '../core/result.ts';
import { type CallStatus, type Entry, requeued, retryable } from './call.ts';
import { messageOf } from './run.ts';
import type { TenantCalls } from './store.ts';

/** Returns the call as it begins anew under its old idempotency key; tenant and connection are asked again as it runs.
 *  Errors: `not_found`, `conflict` (under way, succeeded or cancelled). */
export async function retry(
  callId: string,
  { calls, queue }: { readonly calls: TenantCalls; readonly queue: Queue },
  moment: Moment,
): Promise<Result<Entry>> {
  const call = await calls.get(callId);
  if (!call) return refuse('not_found', 'There is no such call.');
  if (!(retryable as readonly CallStatus[]).includes(call.status)) {
    return refuse(
      'conflict',
      `The call is ${call.status}: only calls that are failed, expired or outcome_unknown can be retried.`,
    );
  }
  const { sealed: _, ...entry } = call;
  const next = requeued(entry, moment.nowMs);
  if (!(await calls.reopen(next, call))) return refuse('conflict', 'The call is being tried again already.');
  await queue.send(messageOf(next));
  return ok(next);
}
