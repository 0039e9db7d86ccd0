import { nextDelayMs } from '../core/backoff.ts';
import type { Moment } from '../core/clock.ts';
import { type HubError, outcomes } from '../core/errors.ts';
import type { ConnectionId } from '../core/ids.ts';
import type { AttemptOutcome, CallError, Job } from './attempt.ts';
import type { Verdict } from './judge.ts';

// What an attempt comes to, from what was found out: pure.

/** How long a failed attempt waits; bulk work has hours. */
export const patience = {
  interactive: { baseMs: 1_000, capMs: 60_000 },
  bulk: { baseMs: 1_000, capMs: 3_600_000 },
} as const;

/** Returns what the verdict on an exchange means for its call. */
export function conclude(job: Job, verdict: Verdict, moment: Moment): AttemptOutcome {
  const doubt = verdict.kind !== 'succeeded' && job.effect === 'write' ? verdict.doubt : undefined;
  switch (verdict.kind) {
    case 'succeeded':
      return { kind: 'succeeded', status: verdict.status, headers: verdict.headers, body: verdict.body };
    case 'unknown':
      return { kind: 'unknown', error: verdict.error };
    case 'failed':
    case 'unauthorized':
      return { kind: doubt ? 'unknown' : 'failed', error: verdict.error };
    case 'retry':
    case 'throttled':
      return { ...retry(job, verdict.error, moment), ...(doubt && { doubt }) };
  }
}

/** Returns what becomes of a call whose credential cannot be had: tried later, or over. */
export function withoutCredential(job: Job, error: HubError, moment: Moment): AttemptOutcome {
  if (outcomes[error.code].fate === 'settle') return refused(job.id, error);
  const { code, message, retryAfterMs } = error;
  return retry(job, { provider: job.id.provider, code, message, retryAfterMs, retryable: true }, moment);
}

/** Returns the failure of a call that the hub itself does not make. */
export function refused(
  { provider }: ConnectionId,
  { code, message }: Pick<HubError, 'code' | 'message'>,
): AttemptOutcome {
  return { kind: 'failed', error: { provider, code, message, retryable: false } };
}

function retry(job: Job, error: CallError, moment: Moment) {
  const waitMs = nextDelayMs(job.attempt ?? 1, patience[job.lane], moment, error.retryAfterMs);
  return { kind: 'retry' as const, error, waitMs };
}
