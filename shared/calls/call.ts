import type { ConnectionId, TenantId } from '../core/ids.ts';
import type { ApiRequest } from '../providers/actions.ts';
import type { Slot } from './admit.ts';
import type { AttemptOutcome, CallError, Doubt } from './attempt.ts';
import type { callStatuses, GraphqlBody, Wanted } from './contract.ts';
import type { NextPage } from './paginate.ts';

export type CallStatus = (typeof callStatuses)[number];
export type Lane = 'interactive' | 'bulk';

/** What was asked for, as given: an action is looked up and its request built anew for each attempt. */
export type Asked = Pick<Wanted, 'paginate' | 'cache'> &
  (
    | { readonly action: string; readonly input: unknown; readonly graphql?: undefined }
    | { readonly action?: undefined; readonly graphql: GraphqlBody | readonly GraphqlBody[] }
    | { readonly action?: undefined; readonly graphql?: undefined; readonly request: ApiRequest }
  );

export interface Attempt {
  readonly atMs: number;
  readonly ms: number;
  /** Of the answer's body. */
  readonly bytes?: number;
  readonly status?: number;
  readonly error?: CallError;
}

/** What attempts came to in sum. */
export interface Sum {
  readonly attempts: number;
  readonly ms: number;
  readonly bytes: number;
}

/** Who works on a call at present; it outlasts the function that took it, so that no two ever do. */
export interface Claim {
  readonly token: string;
  readonly untilMs: number;
}

/** What one of several operations came to: GraphQL's own answer, or why there is none. */
export type OperationAnswer = { readonly body: unknown } | { readonly error: CallError };

/** What goes to the provider and comes from it: sealed at rest. */
export interface Contents {
  readonly asked: Asked;
  /** The pages that have come, and where the next one is. */
  readonly pages?: { readonly bodies: readonly unknown[]; readonly next?: NextPage };
  /** The version, as it was read, of what is to be changed. */
  readonly version?: string;
  /** Of several operations, what has come of each so far. */
  readonly answers?: readonly OperationAnswer[];
  readonly result?: unknown;
  /** What came with the result of a raw request. */
  readonly response?: { readonly status: number; readonly headers: Readonly<Record<string, string>> };
}

/** A call but for its contents; times in ms since the epoch. */
export interface Entry {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly connection: ConnectionId;
  readonly action?: string;
  /** What it asks of, without what it asks: the action, or method and path. */
  readonly endpoint: string;
  /** Of the request that brought it. */
  readonly requestId?: string;
  readonly lane: Lane;
  readonly status: CallStatus;
  readonly attempts: readonly Attempt[];
  /** Those that were made before the ones on record. */
  readonly earlier?: Sum;
  /** Attempts since the call was submitted, or last retried by hand. */
  readonly tries: number;
  /** What attempts have left open, and no later one has told. */
  readonly doubt?: Doubt;
  /** The result is the action's example: the provider was not asked, or did not answer. */
  readonly mocked?: true;
  /** The result comes from the cache: how old it was then, in seconds. */
  readonly ageS?: number;
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

export interface Call extends Entry, Contents {}

/** A call as stored. */
export interface SealedCall extends Entry {
  readonly sealed: string;
}

export const endings = ['succeeded', 'failed', 'outcome_unknown', 'cancelled', 'expired'] as const;
/** Endings that may be tried again by hand. */
export const retryable = ['failed', 'outcome_unknown', 'expired'] as const;

/** Of a result, as a row has room for it. */
export const MAX_RESULT_BYTES = 250_000;
const MAX_TRIES = { interactive: 5, bulk: 20 } as const;
/** Of all attempts ever made, the row keeps the last. */
const KEPT_ATTEMPTS = 20;
/** Refusals that an earlier attempt may be the reason for, or that it did not meet. */
const untold = new Set([401, 403, 404, 409, 410, 412]);
/** Waits up to this long are slept through; longer ones go back to the queue. Queues count in seconds and slots do not: who
 *  has one comes back so much earlier, and sleeps the rest. */
export const NAP_MS = 1_000;
/** A waiting call whose message was lost is handed over again this long after its time. */
export const GRACE_MS = 2 * 60_000;
/** A queued call whose message was lost is handed over again after this. */
export const QUEUE_PATIENCE_MS = 5 * 60_000;
/** What an attempt is on record with whose worker was not heard of again. */
export const INTERRUPTED = 'interrupted';
export const LIFETIME_MS = 24 * 60 * 60_000;
/** Response headers that an owner may need: pages, and conditional requests. */
const keptHeaders = ['content-type', 'etag', 'last-modified', 'link', 'location', 'retry-after'];

export function hasEnded({ status }: Entry): boolean {
  return (endings as readonly CallStatus[]).includes(status);
}

/** Returns the call after one attempt that began at `startMs`: ended, waiting for its next time, or still under way where
 *  another page follows. */
export function after(call: Call, outcome: AttemptOutcome, startMs: number, nowMs: number, next?: NextPage): Call {
  if (outcome.kind === 'deferred') {
    const { slot, waitMs } = outcome;
    return waiting({ ...call, slot }, nowMs + (slot ? Math.max(0, waitMs - NAP_MS) : waitMs));
  }

  if (outcome.kind === 'succeeded' && outcome.unasked) {
    return ended({ ...call, ageS: outcome.ageS, ...resultOf(call, outcome) }, 'succeeded');
  }
  const tried = { ...noted(call, outcome, startMs, nowMs), tries: call.tries + 1 };
  switch (outcome.kind) {
    case 'succeeded': {
      const told = { ...tried, doubt: undefined, mocked: outcome.mocked };
      if (operationsOf(call.asked)) return answered(told, { body: outcome.body });
      return call.asked.paginate
        ? turned(told, outcome.body, call.asked.paginate.maxPages, next)
        : ended({ ...told, ageS: outcome.ageS, ...resultOf(call, outcome) }, 'succeeded');
    }
    case 'failed': {
      const { status } = outcome.error;
      if (call.doubt && (status === undefined || untold.has(status))) return ended(tried, 'outcome_unknown');
      const told = { ...tried, doubt: undefined };
      return operationsOf(call.asked) ? answered(told, { error: outcome.error }) : ended(told, 'failed');
    }
    case 'unknown':
      return ended(tried, 'outcome_unknown');
    case 'retry': {
      const doubt = call.doubt === 'unanswered' ? call.doubt : (outcome.doubt ?? call.doubt);
      const next = { ...tried, doubt };
      return next.tries >= MAX_TRIES[call.lane] ? ended(next, 'failed') : waiting(next, nowMs + outcome.waitMs);
    }
  }
}

/** Returns when the call's idempotency key was first used, as far back as it may have been. */
export function keyedAtMs({ attempts: [first], earlier, createdAtMs }: Entry, nowMs: number): number {
  if (earlier || first?.error?.code === INTERRUPTED) return createdAtMs;
  return first?.atMs ?? nowMs;
}

/** Returns the operations of a call that has several. */
function operationsOf({ graphql }: Asked): readonly GraphqlBody[] | undefined {
  return graphql && 'length' in graphql ? graphql : undefined;
}

/** One that fails does not keep the next from being made: they were asked for beside each other. */
function answered(call: Call, answer: OperationAnswer): Call {
  const before = call.answers ?? [];
  const fits = Buffer.byteLength(JSON.stringify([...before, answer])) <= MAX_RESULT_BYTES;
  const message = `The answers together are over ${MAX_RESULT_BYTES} bytes.`;
  const { provider } = call.connection;
  const tooLarge = { error: { provider, code: 'result_too_large', message, retryable: false } };
  const next = { ...call, error: undefined, answers: [...before, fits ? answer : tooLarge] };
  const all = operationsOf(call.asked)?.length ?? 1;
  return next.answers.length < all ? { ...next, tries: 0 } : ended(next, 'succeeded');
}

/** Returns the call, still under way, with one more request on record. */
export function noted(
  call: Call,
  outcome: Exclude<AttemptOutcome, { kind: 'deferred' }>,
  startMs: number,
  nowMs: number,
): Call {
  const error = outcome.kind === 'succeeded' ? undefined : outcome.error;
  const status = outcome.kind === 'succeeded' ? outcome.status : outcome.error.status;
  const attempt: Attempt = { atMs: startMs, ms: nowMs - startMs, bytes: outcome.bytes, status, error };
  const attempts = [...call.attempts, attempt];
  const gone = attempts.slice(0, -KEPT_ATTEMPTS);
  return {
    ...call,
    slot: undefined,
    attempts: attempts.slice(-KEPT_ATTEMPTS),
    ...(gone.length > 0 && { earlier: sumOf({ attempts: gone, earlier: call.earlier }) }),
    error,
  };
}

/** Returns all that was ever tried, in sum. */
export function sumOf({
  attempts,
  earlier = { attempts: 0, ms: 0, bytes: 0 },
}: Pick<Entry, 'attempts' | 'earlier'>): Sum {
  return {
    attempts: earlier.attempts + attempts.length,
    ms: attempts.reduce((sum, { ms }) => sum + ms, earlier.ms),
    bytes: attempts.reduce((sum, { bytes = 0 }) => sum + bytes, earlier.bytes),
  };
}

/** A page that does not fit beside the others is left for another call. */
function turned(call: Call, body: unknown, maxPages: number, next: NextPage | undefined): Call {
  const before = call.pages?.bodies ?? [];
  const all = [...before, body];
  const fits = Buffer.byteLength(JSON.stringify(all)) <= MAX_RESULT_BYTES;
  const bodies = fits ? all : before;
  if (next && fits && all.length < maxPages) return { ...call, tries: 0, pages: { bodies, next } };
  return ended(
    { ...call, pages: undefined, result: { pages: bodies, more: !fits || next !== undefined } },
    'succeeded',
  );
}

/** Returns the call as it waits until `notBeforeMs`; one that cannot be tried before its end has expired. */
export function waiting<C extends Entry>(call: C, notBeforeMs: number): C {
  if (notBeforeMs >= call.expiresAtMs) return ended(call, 'expired');
  return { ...call, status: 'waiting', notBeforeMs, claim: undefined, dueAtMs: notBeforeMs + GRACE_MS };
}

/** Returns the call in one of its final states: nothing is due any more. What was sent and never answered has not failed. */
export function ended<C extends Entry>(call: C, ending: (typeof endings)[number]): C {
  const open = call.doubt === 'unanswered' && (ending === 'failed' || ending === 'expired');
  return {
    ...call,
    status: open ? 'outcome_unknown' : ending,
    claim: undefined,
    slot: undefined,
    notBeforeMs: undefined,
    dueAtMs: undefined,
  };
}

/** Returns an ended call as it begins anew: same id, so the same idempotency key; what was tried stays on record. Whoever
 *  asks again for one that may have been done knows it. */
export function requeued<C extends Entry>(call: C, nowMs: number): C {
  return {
    ...ended(call, 'failed'),
    status: 'queued',
    tries: 0,
    doubt: call.status === 'outcome_unknown' ? undefined : call.doubt,
    error: undefined,
    dueAtMs: nowMs + QUEUE_PATIENCE_MS,
    expiresAtMs: nowMs + LIFETIME_MS,
  };
}

function resultOf(call: Call, { status, headers, body }: Extract<AttemptOutcome, { kind: 'succeeded' }>) {
  if (call.asked.action !== undefined || call.asked.graphql) return { result: body };
  const kept = keptHeaders.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]] as const]));
  return { result: body, response: { status, headers: Object.fromEntries(kept) } };
}
