import { iso } from '../core/clock.ts';
import { connectionRef } from '../core/ids.ts';
import type { CallError } from './attempt.ts';
import { type Call, type Entry, hasEnded } from './call.ts';

/** Returns the public shape of a call (design §2). */
export function toView({ result: own, answers, response, ...call }: Call) {
  const told = answers?.map((one) => ('error' in one ? { error: errorView(one.error) } : one.body));
  const result = told && hasEnded(call) ? { answers: told } : own;
  return { ...toEntryView(call), ...(result !== undefined && { result }), ...(response && { response }) };
}

/** Returns the public shape of a call but for what came of it. */
export function toEntryView(call: Entry) {
  return {
    id: call.id,
    status: call.status,
    connection: connectionRef(call.connection),
    ...(call.requestId !== undefined && { requestId: call.requestId }),
    ...(call.action !== undefined && { action: call.action }),
    ...(call.mocked && { mocked: call.mocked }),
    ...(call.ageS !== undefined && { cached: true as const, ageS: call.ageS }),
    ...(call.error && { error: errorView(call.error) }),
    attempts: call.attempts.map(({ atMs, error, ...rest }) => ({
      at: iso(atMs),
      ...rest,
      ...(error && { error: errorView(error) }),
    })),
    createdAt: iso(call.createdAtMs),
    expiresAt: iso(call.expiresAtMs),
    ...(call.notBeforeMs !== undefined && !hasEnded(call) && { nextAttemptAt: iso(call.notBeforeMs) }),
  };
}

/** `retryAfter` is in seconds, as in the header of that name. */
function errorView({ retryAfterMs, ...error }: CallError) {
  return { ...error, ...(retryAfterMs !== undefined && { retryAfter: Math.ceil(retryAfterMs / 1000) }) };
}
