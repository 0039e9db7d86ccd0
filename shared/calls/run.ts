import type { Bus, Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { type HubError, outcomes } from '../core/errors.ts';
import { hubEvent } from '../core/event.ts';
import { log } from '../core/log.ts';
import { findProvider } from '../providers/definitions.ts';
import { prepare } from './asked.ts';
import { type Attempts, isRepeatable } from './attempt.ts';
import {
  after,
  type Call,
  type Claim,
  type Entry,
  ended,
  hasEnded,
  INTERRUPTED,
  keyedAtMs,
  type SealedCall,
  waiting,
} from './call.ts';
import type { CallContents } from './contents.ts';
import type { CallMessage } from './contract.ts';
import { AFTER_BUG_MS, type Budget, drive } from './drive.ts';
import type { CallStore } from './store.ts';

export interface CallPorts {
  readonly calls: CallStore;
  readonly contents: CallContents;
  readonly attempts: Attempts;
  readonly queue: Queue;
  readonly bus: Bus;
  readonly stage: string;
}

/** A message waits hidden for at most this long; a longer wait is the tick's (§5: far under SQS's limit in flight). */
export const LONGEST_HIDE_MS = 15 * 60_000;
/** Each wait is a receive, and the queue gives up on a message after ten: from here on the tick brings a new one. */
const MOST_RECEIVES = 7;
/** A message that is this early is not a second one: its clock is not ours. */
const EARLY_MS = 5_000;
/** After the function's end nobody works on the call: the claim ends a little later. */
export const CLAIM_MARGIN_MS = 1_000;
/** Kept of the function's time for writing and publishing. */
export const CLOSING_MS = 5_000;
/** What threw comes back with its message, and to the dead letters if it goes on; the tick does not multiply it. */
const AFTER_BUG = { notBeforeMs: AFTER_BUG_MS, dueMs: 60 * 60_000 } as const;

/** What becomes of the message: it is done with, or comes back in `waitMs`. */
export type Fate = 'settle' | { readonly waitMs: number };

/** Returns what becomes of the message, after the call that it names has been tried if it was time. Received any number of
 *  times, in any order and at once, it has one effect (E-26). */
export async function run(
  message: CallMessage,
  { receives, remainingMs }: { readonly receives: number; readonly remainingMs: number },
  ports: CallPorts,
  moment: Moment,
): Promise<Fate> {
  const calls = ports.calls.forTenant(message.tenant);
  const claim: Claim = { token: moment.token(16), untilMs: moment.nowMs + remainingMs + CLAIM_MARGIN_MS };
  const endsAtMs = moment.nowMs + remainingMs;
  const budget = { deadlineMs: endsAtMs - CLOSING_MS, endsAtMs };
  const taken = await calls.take(message.call, claim, moment.nowMs);

  switch (taken.kind) {
    case 'gone':
    case 'busy':
      return 'settle';
    case 'early': {
      const waitMs = (taken.call.notBeforeMs ?? 0) - moment.nowMs;
      return waitMs <= EARLY_MS ? { waitMs } : 'settle';
    }
    case 'ended':
      await announce(taken.call, ports.bus, moment); // the one who ended it may not have come to that
      return 'settle';
  }

  const opened = await ports.contents.open(taken.call);
  if (!opened.ok) return unopened(taken, opened.error, claim, ports, moment);
  const began = taken.interrupted ? interrupted(opened.value, ports.stage, moment) : opened.value;
  const driven = hasEnded(began) ? began : await drivenOrReleased(began, claim, budget, ports, moment);
  const waitMs = driven.notBeforeMs === undefined ? 0 : Math.max(0, driven.notBeforeMs - moment.nowMs);
  const hides = waitMs <= LONGEST_HIDE_MS && receives < MOST_RECEIVES;
  const call = hides || hasEnded(driven) ? driven : { ...driven, dueAtMs: driven.notBeforeMs };
  if (!(await saveSealed(call, claim, ports))) {
    log.warn('a call was taken from the one who worked on it', { call: call.id, provider: call.connection.provider });
    return 'settle';
  }
  if (!hasEnded(call)) return hides ? { waitMs } : 'settle';
  await announce(call, ports.bus, moment);
  return 'settle';
}

/** Writes what came of a claimed call; throws where it cannot be sealed: its claim runs out, and it counts as interrupted. */
export async function saveSealed(call: Call, claim: Claim, { calls, contents }: CallPorts): Promise<boolean> {
  const sealed = await contents.seal(call);
  if (!sealed.ok) throw new Error('what came of a call was not sealed');
  return calls.forTenant(call.tenantId).save(sealed.value, claim);
}

/** What cannot be opened at present comes back; what nothing opens any more has failed. */
async function unopened(
  { call, interrupted }: { readonly call: SealedCall; readonly interrupted: boolean },
  { code }: HubError,
  claim: Claim,
  { calls, bus }: CallPorts,
  moment: Moment,
): Promise<Fate> {
  const own = calls.forTenant(call.tenantId);
  if (outcomes[code].fate === 'retry') {
    if (interrupted) return 'settle'; // the claim runs out, and the tick brings it: that it may have been sent stays known
    const waitMs = AFTER_BUG.notBeforeMs;
    await own.release(call, claim, moment.nowMs + waitMs, moment.nowMs + AFTER_BUG.dueMs);
    return { waitMs };
  }
  const message = 'What this call asks for cannot be opened any more.';
  const error = { provider: call.connection.provider, code: 'unreadable', message, retryable: false };
  const next = ended({ ...call, error }, 'failed');
  if (await own.save(next, claim)) await announce(next, bus, moment);
  return 'settle';
}

/** Where nothing has come of the call, its claim is given back; that it was interrupted is not to be forgotten. */
async function drivenOrReleased(call: Call, claim: Claim, budget: Budget, ports: CallPorts, moment: Moment) {
  try {
    return await drive(call, ports, budget, moment);
  } catch (error) {
    const [notBeforeMs, dueAtMs] = [moment.nowMs + AFTER_BUG.notBeforeMs, moment.nowMs + AFTER_BUG.dueMs];
    if (call.status === 'running') {
      await ports.calls.forTenant(call.tenantId).release(call, claim, notBeforeMs, dueAtMs);
    } else {
      const next = waiting(call, notBeforeMs);
      await saveSealed(hasEnded(next) ? next : { ...next, dueAtMs }, claim, ports);
    }
    throw error;
  }
}

/** Whoever worked on it may have sent it: what cannot be sent twice is not sent again (E-25). */
function interrupted(call: Call, stage: string, { nowMs }: Moment): Call {
  const provider = findProvider(call.connection.provider, stage)?.provider;
  const prepared = prepare(call.asked, call.connection.provider, stage);
  const job = prepared.ok && { ...prepared.value, idempotencyKey: call.id, keyedAtMs: keyedAtMs(call, nowMs) };
  const safe = provider && job && isRepeatable(job, provider, nowMs);
  const error = {
    provider: call.connection.provider,
    code: INTERRUPTED,
    message: 'The hub was interrupted while it made this call.',
    retryable: safe === true,
  };
  const doubt = job && job.effect === 'write' ? { doubt: 'unanswered' as const } : {};
  return after(call, safe ? { kind: 'retry', error, waitMs: 0, ...doubt } : { kind: 'unknown', error }, nowMs, nowMs);
}

/** Tells the owner how a call ended; the same ending has the same event id, however often it is told: each time that a call
 *  begins anew it is to end at another time. */
export async function announce(call: Entry, bus: Bus, moment: Moment): Promise<void> {
  if (call.status === 'cancelled') return;
  const id = `evt_${call.id.slice(5)}_${call.expiresAtMs.toString(36)}`;
  const about = { tenant: call.tenantId, connection: call.connection, id };
  const event =
    call.status === 'succeeded'
      ? hubEvent('call.succeeded', about, { call: call.id }, moment)
      : hubEvent(
          'call.failed',
          about,
          { call: call.id, status: call.status, code: call.error?.code ?? call.status },
          moment,
        );
  await bus.publish([event]);
}

/** Returns the message that hands a call to a worker; a tenant's calls are one group, so that queues stay fair (E-29). */
export function messageOf({ tenantId, id, requestId }: Pick<Entry, 'tenantId' | 'id' | 'requestId'>, delayMs = 0) {
  const message: CallMessage = { tenant: tenantId, call: id, requestId };
  return {
    body: JSON.stringify(message),
    group: tenantId,
    ...(delayMs > 0 && { delayS: Math.ceil(delayMs / 1000) }),
  };
}
