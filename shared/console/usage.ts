import { inParallel } from '../core/parallel.ts';
import type { CallLine, EventLine, Sum } from './sources.ts';

/** What was used at one provider. Times in ms, sizes in bytes of the answers. */
export interface Used {
  readonly calls: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly attempts: number;
  readonly ms: number;
  readonly bytes: number;
  readonly webhooks: number;
}

/** How far a day is counted. Cursors: where its lists go on; null at their end. */
export interface DayCount {
  readonly used: Readonly<Record<string, Used>>;
  readonly calls?: string | null;
  readonly webhooks?: string | null;
  /** Counts the writes. */
  readonly version: number;
}

interface Paging {
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
  readonly cursor?: string;
}

export interface UsagePorts<Call extends CallLine> {
  readonly calls: { list(paging: Paging): Promise<{ readonly calls: readonly Call[]; readonly cursor?: string }> };
  readonly inbox: {
    lines(paging: Paging): Promise<{ readonly lines: readonly EventLine[]; readonly cursor?: string }>;
  };
  readonly sumOf: (call: Call) => Sum;
  readonly hasEnded: (call: Call) => boolean;
  /** What was counted before, by the day. */
  readonly days: {
    get(day: string): Promise<DayCount | undefined>;
    /** Over its predecessor alone: whoever counted the same meanwhile has written the same. */
    save(day: string, count: DayCount): Promise<boolean>;
  };
}

const DAY_MS = 24 * 60 * 60_000;
/** A day is over once nothing of it can still be on its way: queues keep for four days. */
const SETTLED_MS = 5 * DAY_MS;
/** As long as rows are there at least: the days before are known by what was counted of them. */
const ROWS_MS = 69 * DAY_MS;
const PAGE = 1_000;
const WIDTH = 4;
const nothing: Used = { calls: 0, succeeded: 0, failed: 0, attempts: 0, ms: 0, bytes: 0, webhooks: 0 };
const fresh: DayCount = { used: {}, version: 0 };

/** Returns what was used in a month (UTC), by provider, as far as it can be counted while there is `enough` time. What is
 *  counted of days that are over is kept: asked again, it goes on from there. */
export async function usageOf<Call extends CallLine>(
  month: string,
  ports: UsagePorts<Call>,
  { sinceMs, nowMs }: { readonly sinceMs: number; readonly nowMs: number },
  enough: () => boolean,
) {
  const startMs = Date.parse(`${month}-01T00:00:00.000Z`);
  const at = new Date(startMs);
  const endMs = Math.min(nowMs, Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1));
  const days = Array.from(
    { length: Math.max(0, Math.ceil((endMs - startMs) / DAY_MS)) },
    (_, day) => startMs + day * DAY_MS,
  );
  const wanted = days.filter((dayMs) => dayMs + DAY_MS > sinceMs);
  const counts = await inParallel(wanted, WIDTH, (dayMs) => countDay(dayMs, ports, nowMs, enough));
  const total: Record<string, Used> = {};
  for (const { used } of counts) for (const [provider, one] of Object.entries(used)) add(total, provider, one);
  const items = Object.entries(total)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([provider, used]) => ({ provider, ...used }));
  return { month, complete: counts.every(isWhole), items };
}

function isWhole({ calls, webhooks }: DayCount): boolean {
  return calls === null && webhooks === null;
}

async function countDay<Call extends CallLine>(
  dayMs: number,
  { calls, inbox, sumOf, hasEnded, days }: UsagePorts<Call>,
  nowMs: number,
  enough: () => boolean,
): Promise<DayCount> {
  const day = new Date(dayMs).toISOString().slice(0, 10);
  const known = (await days.get(day)) ?? fresh;
  if (isWhole(known) || dayMs < nowMs - ROWS_MS) return known;

  const range = { fromMs: dayMs, toMs: dayMs + DAY_MS - 1, limit: PAGE };
  let isSettled = dayMs + DAY_MS + SETTLED_MS <= nowMs;
  let settled = known;
  let count = known;
  while (!isWhole(count) && enough()) {
    const used = { ...count.used };
    if (count.calls !== null) {
      const page = await calls.list({ ...range, cursor: count.calls });
      for (const call of page.calls) add(used, call.connection.provider, usedBy(call, sumOf(call)));
      if (!page.calls.every(hasEnded)) isSettled = false; // it may yet be tried again, for up to 30 days
      count = { ...count, used, calls: page.cursor ?? null };
    } else {
      const page = await inbox.lines({ ...range, cursor: count.webhooks ?? undefined });
      for (const { provider } of page.lines) add(used, provider, { ...nothing, webhooks: 1 });
      count = { ...count, used, webhooks: page.cursor ?? null };
    }
    if (isSettled) settled = count;
  }
  if (settled !== known) await days.save(day, { ...settled, version: known.version + 1 });
  return count;
}

function usedBy({ status }: CallLine, sum: Sum): Used {
  const failed = ['failed', 'outcome_unknown', 'expired'].includes(status);
  return { ...nothing, calls: 1, succeeded: status === 'succeeded' ? 1 : 0, failed: failed ? 1 : 0, ...sum };
}

function add(total: Record<string, Used>, provider: string, more: Used): void {
  const before = total[provider] ?? nothing;
  const names = Object.keys(nothing) as (keyof Used)[];
  total[provider] = Object.fromEntries(names.map((name) => [name, before[name] + more[name]])) as unknown as Used;
}
