import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { AttemptOutcome, CallError } from '../../../shared/calls/attempt.ts';
import { absorb } from '../../../shared/syncs/absorb.ts';
import { follow } from '../../../shared/syncs/follow.ts';
import { type Seen, toView } from '../../../shared/syncs/record.ts';
import { runNow } from '../../../shared/syncs/run-now.ts';
import { LEASE_MS, set } from '../../../shared/syncs/sync.ts';
import { benchOf, INDEX_MS, workbench } from './bench.ts';
import { calm, changeFeed, connection, tenantId, upstream } from './world.ts';

const measure = vi.hoisted(() => vi.fn());
vi.mock('../../../shared/core/metrics.ts', () => ({ measure }));

const error = (more: Partial<CallError> = {}): CallError => ({
  provider: 'demo',
  code: 'odd',
  message: 'It is odd.',
  retryable: true,
  ...more,
});
const throttled = (waitMs: number): AttemptOutcome => ({
  kind: 'retry',
  error: error({ status: 429, retryAfterMs: waitMs }),
  waitMs,
});

describe.each(['changes', 'ids'] as const)('a run that lists by %s', (order) => {
  let bench: ReturnType<typeof workbench>;
  beforeEach(async () => {
    bench = workbench(order);
    for (const id of ['a', 'b', 'c', 'd', 'e']) bench.put(id, id.toUpperCase());
    await bench.connect();
  });

  it('copies everything page by page and tells each object once', async () => {
    expect(await bench.cycle()).toEqual(['finished']);
    expect(bench.copy()).toEqual({ a: 'A', b: 'B', c: 'C', d: 'D', e: 'E' });
    expect(bench.told()).toEqual(['a', 'b', 'c', 'd', 'e'].map((id) => `record.created ${id}`));
    expect(bench.jobs).toHaveLength(3);
    expect(bench.row()).toMatchObject({ status: 'idle', records: 5, failures: 0 });
  });

  it('tells what changed since, and nothing else', async () => {
    await bench.cycle();
    bench.clock.nowMs += 60_000;
    bench.events.length = 0;
    bench.put('b', 'B2');
    bench.put('c', 'C', { deleted: true });
    bench.put('f', 'F');
    await bench.cycle();
    expect(bench.copy()).toEqual({ a: 'A', b: 'B2', d: 'D', e: 'E', f: 'F' });
    expect(bench.told().sort()).toEqual(['record.created f', 'record.deleted c', 'record.updated b']);
    await bench.cycle();
    expect(bench.told()).toHaveLength(3);
  });

  it('misses nothing among objects of one and the same time', async () => {
    await bench.cycle();
    for (const id of ['x5', 'x1', 'x3', 'x2', 'x4']) bench.put(id, id);
    await bench.cycle();
    expect(Object.keys(bench.copy())).toEqual(expect.arrayContaining(['x1', 'x2', 'x3', 'x4', 'x5']));
  });

  it('goes on in the next message when its time is over, from the page it was at', async () => {
    let calls = 0;
    const outcomes = await bench.cycle(() => ([2, 5].includes(calls++) ? 10_000 : 100_000)); // one page, one page, the rest
    expect(outcomes).toEqual(['continued', 'continued', 'finished']);
    expect(bench.jobs).toHaveLength(3);
    expect(new Set(bench.told()).size).toBe(5);
  });

  it('E-21: gives an attempt no more time than the function has left, less what writing takes', async () => {
    const read: number[] = [];
    await bench.cycle(() => {
      read.push(bench.clock.nowMs);
      return 40_000;
    });
    expect(bench.jobs.map(({ timeoutMs }) => timeoutMs)).toEqual([25_000, 25_000, 25_000]);
    for (const { endsAtMs = 0 } of bench.jobs) expect(read).toContain(endsAtMs - 40_000);
  });

  it('waits where the provider says so without counting it as an error', async () => {
    let asked = 0;
    bench.state.interrupt = () => (asked++ === 1 ? throttled(40_000) : undefined);
    await bench.connect();
    const started = bench.clock.nowMs;
    expect(await bench.cycle()).toEqual(['waiting', 'finished']);
    expect(bench.clock.nowMs - started).toBeGreaterThanOrEqual(40_000);
    expect(bench.row()).toMatchObject({ status: 'idle', failures: 0 });
    expect(bench.row().error).toBeUndefined();
  });

  it('is left to a tick where the wait is longer than SQS can hold a message', async () => {
    let asked = 0;
    bench.state.interrupt = () => (asked++ === 1 ? throttled(3_600_000) : undefined);
    expect(await bench.cycle()).toEqual(['waiting']);
    const until = bench.clock.nowMs + 3_600_000;
    expect(bench.row()).toMatchObject({ status: 'running', dueAt: until, run: { pages: 1 } });
    expect(await bench.cycle()).toEqual(['finished']);
    expect(bench.clock.nowMs).toBeGreaterThanOrEqual(until);
  });

  it('comes back with the turn that was reserved for it', async () => {
    const slot = { atMs: 1, held: 1 };
    let asked = 0;
    bench.state.interrupt = () => (asked++ === 0 ? { kind: 'deferred', waitMs: 5_000, slot } : undefined);
    expect(await bench.cycle()).toEqual(['waiting', 'finished']);
    expect(bench.jobs.map((job) => job.slot)).toEqual([undefined, slot, undefined, undefined]);
  });

  it('sleeps over a wait of a second', async () => {
    let asked = 0;
    bench.state.interrupt = () => (asked++ === 1 ? { kind: 'deferred', waitMs: 700 } : undefined);
    expect(await bench.cycle()).toEqual(['finished']);
  });

  it('tries again later, from the same page, after a failure that passes', async () => {
    let asked = 0;
    bench.state.interrupt = () =>
      asked++ === 1 ? { kind: 'retry', error: error({ status: 503 }), waitMs: 400 } : undefined;
    expect(await bench.cycle()).toEqual(['failed']);
    expect(bench.row()).toMatchObject({
      status: 'failing',
      failures: 1,
      error: { code: 'odd', message: 'It is odd.' },
    });
    expect(await bench.cycle()).toEqual(['finished']);
    expect(bench.jobs).toHaveLength(4);
    expect(bench.row()).toMatchObject({ status: 'idle', failures: 0, records: 5 });
    expect(bench.row().error).toBeUndefined();
  });

  it('begins anew after the provider refused its place', async () => {
    let asked = 0;
    bench.state.interrupt = () => (asked++ === 1 ? { kind: 'failed', error: error({ status: 410 }) } : undefined);
    expect(await bench.cycle()).toEqual(['failed']);
    expect(await bench.cycle()).toEqual(['finished']);
    expect(bench.jobs.at(2)?.request.query).toEqual({});
  });

  it.each([
    ['something else', 'what?'],
    ['a page that leads to itself', { items: [], next: '1~loop' }],
  ])('fails where the answer is %s, and quotes nothing of it', async (_what, body) => {
    bench.state.interrupt = () => ({ kind: 'succeeded', status: 200, headers: {}, body });
    expect(await bench.cycle()).toEqual(['failed']);
    expect(bench.row().error).toMatchObject({ code: 'provider_error', message: expect.not.stringContaining('what?') });
  });

  it('stops where the connection must be authorized again, and goes on from its checkpoint after', async () => {
    await bench.cycle();
    const { since } = bench.row();
    bench.state.interrupt = () => ({ kind: 'failed', error: error({ code: 'needs_reauth', retryable: false }) });
    expect(await bench.cycle()).toEqual(['stopped']);
    expect(bench.row().dueAt).toBeUndefined();
    bench.state.interrupt = undefined;
    bench.clock.nowMs += 1_000;
    await bench.connect();
    expect(bench.row()).toMatchObject({ status: 'idle', ...(since && { since }) });
    expect(await bench.cycle()).toEqual(['finished']);
  });

  it("takes a provider's own code of that name for what it is", async () => {
    bench.state.interrupt = () => ({ kind: 'failed', error: error({ code: 'not_found', status: 404 }) });
    expect(await bench.cycle()).toEqual(['failed']);
  });

  it('stops where the stage does not offer the sync any more', async () => {
    const { ports } = bench;
    ports.offered = () => ({}) as never;
    expect(await bench.cycle()).toEqual(['stopped']);
    expect(bench.row().dueAt).toBeUndefined();
  });

  it('writes nothing for a message whose run is over; a late one does not even ask the provider', async () => {
    bench.clock.nowMs += 10_000;
    await bench.tick();
    const { body = '' } = bench.queue.sent.shift() ?? {};
    expect(await bench.deliver(body)).toBe('finished');
    const [after, told, asked] = [bench.row(), bench.events.length, bench.jobs.length];
    expect(await bench.deliver(body)).toBe('overtaken');
    bench.jobs.length = asked;
    bench.clock.nowMs += LEASE_MS;
    expect(await bench.deliver(body)).toBe('overtaken');
    expect(bench.jobs).toHaveLength(asked);
    expect([bench.row(), bench.events.length]).toEqual([after, told]);
  });

  it('is one run, however many copies of its message there are', async () => {
    bench.clock.nowMs += 10_000;
    await bench.tick();
    const body = bench.queue.sent.shift()?.body ?? '';
    const outcomes = await Promise.all([bench.deliver(body), bench.deliver(body), bench.deliver(body)]);
    expect(outcomes.filter((outcome) => outcome === 'finished')).toHaveLength(1);
    expect(new Set(bench.events.map(({ id }) => id)).size).toBe(5);
  });

  it('ends at the page under way when it is paused, and resumes there', async () => {
    bench.state.interrupt = (job) => {
      if (job.request.query?.cursor && bench.row().enabled && bench.jobs.length === 2) {
        const paused = set(bench.row(), { enabled: false }, bench.clock);
        bench.rows.set([...bench.rows.keys()][0] ?? '', paused);
      }
      return undefined;
    };
    expect(await bench.cycle()).toEqual(['overtaken']);
    expect(bench.row()).toMatchObject({ status: 'idle', enabled: false, run: { pages: 1 } });
    bench.rows.set([...bench.rows.keys()][0] ?? '', set(bench.row(), { enabled: true }, bench.clock));
    expect(await bench.cycle()).toEqual(['finished']);
    expect(Object.keys(bench.copy())).toHaveLength(5);
  });

  it('runs again in full on request, tells nothing twice, and finds what is gone', async () => {
    await bench.cycle();
    bench.clock.nowMs += 1_000;
    bench.provider.objects.delete('c'); // without a tombstone
    bench.events.length = 0;
    const { ports, clock, queue } = bench;
    const started = await runNow(bench.row(), { full: true }, { syncs: ports.syncs.forTenant(tenantId), queue }, clock);
    expect(started).toMatchObject({ ok: true, value: { status: 'running' } });
    expect(await bench.deliver(queue.sent.shift()?.body ?? '')).toBe('finished');
    expect(bench.told()).toEqual(['record.deleted c']);
  });

  it('takes back what it wrote when the connection was removed meanwhile', async () => {
    bench.state.interrupt = () => {
      bench.rows.clear();
      return undefined;
    };
    expect(await bench.cycle.call({ ...bench, row: () => ({ dueAt: bench.clock.nowMs + 6_000 }) as never })).toEqual([
      'overtaken',
    ]);
    expect(bench.copy()).toEqual({});
  });
});

describe('deletions', () => {
  it('are not made of what a partial run did not meet', async () => {
    const bench = workbench('ids');
    for (const id of ['a', 'b', 'c']) bench.put(id, id);
    await bench.connect();
    await bench.cycle();
    let asked = 0;
    bench.state.interrupt = () => (asked++ === 1 ? { kind: 'failed', error: error({ status: 400 }) } : undefined);
    expect(await bench.cycle()).toEqual(['failed']);
    expect(Object.keys(bench.copy())).toEqual(['a', 'b', 'c']);
  });

  it('are not looked for where the provider cannot be asked for everything', async () => {
    const bench = workbench('ids');
    Object.assign(bench.provider.sync, { deletions: 'none' });
    bench.put('a', 'A');
    await bench.connect();
    await bench.cycle();
    bench.put('a', 'A', { deleted: true });
    expect(await bench.cycle()).toEqual(['finished']);
    expect(bench.copy()).toEqual({ a: 'A' });
  });

  it('cost one write a page, and none a record that is as it was', async () => {
    const bench = workbench('ids');
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) bench.put(id, id);
    await bench.connect();
    await bench.cycle();
    bench.provider.objects.delete('c');
    const writes: string[] = [];
    bench.state.io = async (what, effect) => {
      if (/put|remember/.test(what)) writes.push(what);
      return effect();
    };
    expect(await bench.cycle()).toEqual(['finished']);
    expect(writes).toEqual(['records.remember', 'records.remember', 'records.put']); // three pages; the last needs no note
    expect(bench.told().at(-1)).toBe('record.deleted c');
  });

  it('are not made where it is not known any more what the run has met: it begins anew', async () => {
    const bench = workbench('ids');
    for (const id of ['a', 'b', 'c']) bench.put(id, id);
    await bench.connect();
    await bench.cycle();
    bench.state.io = async (what, effect) => (what === 'records.remember' ? (undefined as never) : effect());
    bench.state.interrupt = ({ request }) => {
      if (request.query?.cursor) bench.state.io = calm; // from the second run on all is well
      return undefined;
    };
    expect(await bench.cycle()).toEqual(['continued', 'finished']);
    expect(bench.copy()).toEqual({ a: 'a', b: 'b', c: 'c' });
    expect(bench.told()).toHaveLength(3);
  });

  describe('that take longer than a function may run', () => {
    const ids = Array.from({ length: 8 }, (_, n) => `o${String(n).padStart(2, '0')}`);
    let bench: ReturnType<typeof workbench>;
    beforeEach(async () => {
      bench = workbench('ids', 20);
      for (const id of ids) bench.put(id, id);
      await bench.connect();
      await bench.cycle();
      bench.jobs.length = 0;
      for (const id of ['o02', 'o05', 'o07']) bench.provider.objects.delete(id);
      bench.state.io = async (what, effect) => {
        if (what === 'records.others') bench.clock.nowMs += 40_000;
        return effect();
      };
    });
    /** As much as a function has, from when it is first asked. */
    const budget = () => {
      let beganMs: number | undefined;
      return () => {
        beganMs ??= bench.clock.nowMs;
        return 120_000 - (bench.clock.nowMs - beganMs);
      };
    };
    const deliver = async (body: string) => {
      const outcome = await bench.deliver(body, budget());
      await bench.tick();
      return outcome;
    };

    it('go on in the next message from where they were, and nobody is asked or told again', async () => {
      bench.clock.nowMs = (bench.row().dueAt ?? 0) + INDEX_MS;
      await bench.tick();
      const outcomes: string[] = [];
      for (let message = bench.queue.sent.shift(); message; message = bench.queue.sent.shift()) {
        expect(bench.queue.sent, 'one message at a time').toEqual([]);
        outcomes.push(await deliver(message.body));
      }
      expect(outcomes).toEqual(['continued', 'continued', 'finished']);
      expect(bench.jobs).toHaveLength(1);
      expect(Object.keys(bench.copy())).toEqual(ids.filter((id) => bench.provider.objects.has(id)));
      expect(bench.told().slice(8)).toEqual(['o02', 'o05', 'o07'].map((id) => `record.deleted ${id}`));
      expect(bench.row()).toMatchObject({ status: 'idle', records: 5 });
    });

    it('are no two, though a message of theirs is delivered twice', async () => {
      bench.clock.nowMs = (bench.row().dueAt ?? 0) + INDEX_MS;
      await bench.tick();
      await deliver(bench.queue.sent.shift()?.body ?? '');
      const twice = bench.queue.sent.shift()?.body ?? '';
      expect([await deliver(twice), await deliver(twice)]).toEqual(['continued', 'overtaken']);
      expect(bench.queue.sent).toHaveLength(1);
    });
  });
});

describe('a record that cannot be written', () => {
  it('has the sync fail, ever more rarely, and heard of; once it can be, the sync goes on from its page', async () => {
    const bench = workbench('changes');
    for (const id of ['a', 'b', 'c', 'd', 'e']) bench.put(id, id);
    await bench.connect();
    const { of } = bench.ports.records;
    bench.ports.records.of = (...whose) => {
      const mine = of(...whose);
      const refused = Object.assign(new Error('Item size has exceeded the maximum'), { name: 'ValidationException' });
      return {
        ...mine,
        put: async (row, before) => (row.id === 'd' ? Promise.reject(refused) : mine.put(row, before)),
      };
    };
    measure.mockClear();
    const until = bench.clock.nowMs + 12 * 3_600_000;
    const outcomes: string[] = [];
    while (bench.clock.nowMs < until) outcomes.push(...(await bench.cycle()));
    expect(new Set(outcomes)).toEqual(new Set(['failed']));
    expect(outcomes.length).toBeLessThan(20);
    expect(bench.jobs).toHaveLength(outcomes.length + 1); // the first page once
    expect(bench.row()).toMatchObject({ status: 'failing', failures: outcomes.length, run: { pages: 1 } });
    expect(bench.row().error).toMatchObject({ code: 'unavailable' });
    expect(measure.mock.calls.filter(([name]) => name === 'SyncFailing')).toHaveLength(outcomes.length - 4);

    bench.ports.records.of = of;
    expect(await bench.cycle()).toEqual(['finished']);
    expect(Object.keys(bench.copy())).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(new Set(bench.events.map(({ id }) => id)).size).toBe(5);
  });

  it('for its size is kept, and told, without its data', async () => {
    const bench = workbench('changes');
    for (const id of ['a', 'b']) bench.put(id, id.repeat(id === 'b' ? 400_000 : 1));
    await bench.connect();
    expect(await bench.cycle()).toEqual(['finished']);
    expect(bench.events.map(({ data }) => data)).toMatchObject([
      { id: 'a', data: { name: 'a' } },
      { id: 'b', data: null },
    ]);
    const { rows } = await bench.ports.records.of(tenantId, connection, 'things').list(10, bench.clock.nowMs);
    expect(rows.map((row) => toView(row, 'things'))).toMatchObject([{ data: { name: 'a' } }, { id: 'b', data: null }]);
  });

  it('brings the message back where not even that can be written down', async () => {
    const bench = workbench('changes');
    bench.put('a', 'A');
    await bench.connect();
    bench.state.io = async (what, effect) => {
      if (/put|save$/.test(what)) throw new Error('the tables are down');
      return effect();
    };
    await expect(bench.cycle()).rejects.toThrow('the tables are down');
    bench.state.io = calm;
    expect(await bench.cycle()).toEqual(['finished']);
  });
});

describe('a webhook beside a run', () => {
  /** Lets it be kept between what a run announces and writes. */
  async function between(webhook: Seen) {
    const bench = workbench('changes');
    bench.put('a', 'A');
    await bench.connect();
    bench.state.io = async (what, effect) => {
      const result = effect();
      if (what !== 'bus.publish') return result;
      bench.state.io = calm;
      await absorb([webhook], { tenantId, connection, model: 'things' }, bench.ports, bench.clock);
      return result;
    };
    expect(await bench.cycle()).toEqual(['finished']);
    return bench;
  }
  const later = new Date(Date.UTC(2026, 10, 21)).toISOString();

  it('that says what is gone has its end told after what the run told of it', async () => {
    const bench = await between({ id: 'a', updatedAt: later, deleted: true, data: undefined });
    expect(bench.copy()).toEqual({});
    expect(bench.told()).toEqual(['record.created a', 'record.deleted a']);
  });

  it('that is newer is told last, under an id of its own', async () => {
    const data = { id: 'a', name: 'A2', updatedAt: later };
    const bench = await between({ id: 'a', updatedAt: later, data });
    expect(bench.told()).toEqual(['record.created a', 'record.created a', 'record.updated a']);
    expect(bench.events.at(-1)?.data).toMatchObject({ data });
    expect(new Set(bench.events.map(({ id }) => id)).size).toBe(3);
  });

  it('that says the same is told once', async () => {
    const updatedAt = new Date(Date.UTC(2026, 10, 20, 10)).toISOString(); // when the bench begins
    const bench = await between({ id: 'a', updatedAt, data: { id: 'a', name: 'A', updatedAt } });
    expect(new Set(bench.events.map(({ id }) => id)).size).toBe(1);
  });

  it('that came before a page was read does not count for newer, though the run is not written down yet', async () => {
    const feed = changeFeed(5);
    const bench = benchOf(feed.sync, feed.answer);
    feed.objects.set('a', { id: 'a', name: '1', updatedAt: '' });
    await bench.connect();
    await bench.cycle();
    feed.objects.set('a', { id: 'a', name: '3', updatedAt: '' });
    bench.clock.nowMs = (bench.row().dueAt ?? 0) + 10_000;
    await bench.tick();
    const running = bench.deliver(bench.queue.sent.shift()?.body ?? '');
    bench.clock.nowMs += 5;
    const seen = { id: 'a', data: { id: 'a', name: '2', updatedAt: '' } };
    await absorb([seen], { tenantId, connection, model: 'things' }, bench.ports, bench.clock);
    expect(await running).toBe('finished');
    expect(bench.kept().map(({ data }) => JSON.parse(data ?? '').name)).toEqual(['3']);
  });
});

describe('a message that was lost', () => {
  it('is sent again when a lease has passed, and not before; the late first one then does nothing', async () => {
    const bench = workbench('changes');
    bench.put('a', 'A');
    await bench.connect();
    await bench.cycle();
    bench.clock.nowMs = (bench.row().dueAt ?? 0) + 10_000;
    expect(await bench.tick()).toBe(1);
    const [first] = bench.queue.sent.splice(0);
    bench.clock.nowMs += LEASE_MS - 9_000;
    expect(await bench.tick()).toBe(0);
    bench.clock.nowMs += 1_000;
    expect(await bench.tick()).toBe(1);
    expect(await bench.deliver(bench.queue.sent.shift()?.body ?? '')).toBe('finished');
    const asked = bench.jobs.length;
    expect(await bench.deliver(first?.body ?? '')).toBe('overtaken');
    expect(bench.jobs).toHaveLength(asked);
  });
});

describe('E-31: a crash', () => {
  class Crash extends Error {}

  /** Backfills, changes everything upstream, then runs with the nth I/O crashing; heals by redelivery and ticks. */
  async function crashAt(order: 'changes' | 'ids', n: number, when: 'before' | 'after') {
    const bench = workbench(order);
    for (const id of ['a', 'b', 'c']) bench.put(id, id);
    await bench.connect();
    await bench.cycle();
    bench.clock.nowMs += 120_000;
    bench.events.length = 0;
    bench.put('a', 'a2');
    bench.put('b', 'b', { deleted: true });
    bench.put('d', 'd');
    bench.put('e', 'e');

    let count = 0;
    bench.state.io = async (what, effect) => {
      const mine = count++ === n;
      if (mine && when === 'before') throw new Crash(what);
      const result = effect();
      if (mine) throw new Crash(what);
      return result;
    };
    const rethrow = (error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    };
    await bench.tick().catch(rethrow);
    const [message] = bench.queue.sent;
    if (message) await bench.deliver(message.body).catch(rethrow);
    const reached = count > n;
    bench.state.io = calm;
    if (message) await bench.deliver(message.body);
    bench.queue.sent.length = 0;
    await bench.cycle();
    await bench.cycle();
    return {
      reached,
      copy: bench.copy(),
      ids: new Set(bench.events.map(({ id }) => id)),
      told: new Set(bench.told()),
      row: bench.row(),
    };
  }

  it.each(['changes', 'ids'] as const)('at any I/O of a run by %s loses no change and invents none', async (order) => {
    const undisturbed = await crashAt(order, Number.POSITIVE_INFINITY, 'before');
    expect(undisturbed.told).toEqual(
      new Set(['record.updated a', 'record.deleted b', 'record.created d', 'record.created e']),
    );
    let crashes = 0;
    for (const when of ['before', 'after'] as const) {
      for (let n = 0; ; n++) {
        const crashed = await crashAt(order, n, when);
        if (!crashed.reached) break;
        crashes++;
        expect(crashed.copy, `${when} I/O ${n}`).toEqual({ a: 'a2', c: 'c', d: 'd', e: 'e' });
        expect(crashed.ids, `${when} I/O ${n}`).toEqual(undisturbed.ids);
        expect(crashed.row.status).toBe('idle');
      }
    }
    expect(crashes).toBeGreaterThan(40);
  });
});

describe('a connection', () => {
  it('that is removed while its sync runs leaves nothing behind', async () => {
    const bench = workbench('changes');
    for (const id of ['a', 'b', 'c']) bench.put(id, id);
    await bench.connect();
    let removing: Promise<void> | undefined;
    bench.state.interrupt = ({ request }) => {
      const event = { type: 'connection.removed', tenantId, connection, atMs: bench.clock.nowMs } as const;
      if (request.query?.cursor) removing = follow(event, bench.ports, bench.clock);
      return undefined;
    };
    expect(await bench.cycle()).toEqual(['overtaken']);
    await removing;
    expect(bench.rows.size).toBe(0);
    expect(bench.copy()).toEqual({});
  });
});

describe('a first run of change tokens', () => {
  it('that broke off while it wrote its first page does not take what went since for there', async () => {
    const feed = changeFeed(5);
    const bench = benchOf(feed.sync, feed.answer);
    for (const id of ['a', 'b']) feed.objects.set(id, { id, name: id, updatedAt: '' });
    await bench.connect();
    bench.state.io = async (what, effect) => {
      const result = effect();
      if (what === 'records.put') throw new Error('lost');
      return result;
    };
    expect(await bench.cycle()).toEqual(['failed']);
    bench.state.io = calm;
    feed.objects.delete('a');
    expect(await bench.cycle()).toEqual(['continued', 'finished']);
    expect(bench.kept().map(({ id }) => id)).toEqual(['b']);
    expect(bench.told()).toContain('record.deleted a');
  });
});

describe('an operator', () => {
  const measured = (name: string) => measure.mock.calls.filter(([metric]) => metric === name);
  beforeEach(() => measure.mockClear());

  it('hears of a sync that failed five times in a row, and each time after', async () => {
    const bench = workbench('changes');
    await bench.connect();
    bench.state.interrupt = () => ({ kind: 'failed', error: error({ status: 400 }) });
    for (let n = 0; n < 4; n++) await bench.cycle();
    expect(measured('SyncFailing')).toEqual([]);
    for (let n = 0; n < 2; n++) await bench.cycle();
    expect(measured('SyncFailing')).toEqual([1, 2].map(() => ['SyncFailing', { provider: 'demo' }]));
  });

  it("hears how late the latest of a provider's syncs was handed out", async () => {
    const bench = workbench('changes');
    await bench.connect();
    bench.clock.nowMs = (bench.row().dueAt ?? 0) + 700_000;
    await bench.tick();
    expect(measured('SyncLag')).toEqual([['SyncLag', { provider: 'demo' }, 700_000, 'Milliseconds']]);
    await bench.tick();
    expect(measured('SyncLag')).toHaveLength(1);
  });
});

describe('where the provider says that it does not tell all', () => {
  const half = (order: 'changes' | 'ids') => {
    const provider = upstream(order, 5);
    const { page } = provider.sync;
    const told = { incomplete: false };
    const sync = { ...provider.sync, page: (answer: Parameters<typeof page>[0]) => ({ ...page(answer), ...told }) };
    const bench = benchOf(sync, provider.answer);
    const put = (id: string) =>
      provider.objects.set(id, { id, name: id, updatedAt: new Date(bench.clock.nowMs).toISOString() });
    return { ...bench, told, put, objects: provider.objects };
  };

  it('changes are read as everything', async () => {
    const bench = half('changes');
    bench.put('a');
    await bench.connect();
    await bench.cycle();
    bench.told.incomplete = true;
    expect(await bench.cycle()).toEqual(['expired']);
    bench.told.incomplete = false;
    expect(await bench.cycle()).toEqual(['finished']);
    expect(bench.jobs.at(-1)?.request.query).not.toHaveProperty('since');
  });

  it('what was not met among everything may exist all the same', async () => {
    const bench = half('ids');
    for (const id of ['a', 'b']) bench.put(id);
    await bench.connect();
    await bench.cycle();
    bench.objects.delete('a');
    bench.told.incomplete = true;
    await bench.cycle();
    expect(bench.kept().map(({ id }) => id)).toEqual(['a', 'b']);
    bench.told.incomplete = false;
    await bench.cycle();
    expect(bench.kept().map(({ id }) => id)).toEqual(['b']);
  });
});
