import { authorise, placeOf } from '../connections/authorise.ts';
import { kindOf } from '../connections/connection.ts';
import type { LiveCredential } from '../connections/credential.ts';
import { valuesOf } from '../connections/grant.ts';
import { nextDelayMs } from '../core/backoff.ts';
import type { Moment } from '../core/clock.ts';
import { type HubError, outcomes } from '../core/errors.ts';
import type { Send } from '../core/fetch.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import { ok, type Result } from '../core/result.ts';
import type { ApiRequest } from '../providers/actions.ts';
import { type ReadApp, variablesOf } from '../providers/app.ts';
import { findProvider } from '../providers/catalogue.ts';
import { type Provider, wayOf } from '../providers/provider.ts';
import { pacesOf, type Slot } from './admit.ts';
import { judge, type Verdict } from './judge.ts';
import type { LimitStore } from './limit-store.ts';
import { buildRequest } from './request.ts';

/** What went wrong with a provider; `code` is the provider's own where it has one. */
export interface CallError {
  readonly provider: string;
  readonly status?: number;
  readonly code: string;
  readonly message: string;
  readonly requestId?: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly details?: unknown;
}

export interface Job {
  readonly tenantId: TenantId;
  readonly id: ConnectionId;
  readonly request: ApiRequest;
  /** The action and its input, where one is called: limits may be declared for them. */
  readonly action?: string;
  readonly input?: unknown;
  /** Stable over all attempts; sent where the provider has a header for it. */
  readonly idempotencyKey?: string;
  readonly effect: 'read' | 'write';
  /** For all of the attempt; one exchange has 30 s at most. */
  readonly timeoutMs: number;
  readonly lane: 'interactive' | 'bulk';
  /** Which attempt this is, from 1 (the default): the wait grows with it. */
  readonly attempt?: number;
  /** The slot that an earlier `deferred` reserved: it is used instead of a new one. */
  readonly slot?: Slot;
  /** Where the caller has just read it; else it is read here. */
  readonly credential?: LiveCredential;
}

export type AttemptOutcome =
  | {
      readonly kind: 'succeeded';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** The JSON value; text or `{base64}` where the answer is none; null where it is empty. */
      readonly body: unknown;
    }
  /** Nothing came of it; `waitMs` has the backoff and what the provider asked for. */
  | { readonly kind: 'retry'; readonly error: CallError; readonly waitMs: number }
  /** Nothing was sent: not an attempt. Come back after `waitMs`, with the slot. */
  | { readonly kind: 'deferred'; readonly waitMs: number; readonly slot?: Slot }
  | { readonly kind: 'failed'; readonly error: CallError }
  /** A write that may have reached the provider, and cannot be repeated safely. */
  | { readonly kind: 'unknown'; readonly error: CallError };

export interface AttemptPorts {
  readonly credentials: {
    live(
      tenantId: TenantId,
      id: ConnectionId,
      options?: { readonly refusedGeneration?: number },
    ): Promise<Result<LiveCredential>>;
  };
  readonly limits: LimitStore;
  readonly send: Send;
  readonly readApp: ReadApp;
  readonly stage: string;
}

export type Attempts = ReturnType<typeof openAttempts>;

/** One exchange is given up after this, however much time the attempt has. */
const EXCHANGE_MS = 30_000;
/** With less than this nothing is sent: the provider would do it, and nobody would hear of it. */
const LEAST_MS = 1_000;

/** How long a failed attempt waits; bulk work has hours. */
const patience = {
  interactive: { baseMs: 1_000, capMs: 60_000 },
  bulk: { baseMs: 1_000, capMs: 3_600_000 },
} as const;

/** Returns the one way to a provider: live credential, admission, one guarded exchange, judgement. */
export function openAttempts({ credentials, limits, send, readApp, stage }: AttemptPorts) {
  async function attempt(job: Job, moment: Moment): Promise<AttemptOutcome> {
    const { tenantId, id } = job;
    const deadlineMs = moment.nowMs + job.timeoutMs;
    const entry = findProvider(id.provider, stage);
    if (!entry) return refused(id, { code: 'not_found', message: 'The hub does not have this provider.' });

    const { provider } = entry;
    const app = await readApp(provider.id);
    const checked = buildRequest(provider.api, app, job.request, job.idempotencyKey);
    if (!checked.ok) return refused(id, checked.error);

    const found = job.credential ? ok(job.credential) : await credentials.live(tenantId, id);
    if (!found.ok) return withoutCredential(job, found.error, moment);
    const { connection } = found.value;
    const way = wayOf(provider, kindOf(connection));
    if (!way) return refused(id, { code: 'not_found', message: 'The provider is not connected in this way any more.' });
    const parts = { ...(way.kind === 'oauth2' && variablesOf(way, app)), ...valuesOf(connection, {}) };
    const request = buildRequest(provider.api, app, job.request, job.idempotencyKey, parts);
    if (!request.ok) return refused(id, request.error);

    const paces = pacesOf(provider.limits, job.action, job.input);
    const admission = await limits.take(tenantId, id, paces, moment, job.slot);
    if (admission.waitMs > 0) {
      measure('CallDeferred', { provider: provider.id });
      return { kind: 'deferred', ...admission };
    }

    const exchange = async (credential: LiveCredential): Promise<Verdict | 'too late'> => {
      const timeoutMs = Math.min(EXCHANGE_MS, deadlineMs - moment.nowMs);
      if (timeoutMs < LEAST_MS) return 'too late';
      const values = valuesOf(credential.connection, credential.secrets);
      const authorised = await authorise(request.value, placeOf(way), values, moment.nowMs);
      const answer = await send({ ...authorised, timeoutMs });
      return judge(provider, answer, { repeatable: isRepeatable(job, provider), nowMs: moment.nowMs });
    };

    let verdict = await exchange(found.value);
    if (verdict !== 'too late' && verdict.kind === 'unauthorized') {
      const fresh = await credentials.live(tenantId, id, { refusedGeneration: found.value.generation });
      if (!fresh.ok) return withoutCredential(job, fresh.error, moment);
      if (fresh.value.generation !== found.value.generation) verdict = await exchange(fresh.value);
    }
    // The slot has been used up, so it does not come along.
    if (verdict === 'too late') return { kind: 'deferred', waitMs: LEAST_MS };
    if (verdict.kind === 'throttled' && verdict.error.retryAfterMs) {
      await blockQuietly(job, verdict.error.retryAfterMs, moment);
    }
    return conclude(job, verdict, moment);
  }

  /** Nothing may be lost of what the provider has answered because a hint to the others could not be written. */
  async function blockQuietly({ tenantId, id }: Job, waitMs: number, moment: Moment): Promise<void> {
    try {
      await limits.block(tenantId, id, moment.nowMs + waitMs, moment.nowMs);
    } catch (error) {
      log.bug('a pause for a connection was not written', error, { provider: id.provider });
    }
  }

  return {
    async attempt(job: Job, moment: Moment): Promise<AttemptOutcome> {
      const startMs = moment.nowMs;
      const outcome = await attempt(job, moment);
      if (outcome.kind === 'deferred') return outcome;
      measure('CallAttempt', { provider: job.id.provider, outcome: outcome.kind });
      measure('CallLatency', { provider: job.id.provider }, moment.nowMs - startMs, 'Milliseconds');
      return outcome;
    },
  };
}

/** Returns whether sending it twice does no more than once: reads, PUT and DELETE (RFC 9110 §9.2.2), keyed writes. */
export function isRepeatable(
  { effect, request, idempotencyKey }: Pick<Job, 'effect' | 'request' | 'idempotencyKey'>,
  { api }: Provider,
): boolean {
  if (effect === 'read' || request.method === 'PUT' || request.method === 'DELETE') return true;
  return api.idempotencyHeader !== undefined && idempotencyKey !== undefined;
}

function conclude(job: Job, verdict: Verdict, moment: Moment): AttemptOutcome {
  switch (verdict.kind) {
    case 'succeeded':
      return verdict;
    case 'unknown':
      return { kind: 'unknown', error: verdict.error };
    case 'failed':
    case 'unauthorized':
      return { kind: 'failed', error: verdict.error };
    case 'retry':
    case 'throttled':
      return retry(job, verdict.error, moment);
  }
}

function retry(job: Job, error: CallError, moment: Moment): AttemptOutcome {
  const waitMs = nextDelayMs(job.attempt ?? 1, patience[job.lane], moment, error.retryAfterMs);
  return { kind: 'retry', error, waitMs };
}

function withoutCredential(job: Job, error: HubError, moment: Moment): AttemptOutcome {
  if (outcomes[error.code].fate === 'settle') return refused(job.id, error);
  const { code, message, retryAfterMs } = error;
  return retry(job, { provider: job.id.provider, code, message, retryAfterMs, retryable: true }, moment);
}

function refused({ provider }: ConnectionId, { code, message }: Pick<HubError, 'code' | 'message'>): AttemptOutcome {
  return { kind: 'failed', error: { provider, code, message, retryable: false } };
}
