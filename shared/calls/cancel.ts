import { refuse } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import type { Entry } from './call.ts';
import type { TenantCalls } from './store.ts';

/** Returns the call, cancelled by this or before. Errors: `not_found`, `conflict` (under way, or ended otherwise). */
export async function cancel(callId: string, calls: Pick<TenantCalls, 'cancel'>): Promise<Result<Entry>> {
  const { done, call } = await calls.cancel(callId);
  if (!call) return refuse('not_found', 'There is no such call.');
  if (done || call.status === 'cancelled') return ok(call);
  return refuse('conflict', `The call is ${call.status}: only one that is queued or waiting can be cancelled.`);
}
