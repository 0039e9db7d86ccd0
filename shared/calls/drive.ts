import type { LiveCredential } from '../connections/credential.ts';
import { nextDelayMs } from '../core/backoff.ts';
import type { Moment } from '../core/clock.ts';
import { log } from '../core/log.ts';
import type { Result } from '../core/result.ts';
import { findProvider } from '../providers/definitions.ts';
import { accept, type Prepared, prepare, prepareRead } from './asked.ts';
import { type AttemptOutcome, type Attempts, type CallError, isRepeatable, type Job } from './attempt.ts';
import { after, type Call, ended, keyedAtMs, NAP_MS, noted, waiting } from './call.ts';
import { patience } from './conclude.ts';
import { type NextPage, nextPage, requestOf } from './paginate.ts';
import { bearing, isConflict, lacksVersion, versionIn } from './version.ts';

/** Beyond this an attempt does not begin: there would be no time to keep what came of it. */
const MARGIN_MS = 2_000;
/** What threw is not tried again at once. */
export const AFTER_BUG_MS = 5_000;
const NO_VERSION = {
  code: 'unexpected_answer',
  message: 'The provider does not tell the version of what is to be changed.',
};
const FORGOTTEN = {
  code: 'key_outlived',
  message: 'It may have been done earlier, and the provider may have forgotten its idempotency key since.',
};

export interface Budget {
  /** Until when attempts may last. */
  readonly deadlineMs: number;
  /** When the function is ended that makes them. Default: not soon. */
  readonly endsAtMs?: number;
  /** For the first attempt, where it is at hand. */
  readonly credential?: LiveCredential;
}

interface DrivePorts {
  readonly attempts: Attempts;
  readonly stage: string;
}

/** Returns the claimed call after as many attempts as fit into the budget: ended, or waiting. Nothing is written.
 *  Throws what was thrown before anything came of it; what has come is kept, and the rest is tried again. */
export async function drive(claimed: Call, ports: DrivePorts, budget: Budget, moment: Moment): Promise<Call> {
  let call = claimed;
  let { credential } = budget;
  /** In this attempt another change came between once already. */
  let overtaken = false;
  try {
    while (true) {
      if (moment.nowMs >= call.expiresAtMs) return ended(call, 'expired');
      const { provider } = call.connection;
      const turn = call.answers?.length ?? 0;
      const prepared = prepare(call.asked, provider, ports.stage, turn);
      if (!prepared.ok) return unmade(call, prepared.error);
      const step = stepOf(prepared.value, call, ports.stage);
      if (!step.ok) return unmade(call, step.error);

      const timeoutMs = budget.deadlineMs - moment.nowMs;
      if (timeoutMs < MARGIN_MS) return waiting(call, moment.nowMs);
      const startMs = moment.nowMs;
      const borne = bearing(step.value, call.version, turn === 0 ? call.id : `${call.id}_${turn}`);
      const job: Job = {
        ...step.value,
        ...borne,
        call: call.id,
        request: requestOf(borne.request, call.pages?.next),
        tenantId: call.tenantId,
        id: call.connection,
        keyedAtMs: keyedAtMs(call, startMs),
        timeoutMs,
        endsAtMs: budget.endsAtMs,
        lane: call.lane,
        attempt: call.tries + 1,
        slot: call.slot,
        askedAtMs: call.createdAtMs,
        untilMs: call.expiresAtMs,
        cache: call.asked.cache,
        credential,
        requestId: call.requestId,
      };
      if (call.doubt && !maySendAgain(job, ports.stage, startMs)) return unmade(call, FORGOTTEN, 'outcome_unknown');
      const outcome = await ports.attempts.attempt(job, moment);
      credential = undefined;
      if (step.value !== prepared.value && outcome.kind === 'succeeded') {
        const version = prepared.value.version && versionIn(prepared.value.version, outcome);
        call = noted({ ...call, version }, outcome, startMs, moment.nowMs);
        if (version === undefined) return unmade(call, NO_VERSION);
        continue;
      }
      const overtakenNow = call.version !== undefined && isConflict(outcome, provider, ports.stage);
      if (overtakenNow) {
        const waitMs = overtaken ? nextDelayMs(call.tries + 1, patience[call.lane], moment) : 0;
        const again: AttemptOutcome = { kind: 'retry', error: { ...outcome.error, retryable: true }, waitMs };
        call = (overtaken ? after : noted)({ ...call, version: undefined }, again, startMs, moment.nowMs);
        overtaken = !overtaken;
      } else {
        const accepted = step.value === prepared.value ? accept(outcome, call.asked, provider, ports.stage) : outcome;
        call = after(call, accepted, startMs, moment.nowMs, followingPage(prepared.value, outcome));
      }
      if (call.status === 'running') continue;

      const waitMs = (call.slot?.atMs ?? call.notBeforeMs ?? 0) - moment.nowMs;
      if (call.status !== 'waiting' || waitMs > NAP_MS || moment.nowMs + waitMs + MARGIN_MS > budget.deadlineMs)
        return call;
      await moment.sleep(Math.max(0, waitMs));
    }
  } catch (error) {
    if (call === claimed) throw error;
    log.bug('a call stopped half-way', error, { call: call.id, provider: call.connection.provider });
    return waiting(call, moment.nowMs + AFTER_BUG_MS);
  }
}

/** Returns what is sent next: what was asked for, or, before it, what reads the version of what that changes. */
function stepOf(prepared: Prepared, call: Call, stage: string): Result<Prepared> {
  const { version, input } = prepared;
  if (!version || !lacksVersion(prepared, call.version)) return { ok: true, value: prepared };
  return prepareRead(version, input, call.connection.provider, stage);
}

function maySendAgain(job: Job, stage: string, nowMs: number): boolean {
  const entry = findProvider(job.id.provider, stage);
  return entry !== undefined && isRepeatable(job, entry.provider, nowMs);
}

function unmade(
  call: Call,
  { code, message }: Pick<CallError, 'code' | 'message'>,
  ending: 'failed' | 'outcome_unknown' = 'failed',
): Call {
  return ended({ ...call, error: { provider: call.connection.provider, code, message, retryable: false } }, ending);
}

function followingPage({ pagination, request }: Prepared, outcome: AttemptOutcome): NextPage | undefined {
  return pagination && outcome.kind === 'succeeded' ? nextPage(pagination, request, outcome) : undefined;
}
