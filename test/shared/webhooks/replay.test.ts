import { expect, test } from 'vitest';
import { TenantId } from '../../../shared/core/ids.ts';
import { UNROUTED } from '../../../shared/core/keys.ts';
import { cancelReplay } from '../../../shared/webhooks/cancel-replay.ts';
import { countEvents } from '../../../shared/webhooks/count.ts';
import { advanced, batchOf, begun, cancelled, messageOf, toView } from '../../../shared/webhooks/replay.ts';
import { replayStore } from '../../../shared/webhooks/replay-store.ts';
import { type ReroutePorts, reroute } from '../../../shared/webhooks/reroute.ts';
import { inboxStore } from '../../../shared/webhooks/store.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { testMoment } from '../../support/moment.ts';

const acme = TenantId.parse('acme');
const moment = testMoment();
const replay = (rate: number, filter = {}) => begun(acme, { filter, rate }, moment);

test.each([
  [1, 5, 5],
  [10, 50, 5],
  [20, 100, 5],
  [100, 100, 1],
])('a replay of %d events a second tells %d at once, and goes on after %d s', (rate, size, delayS) => {
  expect(batchOf(replay(rate))).toBe(size);
  expect(messageOf(replay(rate), size).delayS).toBe(delayS);
});

test('a replay waits as long as its rate wants for what it told, be that less than a batch', () => {
  expect(messageOf(replay(10), 0).delayS).toBe(0);
  expect(messageOf(replay(10), 11).delayS).toBe(2);
});

test('a replay is of the past: what comes in from its beginning on is no part of it', () => {
  expect(replay(1).filter).toEqual({ toMs: moment.nowMs });
  expect(replay(1, { toMs: moment.nowMs + 1 }).filter).toEqual({ toMs: moment.nowMs });
  expect(replay(1, { toMs: 5, fromMs: 1 }).filter).toEqual({ toMs: 5, fromMs: 1 });
});

test('what has ended is not cancelled, and the view says how it was narrowed', () => {
  const done = advanced(replay(1, { connection: { provider: 'slack', name: 'sales' }, fromMs: 0 }), { events: [] }, 7);
  expect(cancelled(done, 8)).toBeUndefined();
  expect(toView(done)).toMatchObject({
    status: 'finished',
    filter: { connection: 'slack:sales', from: '1970-01-01T00:00:00.000Z', to: '2026-11-20T10:00:00.000Z' },
    endedAt: '1970-01-01T00:00:00.007Z',
  });
});

test('a cancellation that a batch overtakes is made upon what the batch left', async () => {
  const replays = replayStore(memoryTable()).forTenant(acme);
  const first = replay(1);
  await replays.save(first);
  let saves = 0;
  const contended = {
    ...replays,
    save: async (next: typeof first) => {
      if (saves++ === 0) await replays.save(advanced(first, { events: [], cursor: 'c' }, 1));
      return replays.save(next);
    },
  };
  expect(await cancelReplay(first.id, contended, moment)).toMatchObject({
    status: 'cancelled',
    version: 3,
    cursor: 'c',
  });
  expect(await cancelReplay('rpl_nothing', contended, moment)).toBeUndefined();
});

test('a count that runs out of time says that there may be more', async () => {
  const inbox = inboxStore(memoryTable()).forTenant(acme);
  expect(await countEvents(inbox, {}, () => true)).toEqual({ count: 0, complete: false });
  expect(await countEvents(inbox, {}, () => false)).toEqual({ count: 0, complete: true });
});

test('events that find their owner are left to the next attempt when time runs out', async () => {
  const ports = { inbox: inboxStore(memoryTable()), owns: async () => true } as unknown as ReroutePorts;
  const activation = { tenantId: acme, connection: { provider: 'github', name: 'default' }, accountId: '7', atMs: 0 };
  await expect(reroute(activation, ports, moment, () => 10_000)).rejects.toThrow(
    'not all events have found their owner',
  );
  expect(await reroute(activation, ports, moment, () => 60_000)).toBe('settle');
  expect((await ports.inbox.forTenant(UNROUTED).list({ limit: 1 })).events).toEqual([]);
});
