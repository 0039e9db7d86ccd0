import { iso } from '../core/clock.ts';
import { type ConnectionId, connectionRef, type TenantId } from '../core/ids.ts';
import type { ApiRequest } from '../providers/actions.ts';
import type { Slot } from './admit.ts';
import type { AttemptOutcome, CallError } from './attempt.ts';
import type { callStatuses } from './contract.ts';

export type CallStatus = (typeof callStatuses)[number];
export type Lane = 'interactive' | 'bulk';

/** What was asked for, as given: an action is looked up and its request built anew for each attempt. */
export type Asked =
  | { readonly action: string; readonly input: unknown }
  | { readonly action?: undefined; readonly request: ApiRequest };

export interface Attempt {
  readonly atMs: number;
  readonly ms: number;
  readonly status?: number;
  readonly error?: CallError;
}

/** Who works on a call at present; it outlasts the function that took it, so that no two ever do. */
export interface Claim {
  readonly token: string;
  readonly untilMs: number;
}

/** One call as stored; times in ms since the epoch. */
export interface Call {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly connection: ConnectionId;
  readonly asked: Asked;
  /** Of what was asked, for the connection it was asked of: a repeated idempotency key must bring the same. */
  readonly askedHash: string;
  readonly lane: Lane;
  readonly status: CallStatus;
  readonly attempts: readonly Attempt[];
  /** Attempts since the call was submitted, or last retried by hand. */
  readonly tries: number;
  readonly result?: unknown;
  /** What came with the result of a raw request. */
  readonly response?: { readonly status: number; readonly headers: Readonly<Record<string, string>> };
  readonly error?: CallError;
  readonly slot?: Slot;
  /** Not tried before this. */
  readonly notBeforeMs?: number;
  readonly claim?: Claim;
  /** When the tick hands it to a worker, unless something has happened before; absent once it has ended. */
  readonly dueAtMs?: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

export const endings = ['succeeded', 'failed', 'outcome_unknown', 'cancelled', 'expired'] as const;
/** Endings that may be tried again by hand. */
export const retryable = ['failed', 'outcome_unknown', 'expired'] as const;

const MAX_TRIES = { interactive: 5, bulk: 20 } as const;
/** Of all attempts ever made, the row keeps the last. */
const KEPT_ATTEMPTS = 20;
/** A waiting call whose message was lost is handed over again this long after its time. */
export const GRACE_MS = 2 * 60_000;
/** A queued call whose message was lost is handed over again after this. */
export const QUEUE_PATIENCE_MS = 5 * 60_000;
export const LIFETIME_MS = 24 * 60 * 60_000;
/** Response headers that an owner may need: pages, and conditional requests. */
const keptHeaders = ['content-type', 'etag', 'last-modified', 'link', 'location', 'retry-after'];

export function hasEnded({ status }: Call): boolean {
  return (endings as readonly CallStatus[]).includes(status);
}

/** Returns the public shape of a call (design §2). */
export function toView(call: Call) {
  return {
    id: call.id,
    status: call.status,
    connection: connectionRef(call.connection),
    ...(call.asked.action !== undefined && { action: call.asked.action }),
    ...(call.result !== undefined && { result: call.result }),
    ...(call.response && { response: call.response }),
    ...(call.error && { error: call.error }),
    attempts: call.attempts.map(({ atMs, ...rest }) => ({ at: iso(atMs), ...rest })),
    createdAt: iso(call.createdAtMs),
    expiresAt: iso(call.expiresAtMs),
    ...(call.notBeforeMs !== undefined && !hasEnded(call) && { nextAttemptAt: iso(call.notBeforeMs) }),
  };
}

/** Returns the call after one attempt that began at `startMs`: ended, or waiting for its next time. */
export function after(call: Call, outcome: AttemptOutcome, startMs: number, nowMs: number): Call {
  if (outcome.kind === 'deferred') return waiting({ ...call, slot: outcome.slot }, nowMs + outcome.waitMs);

  const error = outcome.kind === 'succeeded' ? undefined : outcome.error;
  const status = outcome.kind === 'succeeded' ? outcome.status : outcome.error.status;
  const attempt: Attempt = { atMs: startMs, ms: nowMs - startMs, status, error };
  const tried: Call = {
    ...call,
    slot: undefined,
    tries: call.tries + 1,
    attempts: [...call.attempts, attempt].slice(-KEPT_ATTEMPTS),
    error,
  };
  switch (outcome.kind) {
    case 'succeeded':
      return ended({ ...tried, ...resultOf(call, outcome) }, 'succeeded');
    case 'failed':
      return ended(tried, 'failed');
    case 'unknown':
      return ended(tried, 'outcome_unknown');
    case 'retry':
      if (tried.tries >= MAX_TRIES[call.lane]) return ended(tried, 'failed');
      return waiting(tried, nowMs + outcome.waitMs);
  }
}

/** Returns the call as it waits until `notBeforeMs`; one that cannot be tried before its end has expired. */
export function waiting(call: Call, notBeforeMs: number): Call {
  if (notBeforeMs >= call.expiresAtMs) return ended(call, 'expired');
  return { ...call, status: 'waiting', notBeforeMs, claim: undefined, dueAtMs: notBeforeMs + GRACE_MS };
}

/** Returns the call in one of its final states: nothing is due any more. */
export function ended(call: Call, status: (typeof endings)[number]): Call {
  return { ...call, status, claim: undefined, slot: undefined, notBeforeMs: undefined, dueAtMs: undefined };
}

/** Returns an ended call as it begins anew: same id, so the same idempotency key; what was tried stays on record. */
export function requeued(call: Call, nowMs: number): Call {
  return {
    ...ended(call, 'failed'),
    status: 'queued',
    tries: 0,
    error: undefined,
    dueAtMs: nowMs + QUEUE_PATIENCE_MS,
    expiresAtMs: nowMs + LIFETIME_MS,
  };
}

function resultOf(call: Call, { status, headers, body }: Extract<AttemptOutcome, { kind: 'succeeded' }>) {
  if (call.asked.action !== undefined) return { result: body };
  const kept = keptHeaders.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]] as const]));
  return { result: body, response: { status, headers: Object.fromEntries(kept) } };
}
