import { describe, expect, test } from 'vitest';
import { type DayCount, usageOf } from '../../../shared/console/usage.ts';

const DAY = 24 * 60 * 60_000;
const start = Date.parse('2026-10-01T00:00:00Z');
const connection = { provider: 'slack', name: 'default' };

type Call = Parameters<typeof row>[0] & ReturnType<typeof row>;
function row({
  atMs,
  status = 'succeeded',
  provider = 'slack',
  tries = 1,
}: {
  atMs: number;
  status?: string;
  provider?: string;
  tries?: number;
}) {
  const about = { id: `call_${atMs}`, endpoint: 'x', attempts: [] };
  return { ...about, connection: { ...connection, provider }, status, createdAtMs: atMs, tries, atMs };
}

/** A month of rows, in pages of `most`; each page read is one of the turns that there is time for. */
function world(given: Call[], webhookTimes: number[] = [], most = 2) {
  const kept = new Map<string, DayCount>();
  const reads = { calls: 0, webhooks: 0 };
  const pageOf = <T>(
    all: T[],
    timeOf: (one: T) => number,
    { fromMs, toMs, cursor = '0' }: { fromMs: number; toMs: number; cursor?: string },
  ) => {
    const within = all.filter((one) => timeOf(one) >= fromMs && timeOf(one) <= toMs);
    const next = Number(cursor) + most;
    return { items: within.slice(Number(cursor), next), ...(next < within.length && { cursor: String(next) }) };
  };
  const ports = {
    calls: {
      async list(paging: { fromMs: number; toMs: number; cursor?: string }) {
        reads.calls += 1;
        const { items, ...rest } = pageOf(given, ({ createdAtMs }) => createdAtMs, paging);
        return { calls: items, ...rest };
      },
    },
    inbox: {
      async lines(paging: { fromMs: number; toMs: number; cursor?: string }) {
        reads.webhooks += 1;
        const { items, ...rest } = pageOf(webhookTimes, (one) => one, paging);
        const lines = items.map((receivedAtMs) => ({
          id: 'e',
          provider: 'slack',
          type: 't',
          outcome: 'routed',
          requestId: 'r',
          receivedAtMs,
        }));
        return { lines, ...rest };
      },
    },
    sumOf: ({ tries }: Call) => ({ attempts: tries, ms: 10 * tries, bytes: 100 * tries }),
    hasEnded: ({ status }: Call) => status !== 'waiting',
    days: {
      get: async (day: string) => kept.get(day),
      async save(day: string, count: DayCount) {
        if ((kept.get(day)?.version ?? 0) !== count.version - 1) return false;
        kept.set(day, structuredClone(count));
        return true;
      },
    },
  };
  const ask = (nowMs: number, turns = Number.POSITIVE_INFINITY, sinceMs = 0) => {
    let left = turns;
    return usageOf('2026-10', ports, { sinceMs, nowMs }, () => left-- > 0);
  };
  return { kept, reads, ask };
}

const later = start + 40 * DAY;
const call = (more: Parameters<typeof row>[0]) => row(more) as Call;

describe('usage', () => {
  test('sums by provider what was called and what came in, within the month alone', async () => {
    const calls = [
      call({ atMs: start - 1 }),
      call({ atMs: start }),
      call({ atMs: start + DAY - 1, status: 'failed', tries: 3 }),
      call({ atMs: start + 5 * DAY, provider: 'github', status: 'cancelled', tries: 0 }),
      call({ atMs: start + 31 * DAY - 1, status: 'expired' }),
      call({ atMs: start + 31 * DAY }),
    ];
    expect(await world(calls, [start, start + 31 * DAY]).ask(later)).toEqual({
      ...{ month: '2026-10', complete: true },
      items: [
        { provider: 'github', calls: 1, succeeded: 0, failed: 0, attempts: 0, ms: 0, bytes: 0, webhooks: 0 },
        { provider: 'slack', calls: 3, succeeded: 1, failed: 2, attempts: 5, ms: 50, bytes: 500, webhooks: 1 },
      ],
    });
  });

  test('that takes longer than a request goes on at the next one, to the same sums, and is not counted twice', async () => {
    const calls = Array.from({ length: 40 }, (_, at) => call({ atMs: start + 3 * DAY + at }));
    const whole = await world(calls, [], 40).ask(later);
    const { ask, reads } = world(calls);
    const first = await ask(later, 5);
    expect(first.complete).toBe(false);
    let last = first;
    for (let turn = 0; turn < 60 && !last.complete; turn++) last = await ask(later, 5);
    expect(last).toEqual(whole);
    const before = { ...reads };
    expect(await ask(later)).toEqual(whole);
    expect(reads).toEqual(before); // all is known by now
  });

  test('of two who ask at once is the same as of one', async () => {
    const calls = Array.from({ length: 9 }, (_, at) => call({ atMs: start + at }));
    const { ask } = world(calls);
    const [one, other] = await Promise.all([ask(later), ask(later)]);
    expect(one).toEqual(other);
    expect((await ask(later)).items).toMatchObject([{ calls: 9 }]);
  });

  test('of days that may still change is counted anew each time', async () => {
    const open = call({ atMs: start, status: 'waiting' });
    const { ask, kept } = world([open, call({ atMs: start + DAY })]);
    expect((await ask(later)).items).toMatchObject([{ calls: 2, succeeded: 1 }]);
    expect(kept.has('2026-10-01')).toBe(false);
    expect(kept.has('2026-10-02')).toBe(true);
    Object.assign(open, { status: 'succeeded' });
    expect((await ask(later)).items).toMatchObject([{ calls: 2, succeeded: 2 }]);
    expect(kept.has('2026-10-01')).toBe(true);

    const recent = world([call({ atMs: start })]);
    expect(await recent.ask(start + 3 * DAY)).toMatchObject({ complete: true, items: [{ calls: 1 }] });
    expect(recent.kept.size).toBe(0);
  });

  test('of days whose rows are gone is what was counted in time', async () => {
    const { ask, reads } = world([call({ atMs: start })]);
    await ask(later);
    const before = { ...reads };
    const years = await ask(start + 200 * DAY);
    expect(years).toMatchObject({ complete: true, items: [{ calls: 1 }] });
    expect(await world([]).ask(start + 200 * DAY)).toMatchObject({ complete: false, items: [] });
    expect(reads).toEqual(before);
  });

  test('leaves out the days before the tenant came into being, and a month that has not begun is empty', async () => {
    const { ask } = world([call({ atMs: start }), call({ atMs: start + 2 * DAY })]);
    expect((await ask(later, 99, start + 2 * DAY)).items).toMatchObject([{ calls: 1 }]);
    expect(await ask(start - 1)).toEqual({ month: '2026-10', complete: true, items: [] });
  });
});
