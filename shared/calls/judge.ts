import { isUtf8 } from 'node:buffer';
import { retryAfterMs } from '../core/backoff.ts';
import type { InboundResponse, SendFailure } from '../core/fetch.ts';
import { at, parseJson, textAt } from '../core/json.ts';
import type { Result } from '../core/result.ts';
import type { Provider } from '../providers/provider.ts';
import type { CallError } from './attempt.ts';

/** What one exchange came to. `throttled`: the whole connection is to wait, for as long as the error says. */
export type Verdict =
  | { readonly kind: 'succeeded'; readonly status: number; readonly headers: Headers; readonly body: unknown }
  | { readonly kind: 'unauthorized' | 'throttled' | 'retry' | 'failed' | 'unknown'; readonly error: CallError };

type Headers = Readonly<Record<string, string>>;

/** Answers that say that nothing was done, or not yet: 408 never saw all of the request (RFC 9110 §15.5.9). */
const notDone = new Set([408, 425]);
/** Answers after which it may have been done all the same. */
const mayBeDone = new Set([500, 502, 503, 504]);

const sendMessages = {
  blocked: 'The request was not sent: its destination is not allowed.',
  timeout: 'The provider did not answer in time.',
  network: 'The connection to the provider failed.',
  too_large: "The provider's answer is too large.",
} as const satisfies Record<SendFailure['reason'], string>;

/** Returns the verdict on one exchange. `repeatable`: sending it twice does no more than sending it once.
 *  What may have reached the provider and is not repeatable is `unknown`, never tried again (E-25). */
export function judge(
  provider: Provider,
  answer: Result<InboundResponse, SendFailure>,
  { repeatable, nowMs }: { readonly repeatable: boolean; readonly nowMs: number },
): Verdict {
  return answer.ok
    ? judgeAnswer(provider, answer.value, repeatable, nowMs)
    : judgeFailure(provider, answer.error, repeatable);
}

function judgeFailure(provider: Provider, { reason, sent }: SendFailure, repeatable: boolean): Verdict {
  const transient = reason === 'timeout' || reason === 'network';
  const retryable = transient && (repeatable || !sent);
  const error = { provider: provider.id, code: reason, message: sendMessages[reason], retryable };
  if (retryable) return { kind: 'retry', error };
  return { kind: sent && !repeatable ? 'unknown' : 'failed', error };
}

function judgeAnswer(provider: Provider, response: InboundResponse, repeatable: boolean, nowMs: number): Verdict {
  const { errors, rateLimitHeaders } = provider.api;
  const { status, headers } = response;
  const body = readBody(response);
  const inside200 = errors.failureIn200;
  const good = (status >= 200 && status < 300) || status === 304;
  if (good && !(inside200 && at(body, inside200.field) === inside200.equals)) {
    return { kind: 'succeeded', status, headers, body };
  }

  const code = errors.code && textAt(body, errors.code);
  const exhausted = rateLimitHeaders !== undefined && headers[rateLimitHeaders.remaining] === '0';
  const waitMs =
    retryAfterMs(headers['retry-after'], nowMs) ?? (exhausted ? untilReset(provider, headers, nowMs) : undefined);
  const described = describe(provider, response, body, code, waitMs);

  if (status === 401 || listed(errors.unauthorizedCodes, code)) {
    return { kind: 'unauthorized', error: { ...described, retryable: false } };
  }
  const throttled =
    status === 429 ||
    listed(errors.rateLimitedCodes, code) ||
    (status === 403 && (exhausted || headers['retry-after'] !== undefined));
  if (throttled) return { kind: 'throttled', error: { ...described, retryable: true } };
  if (notDone.has(status)) return { kind: 'retry', error: { ...described, retryable: true } };
  if (!mayBeDone.has(status)) return { kind: 'failed', error: { ...described, retryable: false } };
  // A 503 that names a time to come back has turned the request away.
  const turnedAway = status === 503 && headers['retry-after'] !== undefined;
  if (repeatable || turnedAway) return { kind: 'retry', error: { ...described, retryable: true } };
  return { kind: 'unknown', error: { ...described, retryable: false } };
}

function describe(
  { id, api }: Provider,
  { status, headers }: InboundResponse,
  body: unknown,
  code: string | undefined,
  waitMs: number | undefined,
): Omit<CallError, 'retryable'> {
  const requestId = api.requestIdHeader && headers[api.requestIdHeader];
  const message = api.errors.message && textAt(body, api.errors.message);
  const details = api.errors.details && at(body, api.errors.details);
  return {
    provider: id,
    status,
    code: (code ?? `http_${status}`).slice(0, 100),
    message: (message ?? `The provider answered ${status}${code ? ` (${code})` : ''}.`).slice(0, 500),
    ...(details !== undefined && JSON.stringify(details).length <= 2_000 && { details }),
    ...(requestId && { requestId: requestId.slice(0, 100) }),
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
  };
}

/** The reset is epoch seconds; one second more, because both clocks are cut to whole ones. */
function untilReset({ api }: Provider, headers: Headers, nowMs: number): number | undefined {
  const reset = Number(headers[api.rateLimitHeaders?.reset ?? ''] ?? Number.NaN);
  return Number.isFinite(reset) ? Math.max(0, (reset + 1) * 1000 - nowMs) : undefined;
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
