import { iso, type Moment } from '../core/clock.ts';
import { inParallel } from '../core/parallel.ts';
import { type Entry, requeued, waiting } from './call.ts';
import type { RedriveBody } from './contract.ts';
import type { TenantCalls } from './store.ts';

/** What one request takes up at most. */
const MOST = 1_000;
const WIDTH = 20;
/** Kept of the function's time for the answer. */
const MARGIN_MS = 5_000;

/** Returns how many of the tenant's ended calls begin anew under their old idempotency keys, one after the other, until
 *  when, and where to go on. Each waits for its time in its row, and a tick hands it over: tenant and connection are asked
 *  again as it runs. Asked twice, or by two at once, each begins anew once. */
export async function redrive(
  { status, connection, from, to, perSecond, notBefore, dryRun, cursor: first }: RedriveBody,
  calls: Pick<TenantCalls, 'list' | 'reopen'>,
  remainingMs: () => number,
  moment: Moment,
): Promise<{ readonly count: number; readonly until?: string; readonly cursor?: string }> {
  const startMs = Math.max(moment.nowMs, notBefore === undefined ? 0 : Date.parse(notBefore));
  const [fromMs, toMs] = [from === undefined ? 0 : Date.parse(from), to === undefined ? Infinity : Date.parse(to)];
  let count = 0;
  let cursor = first;
  do {
    const page = await calls.list({ status, connection, limit: 100, cursor });
    const chosen = page.calls.filter(({ createdAtMs }) => createdAtMs >= fromMs && createdAtMs < toMs);
    const anew = chosen.map((call, at) => beginning(call, startMs + ((count + at) * 1_000) / perSecond, moment));
    const done = dryRun
      ? chosen.map(() => true)
      : await inParallel(anew, WIDTH, ({ next, seen }) => calls.reopen(next, seen));
    count += done.filter(Boolean).length;
    const past = page.calls.some(({ createdAtMs }) => createdAtMs < fromMs); // they come newest first
    cursor = past ? undefined : page.cursor;
  } while (cursor && count < MOST && remainingMs() > MARGIN_MS);
  const until = count > 0 ? { until: iso(Math.ceil(startMs + (count * 1_000) / perSecond)) } : {};
  return { count, ...until, ...(cursor && { cursor }) };
}

function beginning(seen: Entry, atMs: number, { nowMs }: Moment) {
  const notBeforeMs = Math.ceil(atMs);
  return {
    seen,
    next: { ...waiting(requeued(seen, notBeforeMs), notBeforeMs), dueAtMs: Math.max(nowMs, notBeforeMs) },
  };
}
