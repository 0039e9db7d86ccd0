import type { Moment } from './clock.ts';

export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/** Returns ms until the next attempt (the first retry is `attempt` 1): full jitter, at most `capMs`; a longer
 *  Retry-After wins (RFC 9110 §10.2.3). */
export function nextDelayMs(attempt: number, { baseMs, capMs }: Backoff, moment: Moment, retryAfterMs = 0): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** (attempt - 1));
  return Math.max(Math.ceil(moment.chance() * ceiling), retryAfterMs);
}

/** Returns ms until a Retry-After of seconds or an HTTP date is over; nothing when it cannot be read. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,9}(\.\d{1,3})?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const date = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
