import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Needs } from '../../../shared/providers/needs.ts';
import { absorb } from '../../../shared/syncs/absorb.ts';
import { type ConnectionEvent, follow } from '../../../shared/syncs/follow.ts';
import { News, nudge } from '../../../shared/syncs/nudge.ts';
import { runNow } from '../../../shared/syncs/run-now.ts';
import { set } from '../../../shared/syncs/sync.ts';
import { INDEX_MS, workbench } from './bench.ts';
import { calm, connection, tenantId } from './world.ts';

vi.mock('../../../shared/core/metrics.ts', () => ({ measure: () => {} }));

type Bench = ReturnType<typeof workbench>;
type Grant = Pick<ConnectionEvent, 'account' | 'kind' | 'scopes'>;
let bench: Bench;
const tell = (type: Parameters<typeof follow>[0]['type'], atMs = bench.clock.nowMs, granted: Grant = {}) =>
  follow({ type, tenantId, connection, atMs, ...granted }, bench.ports, bench.clock);
const replace = (row: ReturnType<Bench['row']>) => bench.rows.set([...bench.rows.keys()][0] ?? '', row);

beforeEach(() => {
  bench = workbench('changes');
  bench.put('a', 'A');
});

describe('a sync that wants a scope, and a way of connecting', () => {
  const whole: Grant = { kind: 'oauth2', scopes: ['profile', 'https://api.example/things'] };
  const grant = (granted: Grant) => {
    bench.clock.nowMs += 1_000;
    return tell('connection.activated', bench.clock.nowMs, granted);
  };
  const wanting = (needs: Needs) => Object.assign(bench.provider.sync, needs);
  const saying = (message: string) => ({ status: 'stopped', error: { code: 'needs_reauth', message } });

  it('is stopped where the scope was not granted, says which is wanted, and asks the provider nothing', async () => {
    wanting({ scopes: ['things', 'things.all'] });
    await grant({ kind: 'oauth2', scopes: ['profile'] });
    const notice = 'Connect the account again with one of the scopes things, things.all.';
    expect(bench.row()).toMatchObject({ enabled: true, ...saying(notice) });
    expect(bench.row()).not.toHaveProperty('dueAt');
    expect(await bench.cycle()).toEqual([]);
    expect(bench.jobs).toEqual([]);
    const ports = { syncs: bench.ports.syncs.forTenant(tenantId), queue: bench.queue };
    expect(await runNow(bench.row(), { full: true }, ports, bench.clock)).toMatchObject({
      error: { code: 'needs_reauth', message: notice },
    });
  });

  it('is stopped where the connection was made by a way that the provider lets nobody read with', async () => {
    wanting({ kinds: ['oauth2', 'api_key'] });
    await grant({ kind: 'app_jwt', scopes: [] });
    const notice = 'By app_jwt this cannot be read: connect the account again by oauth2 or api_key.';
    expect(bench.row()).toMatchObject(saying(notice));
    expect(await bench.cycle()).toEqual([]);
  });

  it('is stopped where the connection is a mock, and says that there is nothing to read', async () => {
    await grant({ kind: 'mock', scopes: [] });
    const notice = 'A mock has no account to read: connect one, or give the connection a credential.';
    expect(bench.row()).toMatchObject(saying(notice));
    expect(await bench.cycle()).toEqual([]);
  });

  it('becomes due by itself once a reconnect brings what it wants, keeps its place without, and goes on from it', async () => {
    wanting({ scopes: ['things'], kinds: ['oauth2'] });
    await grant({ kind: 'oauth2', scopes: ['profile'] });
    await grant(whole);
    expect(bench.row()).toMatchObject({ status: 'idle', dueAt: expect.any(Number) });
    expect(await bench.cycle()).toEqual(['finished']);
    const { since } = bench.row();
    await grant({ kind: 'oauth2', scopes: ['profile'] });
    expect(bench.row()).toMatchObject({ since, ...saying('Connect the account again with the scope things.') });
    bench.put('b', 'B');
    await grant(whole);
    expect(await bench.cycle()).toEqual(['finished']);
    expect(bench.copy()).toEqual({ a: 'A', b: 'B' });
    expect(bench.events).toHaveLength(2);
  });

  it('stays stopped whatever the tenant sets, and whatever webhooks tell', async () => {
    wanting({ scopes: ['things'] });
    await grant({ scopes: ['profile'] });
    replace(set(bench.row(), { enabled: false }, bench.clock));
    replace(set(bench.row(), { enabled: true, every: 60 }, bench.clock));
    await nudge({ tenantId, connection, type: 'thing.changed' }, bench.ports, bench.clock);
    expect(bench.row().status).toBe('stopped');
    expect(await bench.cycle()).toEqual([]);
  });

  it('runs where the provider tells no scopes, and where nothing is known of it', async () => {
    wanting({ scopes: ['things'], kinds: ['api_key'] });
    for (const granted of [{ kind: 'api_key', scopes: [] }, {}]) {
      await grant(granted);
      expect(await bench.cycle()).toEqual(['finished']);
    }
  });
});

describe('the syncs of a connection', () => {
  it('are made with it, once, however often it is told', async () => {
    await tell('connection.activated', 1_000);
    const made = bench.row();
    await tell('connection.activated', 1_000);
    expect(bench.row()).toEqual(made);
    expect(bench.rows.size).toBe(1);
  });

  it('keep their checkpoint over a stop and a new authorization', async () => {
    await tell('connection.activated');
    await bench.cycle();
    const { since } = bench.row();
    bench.clock.nowMs += 1_000;
    await tell('connection.needs_reauth');
    expect(bench.row()).toMatchObject({ status: 'stopped', since, error: { code: 'needs_reauth' } });
    expect(await bench.cycle()).toEqual([]);
    bench.clock.nowMs += 1_000;
    await tell('connection.activated');
    expect(bench.row()).toMatchObject({ status: 'idle', since });
    expect(since).toBeDefined();
  });

  it('obey the latest event, in whatever order events come', async () => {
    await tell('connection.activated', 3_000);
    await tell('connection.needs_reauth', 2_000);
    expect(bench.row().status).toBe('idle');
    await tell('connection.removed', 2_500);
    expect(bench.rows.size).toBe(1);
    await tell('connection.needs_reauth', 4_000);
    await tell('connection.activated', 3_500);
    expect(bench.row().status).toBe('stopped');
  });

  it('are erased with their records when it is removed', async () => {
    await tell('connection.activated');
    await bench.cycle();
    await tell('connection.removed');
    expect(bench.rows.size).toBe(0);
    expect(bench.copy()).toEqual({});
  });

  it('begin anew with nothing of the earlier account where another was connected in its place', async () => {
    const connect = (account: string, atMs?: number) => tell('connection.activated', atMs, { account });
    await connect('a1');
    await bench.cycle();
    const { bornAtMs } = bench.row();
    bench.clock.nowMs += 1_000;
    await connect('a1');
    expect(bench.row()).toMatchObject({ account: 'a1', bornAtMs, since: expect.any(String) });
    bench.provider.objects.clear();
    bench.put('z', 'Z');
    bench.clock.nowMs += 1_000;
    await connect('a2');
    expect(bench.row()).toMatchObject({ account: 'a2', status: 'idle' });
    expect(bench.row()).not.toHaveProperty('since');
    expect(bench.copy()).toEqual({});
    await connect('a1', bench.clock.nowMs - 500); // told late: it is a2's by now
    expect(bench.row()).toMatchObject({ account: 'a2' });
    await bench.cycle();
    expect(bench.copy()).toEqual({ z: 'Z' });
  });

  it('tell all there is under ids of their own when it comes back', async () => {
    bench.put('b', 'B');
    for (let times = 0; times < 3; times++) {
      await tell('connection.activated');
      await bench.cycle();
      bench.clock.nowMs += 1_000;
      await tell('connection.removed');
      bench.clock.nowMs += 1_000;
    }
    expect(bench.told()).toEqual(Array(3).fill(['record.created a', 'record.created b']).flat());
    expect(new Set(bench.events.map(({ id }) => id)).size).toBe(6);
  });

  it('are erased whichever step a crash interrupts, once the event comes again', async () => {
    for (let n = 0; n < 12; n++) {
      bench = workbench('changes');
      bench.put('a', 'A');
      await tell('connection.activated');
      await bench.cycle();
      let count = 0;
      bench.state.io = async (_what, effect) => {
        if (count++ === n) throw new Error('crash');
        return effect();
      };
      await tell('connection.removed').catch(() => {});
      bench.state.io = calm;
      await tell('connection.removed');
      expect([bench.rows.size, bench.copy()], `crash at I/O ${n}`).toEqual([0, {}]);
    }
  });

  it('read everything again when it comes back while it is being erased', async () => {
    await tell('connection.activated');
    await bench.cycle();
    let back: Promise<void> | undefined;
    bench.state.io = async (what, effect) => {
      if (what === 'records.clear' && !back) {
        back = tell('connection.activated', bench.clock.nowMs + 5);
        await back;
      }
      return effect();
    };
    await tell('connection.removed');
    bench.state.io = calm;
    expect(bench.row()).toMatchObject({ status: 'idle', since: undefined });
    await bench.cycle();
    expect(bench.copy()).toEqual({ a: 'A' });
    expect(bench.told()).toEqual(['record.created a', 'record.created a']);
    expect(new Set(bench.events.map(({ id }) => id)).size).toBe(2);
  });
});

describe('what is told of them', () => {
  const seen = { id: 'a', data: { id: 'a', name: 'A', updatedAt: '2026-11-20T10:00:00.000Z' } };
  const show = () => absorb([seen], { tenantId, connection, model: 'things' }, bench.ports, bench.clock);

  it('has one id, though a webhook breaks off before its record is written and a run finds it later', async () => {
    await tell('connection.activated');
    bench.state.io = async (what, effect) => {
      if (what === 'records.put') throw new Error('crash');
      return effect();
    };
    await expect(show()).rejects.toThrow('crash');
    bench.state.io = calm;
    await bench.cycle();
    expect(bench.told()).toEqual(['record.created a', 'record.created a']);
    expect(new Set(bench.events.map(({ id }) => id)).size).toBe(1);
  });

  it('has another id once they were erased in between', async () => {
    for (let times = 0; times < 2; times++) {
      await tell('connection.activated');
      await show();
      bench.clock.nowMs += 1_000;
      await tell('connection.removed');
    }
    expect(bench.told()).toEqual(['record.created a', 'record.created a']);
    expect(new Set(bench.events.map(({ id }) => id)).size).toBe(2);
  });
});

describe('a webhook', () => {
  const news = (type: string) => nudge({ tenantId, connection, type }, bench.ports, bench.clock);

  it('has the sync that it is news for run at the next tick', async () => {
    await tell('connection.activated');
    await bench.cycle();
    await news('thing.renamed');
    expect(bench.row().dueAt).toBe(bench.clock.nowMs);
    bench.clock.nowMs += INDEX_MS;
    expect(await bench.tick()).toBe(1);
  });

  it.each(['things.renamed', 'thing', 'other'])('of type %s is no news', async (type) => {
    await tell('connection.activated');
    await bench.cycle();
    const before = bench.row();
    await news(type);
    expect(bench.row()).toEqual(before);
  });

  it('has a sync that runs, and may have read past its change, run once more', async () => {
    await tell('connection.activated');
    bench.clock.nowMs += 10_000;
    await bench.tick();
    await news('thing.renamed');
    const { version } = bench.row();
    await news('thing.renamed');
    expect(bench.row().version).toBe(version); // the first has said it
    await bench.deliver(bench.queue.sent.shift()?.body ?? '');
    expect(bench.row()).toMatchObject({ status: 'idle', dueAt: bench.clock.nowMs });
    expect(await bench.cycle()).toEqual(['finished']);
    expect(bench.row().dueAt).toBeGreaterThan(bench.clock.nowMs + 30_000);
  });

  it('changes nothing for a sync that is paused or does not exist', async () => {
    await news('thing.renamed');
    await tell('connection.activated');
    replace(set(bench.row(), { enabled: false }, bench.clock));
    const paused = bench.row();
    await news('thing.renamed');
    expect(bench.row()).toEqual(paused);
  });

  it('that no connection claims is not an event of a sync', () => {
    expect(News.safeParse({ tenant: '_unrouted', data: { type: 'x' } }).success).toBe(false);
  });
});

describe('a run on request', () => {
  const request = (full = false) =>
    runNow(bench.row(), { full }, { syncs: bench.ports.syncs.forTenant(tenantId), queue: bench.queue }, bench.clock);

  it('is queued at once', async () => {
    await tell('connection.activated');
    expect(await request()).toMatchObject({ ok: true, value: { status: 'running' } });
    expect(bench.queue.sent).toHaveLength(1);
  });

  it('is the one under way where there is one', async () => {
    await tell('connection.activated');
    await request();
    const running = bench.row();
    expect(await request()).toMatchObject({ ok: true });
    expect(bench.row()).toEqual(running);
    expect(bench.queue.sent).toHaveLength(1);
  });

  it('in full takes the place of the one under way', async () => {
    await tell('connection.activated');
    await request();
    const first = bench.queue.sent[0]?.body ?? '';
    bench.clock.nowMs += 1;
    await request(true);
    expect(await bench.deliver(first)).toBe('overtaken');
    expect(await bench.deliver(bench.queue.sent[1]?.body ?? '')).toBe('finished');
  });

  it('is refused while the sync is paused or stopped', async () => {
    await tell('connection.activated');
    replace(set(bench.row(), { enabled: false }, bench.clock));
    expect(await request()).toMatchObject({ ok: false, error: { code: 'conflict' } });
    bench.clock.nowMs += 1;
    await tell('connection.needs_reauth');
    expect(await request()).toMatchObject({ ok: false, error: { code: 'needs_reauth' } });
  });
});

describe('ticks', () => {
  it('that overlap hand out each due sync once', async () => {
    await tell('connection.activated');
    bench.clock.nowMs += 10_000;
    const counts = await Promise.all([bench.tick(), bench.tick(), bench.tick()]);
    expect(counts.sort()).toEqual([0, 0, 1]);
    expect(bench.queue.sent).toHaveLength(1);
    expect(bench.queue.sent[0]).toMatchObject({ group: tenantId });
  });
});
