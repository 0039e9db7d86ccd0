import type { LiveCredential } from '../connections/credential.ts';
import type { Moment } from '../core/clock.ts';
import { accept, type Prepared, prepare } from './asked.ts';
import type { AttemptOutcome, Attempts } from './attempt.ts';
import { after, type Call, ended, NAP_MS, waiting } from './call.ts';
import { type NextPage, nextPage, requestOf } from './paginate.ts';

/** Beyond this an attempt does not begin: there would be no time to keep what came of it. */
const MARGIN_MS = 2_000;

export interface Budget {
  /** Until when attempts may last. */
  readonly deadlineMs: number;
  /** For the first attempt, where it is at hand. */
  readonly credential?: LiveCredential;
}

/** Returns the claimed call after as many attempts as fit into the budget: ended, or waiting. Nothing is written. */
export async function drive(
  claimed: Call,
  { attempts, stage }: { readonly attempts: Attempts; readonly stage: string },
  budget: Budget,
  moment: Moment,
): Promise<Call> {
  let call = claimed;
  let { credential } = budget;
  while (true) {
    if (moment.nowMs >= call.expiresAtMs) return ended(call, 'expired');
    const { provider } = call.connection;
    const prepared = prepare(call.asked, provider, stage);
    if (!prepared.ok) {
      const { code, message } = prepared.error;
      return ended({ ...call, error: { provider, code, message, retryable: false } }, 'failed');
    }

    const timeoutMs = budget.deadlineMs - moment.nowMs;
    if (timeoutMs < MARGIN_MS) return waiting(call, moment.nowMs);
    const startMs = moment.nowMs;
    const outcome = await attempts.attempt(
      {
        ...prepared.value,
        request: requestOf(prepared.value.request, call.pages?.next),
        tenantId: call.tenantId,
        id: call.connection,
        idempotencyKey: call.id,
        timeoutMs,
        lane: call.lane,
        attempt: call.tries + 1,
        slot: call.slot,
        askedAtMs: call.createdAtMs,
        cache: call.asked.cache,
        credential,
      },
      moment,
    );
    credential = undefined;
    const accepted = accept(outcome, call.asked, provider, stage);
    call = after(call, accepted, startMs, moment.nowMs, followingPage(prepared.value, outcome));
    if (call.status === 'running') continue;

    const waitMs = (call.slot?.atMs ?? call.notBeforeMs ?? 0) - moment.nowMs;
    if (call.status !== 'waiting' || waitMs > NAP_MS || moment.nowMs + waitMs + MARGIN_MS > budget.deadlineMs)
      return call;
    await moment.sleep(Math.max(0, waitMs));
  }
}

function followingPage({ pagination, request }: Prepared, outcome: AttemptOutcome): NextPage | undefined {
  return pagination && outcome.kind === 'succeeded' ? nextPage(pagination, request, outcome) : undefined;
}
