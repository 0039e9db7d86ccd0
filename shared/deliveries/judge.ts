import { isUtf8 } from 'node:buffer';
import { retryAfterMs } from '../core/backoff.ts';
import type { InboundResponse, SendFailure } from '../core/fetch.ts';
import { ok, type Result } from '../core/result.ts';
import type { Attempt } from './delivery.ts';

/** What one attempt came to. `gone`: the receiver wants nothing more, ever. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly status: number }
  | {
      readonly kind: 'gone' | 'failed';
      readonly status?: number;
      readonly error: string;
      readonly answer?: string;
      /** How long it asks to be left alone, a day at most; 0: it does not. */
      readonly retryAfterMs: number;
    };

const SHOWN = 200;
/** One that asks for more is not believed. */
const LONGEST_RETRY_AFTER_MS = 24 * 60 * 60_000;
/** Answers whose Retry-After counts (RFC 9110 §10.2.3, RFC 6585 §4). */
const asking = new Set([429, 502, 503, 504]);

/** Returns the verdict on one attempt, by the status alone: any 2xx is accepted, 410 ends the subscription, all else fails: a
 *  redirect too, for none is followed (Standard Webhooks, "Response handling"). */
export function judge(answer: Result<InboundResponse, SendFailure>, nowMs: number): Verdict {
  if (!answer.ok) {
    const { status, reason } = answer.error;
    if (status === undefined) return { kind: 'failed', error: reason, retryAfterMs: 0 };
    return judge(ok({ status, headers: {}, body: Buffer.alloc(0) }), nowMs);
  }
  const { status, headers, body } = answer.value;
  if (status >= 200 && status < 300) return { kind: 'accepted', status };
  const shown = isUtf8(body) ? body.toString('utf8').slice(0, SHOWN) : '';
  return {
    kind: status === 410 ? 'gone' : 'failed',
    status,
    error: `http_${status}`,
    ...(shown && { answer: shown }),
    retryAfterMs: asking.has(status)
      ? Math.min(LONGEST_RETRY_AFTER_MS, retryAfterMs(headers['retry-after'], nowMs) ?? 0)
      : 0,
  };
}

/** Returns the attempt as the delivery keeps it. */
export function attemptOf(verdict: Verdict, startMs: number, nowMs: number): Attempt {
  const { status } = verdict;
  const failure = verdict.kind === 'accepted' ? {} : { error: verdict.error, answer: verdict.answer };
  return { atMs: startMs, ms: nowMs - startMs, status, ...failure };
}
