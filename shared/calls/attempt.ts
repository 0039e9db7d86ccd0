import { authorise, isFilled } from '../connections/authorise.ts';
import { kindOf } from '../connections/connection.ts';
import type { Credentials, LiveCredential } from '../connections/credential.ts';
import { valuesOf } from '../connections/grant.ts';
import type { Moment } from '../core/clock.ts';
import type { Send } from '../core/fetch.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import { ok } from '../core/result.ts';
import type { ApiRequest } from '../providers/actions.ts';
import { type ReadApp, variablesOf } from '../providers/app.ts';
import { findProvider } from '../providers/definitions.ts';
import { type Provider, wayOf } from '../providers/provider.ts';
import { pacesOf, type Slot } from './admit.ts';
import { type AnswerCache, conditionsOf, fresh, outcomeOf, toKeep } from './cache.ts';
import { conclude, refused, withoutCredential } from './conclude.ts';
import type { Caching } from './contract.ts';
import { judge, newsOf, type Verdict } from './judge.ts';
import type { Admission, LimitStore } from './limit-store.ts';
import { linkTo } from './link.ts';
import { observe } from './observe.ts';
import { buildRequest, placesOf } from './request.ts';

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

/** What an attempt at a write leaves open: it may have been done, though nothing was answered, or what is down answered. */
export type Doubt = 'unanswered' | 'answered';

export interface Job {
  readonly tenantId: TenantId;
  readonly id: ConnectionId;
  readonly request: ApiRequest;
  /** The action and its input, where one is called: limits may be declared for them. */
  readonly action?: string;
  readonly input?: unknown;
  /** The call that it is an attempt at, for the log. */
  readonly call?: string;
  /** Stable over all attempts; sent where the provider has a header for it. */
  readonly idempotencyKey?: string;
  /** When the key was first used. Default: it is now. */
  readonly keyedAtMs?: number;
  readonly effect: 'read' | 'write';
  /** For all of the attempt; one exchange has 30 s at most. */
  readonly timeoutMs: number;
  /** When the function is ended that makes it. Default: not soon. */
  readonly endsAtMs?: number;
  readonly lane: 'interactive' | 'bulk';
  /** Which attempt this is, from 1 (the default): the wait grows with it. */
  readonly attempt?: number;
  /** The slot that an earlier `deferred` reserved: it is used instead of a new one. */
  readonly slot?: Slot;
  /** When it was asked for: what waited for the end of an outage is let through a few at a time. */
  readonly askedAtMs?: number;
  /** The call's own end: it takes no slot that comes later. */
  readonly untilMs?: number;
  /** Of a read: how far an answer to the same may be used again. */
  readonly cache?: Caching;
  /** Where the caller has just read it; else it is read here. */
  readonly credential?: LiveCredential;
  /** Of the request that asked for it: the provider may put it into its own log. */
  readonly requestId?: string;
}

export type AttemptOutcome = Outcome & {
  /** Of the answer's body, decompressed; of the last, where there were two. */
  readonly bytes?: number;
};

type Outcome =
  | {
      readonly kind: 'succeeded';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** The JSON value; text or `{base64}` where the answer is none; null where it is empty. */
      readonly body: unknown;
      /** The provider was not asked, or did not answer: it is the action's example. */
      readonly mocked?: true;
      /** Seconds since the provider gave it, or said that it still holds: it comes from the cache. */
      readonly ageS?: number;
      /** It was believed without a request: not an attempt. */
      readonly unasked?: true;
    }
  /** Nothing came of it; `waitMs` has the backoff and what the provider asked for. */
  | { readonly kind: 'retry'; readonly error: CallError; readonly waitMs: number; readonly doubt?: Doubt }
  /** Nothing was sent: not an attempt. Come back after `waitMs`, with the slot. */
  | { readonly kind: 'deferred'; readonly waitMs: number; readonly slot?: Slot }
  | { readonly kind: 'failed'; readonly error: CallError }
  /** A write that may have reached the provider, and cannot be repeated safely. */
  | { readonly kind: 'unknown'; readonly error: CallError };

export interface AttemptPorts {
  readonly credentials: Credentials;
  readonly limits: Pick<LimitStore, 'take' | 'note' | 'leave' | 'block'>;
  readonly mocks: Mocks;
  /** Needed by jobs that name one. */
  readonly cache?: Pick<AnswerCache, 'find' | 'keep'>;
  readonly send: Send;
  readonly readApp: ReadApp;
  readonly stage: string;
}

/** What answers in a provider's place, where a connection is a mock. */
export interface Mocks {
  answer(job: Job, moment: Moment): Promise<AttemptOutcome>;
  /** Whether an outage holds back the connection's calls at present. */
  isHeldBack(job: Job, moment: Moment): Promise<boolean>;
}

/** For whoever calls no actions: nothing else has an example to be answered from. */
export const noMocks: Mocks = {
  answer: async ({ id }) =>
    refused(id, { code: 'not_found', message: 'A mock connection answers actions, and nothing else.' }),
  isHeldBack: async () => false,
};

export type Attempts = ReturnType<typeof openAttempts>;

/** One exchange is given up after this, however much time the attempt has. */
const EXCHANGE_MS = 30_000;
/** A key is trusted for so much less than the provider knows it: an attempt takes its time, and clocks differ. */
const KEY_MARGIN_MS = 120_000;
/** With less than this nothing is sent: the provider would do it, and nobody would hear of it. */
const LEAST_MS = 1_000;

/** Returns the one way to a provider: live credential, admission, one guarded exchange, judgement. */
export function openAttempts({ credentials, limits, mocks, cache, send, readApp, stage }: AttemptPorts) {
  async function attempt(job: Job, moment: Moment): Promise<AttemptOutcome> {
    const { tenantId, id, endsAtMs } = job;
    const deadlineMs = moment.nowMs + job.timeoutMs;
    const entry = findProvider(id.provider, stage);
    if (!entry) return refused(id, { code: 'not_found', message: 'The hub does not have this provider.' });

    const { provider } = entry;
    const app = await readApp(provider.id);
    const checked = buildRequest(provider.api, app, job.request, job.idempotencyKey);
    if (!checked.ok) return refused(id, checked.error);

    const found = job.credential ? ok(job.credential) : await credentials.live(tenantId, id, { endsAtMs });
    if (!found.ok) return withoutCredential(job, found.error, moment);
    const { connection } = found.value;
    if (connection.mode === 'mock') return mocks.answer(job, moment);
    const way = wayOf(provider, kindOf(connection));
    if (!way) return refused(id, { code: 'not_found', message: 'The provider is not connected in this way any more.' });
    const parts = { ...(way.kind === 'oauth2' && variablesOf(way, app)), ...valuesOf(connection, {}) };
    const request = buildRequest(provider.api, app, job.request, job.idempotencyKey, parts);
    if (!request.ok) return refused(id, request.error);
    const places = placesOf(provider.api, job.request, way);
    const known = valuesOf(connection, found.value.secrets);
    if (!places.every((place) => isFilled(place, known))) {
      return refused(id, { code: 'invalid_request', message: 'The connection lacks the credential for this request.' });
    }
    if (job.request.link) {
      const body = await linkTo(request.value, job.request.link, places, known, moment.nowMs);
      return { kind: 'succeeded', status: 200, headers: {}, body };
    }

    const { generation } = found.value;
    const kept = job.cache && (await cache?.find(job, generation));
    const young = job.cache && fresh(kept, job.cache, moment);
    if (young) return young;

    const caller = { ...callerOf(job), concurrent: provider.concurrent };
    const admission = await limits.take(caller, pacesOf(provider.limits, job), moment);
    const stoodInFor = connection.mode === 'hybrid' && job.input !== undefined;
    if (admission.waitMs > 0) {
      if (stoodInFor && (await mocks.isHeldBack(job, moment))) return mocks.answer(job, moment);
      measure('CallDeferred', { provider: provider.id });
      return { kind: 'deferred', waitMs: admission.waitMs, slot: admission.slot };
    }

    let bytes: number | undefined;
    const exchange = async (credential: LiveCredential): Promise<Verdict | 'too late'> => {
      const timeoutMs = Math.min(EXCHANGE_MS, deadlineMs - moment.nowMs);
      if (timeoutMs < LEAST_MS) return 'too late';
      const values = valuesOf(credential.connection, credential.secrets);
      const traced = job.requestId !== undefined && { 'x-request-id': job.requestId };
      const headers = { ...request.value.headers, ...traced, ...conditionsOf(kept, job) };
      const asked = { ...request.value, headers };
      const repeatable = isRepeatable(job, provider, moment.nowMs);
      const authorised = await authorise(asked, places, values, moment.nowMs);
      const answer = await send({ ...authorised, timeoutMs });
      bytes = answer.ok ? answer.value.body.length : undefined;
      const { errors, points } = (job.action === 'graphql' && provider.api.graphql) || {};
      return judge(provider, answer, { repeatable, nowMs: moment.nowMs, errors, points });
    };

    const judged = async (): Promise<AttemptOutcome> => {
      let verdict = await exchange(found.value);
      let answeredTo = generation;
      if (verdict !== 'too late' && verdict.kind === 'unauthorized') {
        const renewed = await credentials.live(tenantId, id, { refusedGeneration: generation, endsAtMs });
        if (!renewed.ok) return withoutCredential(job, renewed.error, moment);
        answeredTo = renewed.value.generation;
        if (answeredTo !== generation) verdict = await exchange(renewed.value);
      }
      // The slot has been used up, so it does not come along.
      if (verdict === 'too late') return { kind: 'deferred', waitMs: LEAST_MS };
      await tellOthers(job, verdict, admission, moment);
      if (stoodInFor && isDown(verdict)) return mocks.answer(job, moment);
      const outcome = conclude(job, verdict, moment);
      const answer = job.cache && toKeep(outcome, kept, moment.nowMs);
      if (!answer || outcome.kind !== 'succeeded') return outcome;
      await cache?.keep(job, answeredTo, answer);
      return outcome.status === 304 ? outcomeOf(answer, moment.nowMs) : outcome;
    };

    try {
      const outcome = await judged();
      return bytes === undefined ? outcome : { ...outcome, bytes };
    } finally {
      const { seat } = admission;
      if (seat) await quietly(job, () => limits.leave(caller, seat));
    }
  }

  async function tellOthers(job: Job, verdict: Verdict, { probes }: Admission, moment: Moment): Promise<void> {
    const { tenantId, id } = job;
    await quietly(job, async () => {
      if (verdict.pauseMs) await limits.block(tenantId, id, moment.nowMs + verdict.pauseMs, moment.nowMs);
      await limits.note(callerOf(job), newsOf(verdict), probes, moment);
    });
  }

  /** Nothing may be lost of what the provider has answered because a hint to the others could not be written. */
  async function quietly({ id }: Job, tell: () => Promise<void>): Promise<void> {
    try {
      await tell();
    } catch (error) {
      log.bug('what an exchange says about limits was not written', error, { provider: id.provider });
    }
  }

  return {
    async attempt(job: Job, moment: Moment): Promise<AttemptOutcome> {
      const startMs = moment.nowMs;
      const outcome = await attempt(job, moment);
      if (outcome.kind === 'deferred' || (outcome.kind === 'succeeded' && outcome.unasked)) return outcome;
      observe(job, outcome, moment.nowMs - startMs);
      return outcome;
    },
  };
}

function callerOf({ tenantId, id, attempt = 1, slot, askedAtMs, untilMs }: Job) {
  return { tenantId, id, again: attempt > 1, slot, askedAtMs, untilMs };
}

/** The provider failed, or was not to be reached; what it refuses is its answer. */
function isDown(verdict: Verdict): boolean {
  if (verdict.kind !== 'retry' && verdict.kind !== 'unknown') return false;
  return verdict.error.status === undefined || verdict.error.status >= 500;
}

/** Returns whether sending it twice does no more than once: reads, PUT and DELETE (RFC 9110 §9.2.2), writes under a key that
 *  the provider knows for longer than an attempt lasts (E-25). */
export function isRepeatable(
  { effect, request, idempotencyKey, keyedAtMs }: Pick<Job, 'effect' | 'request' | 'idempotencyKey' | 'keyedAtMs'>,
  { api: { idempotency } }: Pick<Provider, 'api'>,
  nowMs: number,
): boolean {
  if (effect === 'read' || request.method === 'PUT' || request.method === 'DELETE') return true;
  if (idempotencyKey === undefined) return false;
  if (request.repeatable) return true;
  return idempotency !== undefined && nowMs - (keyedAtMs ?? nowMs) < idempotency.keptS * 1000 - KEY_MARGIN_MS;
}
