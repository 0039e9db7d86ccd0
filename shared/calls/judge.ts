import { isUtf8 } from 'node:buffer';
import { retryAfterMs } from '../core/backoff.ts';
import type { InboundResponse, SendFailure } from '../core/fetch.ts';
import { at, parseJson, textAt } from '../core/json.ts';
import type { Result } from '../core/result.ts';
import { failedIn200, readXml, saidIn } from '../providers/error-shape.ts';
import type { Api, ErrorShape, Points, Provider } from '../providers/provider.ts';
import type { CallError, Doubt } from './attempt.ts';
import type { News } from './limit-store.ts';

/** What one exchange came to. `throttled`: others are to wait too. `pauseMs`: for so long the whole connection. `doubt`: a
 *  write may have been done all the same. */
export type Verdict =
  | {
      readonly kind: 'succeeded';
      readonly status: number;
      readonly headers: Headers;
      readonly body: unknown;
      readonly pauseMs?: number;
    }
  | {
      readonly kind: 'unauthorized' | 'throttled' | 'retry' | 'failed' | 'unknown';
      readonly error: CallError;
      readonly doubt?: Doubt;
      readonly pauseMs?: number;
    };

type Headers = Readonly<Record<string, string>>;

/** Answers that say that nothing was done, or not yet: 408 never saw all of the request (RFC 9110 §15.5.9). */
const notDone = new Set([408, 425]);
/** Answers of what is down, or of what stands before it (520 to 524 are Cloudflare's): it may be done all the same. */
const mayBeDone = new Set([500, 502, 503, 504, 520, 521, 522, 523, 524, 529]);

const sendMessages = {
  blocked: 'The request was not sent: its destination is not allowed.',
  timeout: 'The provider did not answer in time.',
  network: 'The connection to the provider failed.',
  too_large: "The provider's answer is too large.",
} as const satisfies Record<SendFailure['reason'], string>;

interface Circumstances {
  readonly repeatable: boolean;
  readonly nowMs: number;
  /** How errors look where the request went. Default: as anywhere in the provider's API. */
  readonly errors?: ErrorShape;
  /** Where an answer from there tells what is left of its points. */
  readonly points?: Points;
}

/** Returns the verdict on one exchange. `repeatable`: sending it twice does no more than sending it once.
 *  What may have reached the provider and is not repeatable is `unknown`, never tried again (E-25). */
export function judge(
  provider: Provider,
  answer: Result<InboundResponse, SendFailure>,
  { errors = provider.api.errors, repeatable, ...more }: Circumstances,
): Verdict {
  return answer.ok
    ? judgeAnswer(provider, answer.value, { ...more, repeatable, errors })
    : judgeFailure(provider, answer.error, repeatable);
}

/** Returns what a verdict says about the other side, for its circuits. */
export function newsOf(verdict: Verdict): News {
  if (verdict.kind === 'succeeded' || verdict.kind === 'throttled') return 'answered';
  if (verdict.kind === 'unauthorized') return 'unauthorized';
  const { status, code } = verdict.error;
  if (status === undefined) return code === 'timeout' || code === 'network' ? 'unreachable' : 'answered';
  return mayBeDone.has(status) ? 'unreachable' : 'answered';
}

function judgeFailure(provider: Provider, { reason, sent }: SendFailure, repeatable: boolean): Verdict {
  const transient = reason === 'timeout' || reason === 'network';
  const retryable = transient && (repeatable || !sent);
  const error = { provider: provider.id, code: reason, message: sendMessages[reason], retryable };
  const doubt = sent && { doubt: 'unanswered' as const };
  if (retryable) return { kind: 'retry', error, ...doubt };
  return { kind: sent && !repeatable ? 'unknown' : 'failed', error, ...doubt };
}

function judgeAnswer(
  { id, api }: Provider,
  response: InboundResponse,
  { repeatable, nowMs, errors, points }: Circumstances & Required<Pick<Circumstances, 'errors'>>,
): Verdict {
  const { status, headers } = response;
  const body = readBody(response);
  const left = leftOver(api, headers, nowMs);
  const good = (status >= 200 && status < 300) || status === 304;
  if (good && !failedIn200(errors, body)) {
    const ofAll = api.rateLimitHeaders?.of === 'route' ? undefined : left?.resetMs;
    const pauseMs = ofAll ?? (points && pointsOver(points, body, nowMs));
    return { kind: 'succeeded', status, headers, body, ...(pauseMs && { pauseMs }) };
  }

  const said = errors.xml && typeof body === 'string' ? readXml(body) : body;
  const code = saidIn(errors, 'code', said);
  const message = saidIn(errors, 'message', said);
  const error = describe({ id, api: { ...api, errors } }, response, said, code, message);
  const askedMs = retryAfterMs(headers['retry-after'], nowMs);
  const conclude = (kind: Exclude<Verdict['kind'], 'succeeded'>, waitMs = askedMs) => {
    const retryable = kind === 'retry' || kind === 'throttled';
    return {
      kind,
      error: { ...error, retryable, ...(waitMs !== undefined && { retryAfterMs: waitMs }) },
      ...(kind === 'throttled' && waitMs && { pauseMs: waitMs }),
    };
  };

  if (listed(errors.finalCodes, code)) return conclude('failed');
  if (status === 401 || listed(errors.unauthorizedCodes, code)) return conclude('unauthorized');
  const throttled =
    status === 429 ||
    errors.rateLimitedStatuses?.includes(status) ||
    listed(errors.rateLimitedCodes, code) ||
    errors.rateLimitedTexts?.some((text) => message?.toLowerCase().includes(text)) ||
    (status === 403 && (left !== undefined || askedMs !== undefined));
  if (throttled) {
    const usualMs = errors.rateLimitedS === undefined ? undefined : errors.rateLimitedS * 1000;
    return conclude('throttled', askedMs ?? left?.resetMs ?? usualMs);
  }
  if (notDone.has(status) || listed(errors.againCodes, code)) return conclude('retry');
  if (!mayBeDone.has(status)) return conclude('failed');
  const own = errors.retryHeader && headers[errors.retryHeader];
  if (own === 'false' && repeatable) return conclude('failed');
  // A 503 that names a time to come back has turned the request away.
  if (status === 503 && askedMs !== undefined) return conclude('retry');
  return { ...conclude(repeatable ? 'retry' : 'unknown'), doubt: 'answered' };
}

function describe(
  { id, api }: Pick<Provider, 'id' | 'api'>,
  { status, headers }: InboundResponse,
  body: unknown,
  code: string | undefined,
  message: string | undefined,
): Omit<CallError, 'retryable'> {
  const { errors } = api;
  const requestId = api.requestIdHeader && headers[api.requestIdHeader];
  const details = errors.details && at(body, errors.details);
  const text = code !== undefined && Object.hasOwn(errors.texts ?? {}, code) ? errors.texts?.[code] : message;
  return {
    provider: id,
    status,
    code: (code ?? `http_${status}`).slice(0, 100),
    message: (text ?? `The provider answered ${status}${code ? ` (${code})` : ''}.`).slice(0, 500),
    ...(details !== undefined && JSON.stringify(details).length <= 2_000 && { details }),
    ...(requestId && { requestId: requestId.slice(0, 100) }),
  };
}

/** Returns something where the headers say that nothing is left of the limit; with it, when it is renewed. Times of the
 *  clock come as whole seconds, cut off: one more. */
function leftOver({ rateLimitHeaders }: Api, headers: Headers, nowMs: number): { resetMs?: number } | undefined {
  if (!rateLimitHeaders || headers[rateLimitHeaders.remaining] !== '0') return undefined;
  const reset = Number(headers[rateLimitHeaders.reset] ?? Number.NaN);
  if (!Number.isFinite(reset)) return {};
  const { resetIn } = rateLimitHeaders;
  if (resetIn) return { resetMs: Math.ceil(reset * (resetIn === 'seconds' ? 1000 : 1)) };
  return { resetMs: Math.max(0, (reset + 1) * 1000 - nowMs) };
}

/** Returns ms until there are points again, where what is left does not pay for another request like this one. */
function pointsOver({ remaining, cost, reset }: Points, body: unknown, nowMs: number): number | undefined {
  const [left, price] = [Number(at(body, remaining) ?? Number.NaN), Number(at(body, cost) ?? 1)];
  const resetMs = Date.parse(textAt(body, reset) ?? '') - nowMs;
  return left < price && resetMs > 0 ? resetMs : undefined;
}

function listed(codes: readonly string[] | undefined, code: string | undefined): boolean {
  return code !== undefined && codes?.includes(code) === true;
}

function readBody({ body, headers }: InboundResponse): unknown {
  if (body.length === 0) return null;
  if (!isUtf8(body)) return { base64: body.toString('base64') };
  const text = body.toString('utf8');
  const json = /json/i.test(headers['content-type'] ?? '') ? parseJson(text) : undefined;
  return json === undefined ? text : json;
}
