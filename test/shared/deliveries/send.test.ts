import { beforeEach, describe, expect, test, vi } from 'vitest';
import { dueShards } from '../../../shared/core/keys.ts';
import { log } from '../../../shared/core/log.ts';
import { claimed, held, SCHEDULE_MS } from '../../../shared/deliveries/delivery.ts';
import { plan } from '../../../shared/deliveries/plan.ts';
import { rotate } from '../../../shared/deliveries/rotate.ts';
import { changed, disabled, walking } from '../../../shared/deliveries/subscription.ts';
import { update } from '../../../shared/deliveries/update.ts';
import { openDeliveries, resolving } from './world.ts';

let hub: Awaited<ReturnType<typeof openDeliveries>>;
beforeEach(async () => {
  hub = await openDeliveries();
});

describe('a message', () => {
  test('waits hidden for up to a quarter of an hour; longer waits are left to the tick, which comes in time', async () => {
    const event = await hub.tell();
    for (const [index, delayMs] of SCHEDULE_MS.slice(0, 4).entries()) {
      const fate = await hub.receive(event);
      expect(fate, `attempt ${index + 1}`).toEqual(delayMs <= 900_000 ? { waitMs: delayMs } : 'settle');
      const delivery = await hub.deliveries.get(event);
      expect(delivery?.notBeforeMs).toBe(hub.moment.nowMs + delayMs);
      expect((delivery?.dueAtMs ?? 0) - (delivery?.notBeforeMs ?? 0)).toBe(delayMs <= 900_000 ? 120_000 : 0);
      hub.moment.nowMs += delayMs;
    }
  });

  test('is left to the tick before the queue would give it up', async () => {
    const event = await hub.tell();
    expect(await hub.receive(event, { receives: 7 })).toBe('settle');
    const delivery = await hub.deliveries.get(event);
    expect(delivery?.dueAtMs).toBe(delivery?.notBeforeMs);
  });

  test('that comes too early goes, or waits where its clock is only a little off', async () => {
    const event = await hub.tell();
    await hub.receive(event);
    expect(await hub.receive(event)).toEqual({ waitMs: 5_000 });
    hub.moment.nowMs += 5_000;
    await hub.receive(event);
    expect(await hub.receive(event)).toBe('settle');
    expect(hub.timeouts).toHaveLength(2);
  });

  test('waits for its turn without an attempt, and keeps the turn', async () => {
    const event = await hub.tell();
    const slot = { atMs: hub.moment.nowMs + 30_000, held: 1 };
    const slots: unknown[] = [];
    const enter = async (_: unknown, given: unknown) => {
      slots.push(given);
      return given ? { waitMs: 400 } : { waitMs: 30_000, slot };
    };
    const gate = { enter, note: async () => {} };
    expect(await hub.receive(event, { gate })).toEqual({ waitMs: 30_000 });
    expect((await hub.deliveries.get(event))?.attempts).toEqual([]);
    hub.moment.nowMs += 30_000;
    await hub.receive(event, { gate });
    expect(slots).toEqual([undefined, slot]);
    const delivery = await hub.deliveries.get(event);
    expect(delivery?.attempts.map(({ atMs }) => atMs)).toEqual([slot.atMs + 400]); // a short wait is slept
    expect(delivery?.slot).toBeUndefined();
  });

  test('E-21: no attempt outlives the function, and none begins without time to write it down', async () => {
    const event = await hub.tell();
    expect(await hub.receive(event, { remainingMs: 5_500 })).toEqual({ waitMs: 0 });
    await hub.receive(event, { remainingMs: 12_000 });
    hub.moment.nowMs += 5_000;
    await hub.receive(event);
    expect(hub.timeouts).toEqual([7_000, 20_000]);
  });

  test('is one worker’s alone until after his function has ended', async () => {
    const event = await hub.tell();
    const others: unknown[] = [];
    await hub.receive(event, {
      send: async (request) => {
        const { claimedUntilMs = 0 } = (await hub.deliveries.get(event)) ?? {};
        others.push(claimedUntilMs - hub.moment.nowMs, await hub.receive(event));
        hub.moment.nowMs += 60_000;
        others.push(await hub.receive(event));
        return hub.ports.send(request);
      },
    });
    expect(others).toEqual([61_000, 'settle', 'settle']);
    expect(hub.timeouts).toHaveLength(1);
  });

  test('of the last attempt ends it, and the operator is told of that one alone', async () => {
    const warn = vi.spyOn(log, 'warn');
    const event = await hub.tell();
    for (let n = 0; n < 10; n++) {
      expect(warn).not.toHaveBeenCalled();
      await hub.receive(event);
      hub.moment.nowMs = (await hub.deliveries.get(event))?.notBeforeMs ?? hub.moment.nowMs;
    }
    expect((await hub.deliveries.get(event))?.status).toBe('exhausted');
    expect(warn.mock.calls).toEqual([['an event was not delivered', { subscription: hub.id, event, tenant: 'acme' }]]);
    expect(await hub.receive(event)).toBe('settle');
    expect(hub.timeouts).toHaveLength(10);
  });

  test('of one that was interrupted counts as an attempt: it cannot go on for ever', async () => {
    const event = await hub.tell();
    const delivery = await hub.deliveries.get(event);
    if (!delivery) throw new Error('no delivery');
    await hub.deliveries.save(claimed(delivery, hub.moment.nowMs + 61_000));
    expect(await hub.receive(event)).toBe('settle'); // somebody may be sending it
    hub.moment.nowMs += 61_000;
    expect(await hub.receive(event)).toEqual({ waitMs: 5_000 });
    expect((await hub.deliveries.get(event))?.attempts).toMatchObject([{ error: 'interrupted' }]);
    expect(hub.timeouts).toEqual([]);
  });

  test('is tried again while the keys cannot be opened: nothing goes out unsigned', async () => {
    const event = await hub.tell();
    const open = async () => ({ ok: false, error: { code: 'unavailable', message: 'not now' } }) as const;
    await expect(hub.receive(event, { vault: { open } })).rejects.toThrow('unavailable');
    expect(hub.timeouts).toEqual([]);
    await hub.receive(event);
    expect(hub.timeouts).toHaveLength(1);
  });
});

describe('what is held', () => {
  const save = async (change: typeof disabled) => {
    const subscription = await hub.store.subscriptions.get(hub.id);
    if (subscription) await hub.store.subscriptions.save(change(subscription, 'paused'));
  };

  test('while it is being enabled goes out all the same', async () => {
    const event = await hub.tell();
    await save(disabled);
    const { subscriptions } = hub.store;
    let reads = 0;
    const get = async (id: string) => {
      reads += 1;
      // Enabled, and its walk over, between the worker's look at the subscription and its writing.
      if (reads === 2) {
        await save((it) => changed(it, { enabled: true }, hub.moment.nowMs));
        await save((it) => walking(it, undefined, 0));
      }
      return subscriptions.get(id);
    };
    const store = { ...hub.store, subscriptions: { ...subscriptions, get } };
    expect(await hub.receive(event, { store })).toEqual({ waitMs: 0 });
    expect((await hub.deliveries.get(event))?.status).toBe('pending');
  });

  test('is sent page by page, each once; where the request ends, the tick goes on', async () => {
    const events: string[] = [];
    for (let n = 0; n < 250; n++) events.push(await hub.tell());
    await save(disabled);
    for (const event of events) await hub.receive(event);
    expect((await hub.deliveries.walk(300)).items.every(({ status }) => status === 'held')).toBe(true);
    hub.queued.length = 0;

    let pages = 0;
    const ports = { ...resolving(), store: hub.store, queue: hub.queue };
    const enabled = await update(hub.id, { enabled: true }, ports, hub.moment, () => ++pages > 1);
    expect(enabled).toMatchObject({ ok: true, value: { enabled: true } });
    expect(hub.queued).toHaveLength(100);
    await plan(ports, () => false, hub.moment);
    expect(hub.queued).toHaveLength(100); // the request may still be at it
    hub.moment.nowMs += 61_000;
    await Promise.all([plan(ports, () => false, hub.moment), plan(ports, () => false, hub.moment)]);
    expect(new Set(hub.queued).size).toBe(250);
    expect(hub.queued).toHaveLength(250);
    const over = await hub.store.subscriptions.get(hub.id);
    expect([over?.resend, over?.dueAtMs]).toEqual([undefined, undefined]);
  });

  test('stays held where the subscription is disabled again in the middle', async () => {
    const event = await hub.tell();
    const delivery = await hub.deliveries.get(event);
    if (delivery) await hub.deliveries.save(held(delivery));
    await save(disabled);
    await save((it) => changed(it, { enabled: true }, hub.moment.nowMs));
    await save(disabled);
    hub.queued.length = 0;
    hub.moment.nowMs += 61_000;
    await plan({ store: hub.store, queue: hub.queue }, () => false, hub.moment);
    expect(hub.queued).toEqual([]);
  });
});

describe('a tick', () => {
  const [deep = '', ...others] = dueShards;
  const ports = (due: typeof hub.store.due, deliveriesOf = hub.store.deliveriesOf) => ({
    store: { ...hub.store, due, deliveriesOf },
    queue: hub.queue,
  });

  test('takes nothing from the other shards where one has a backlog', async () => {
    const pages = new Map(dueShards.map((shard) => [shard, 0]));
    let left = 100;
    const due = async (shard: string) => {
      pages.set(shard, (pages.get(shard) ?? 0) + 1);
      left -= 1;
      return { items: [], ...((shard === deep || (pages.get(shard) ?? 0) < 5) && { cursor: 'more' }) };
    };
    await plan(ports(due), () => left <= 0, hub.moment);
    expect(others.map((shard) => pages.get(shard))).toEqual(others.map(() => 5));
    expect(pages.get(deep)).toBeGreaterThan(5);
  });

  test('goes on with a walk once all that is due was handed over', async () => {
    const event = await hub.tell();
    hub.moment.nowMs += 200_000;
    const delivery = (await hub.deliveries.get(event)) ?? expect.fail('there is none');
    const subscription = (await hub.store.subscriptions.get(hub.id)) ?? expect.fail('there is none');
    const walk = walking(subscription, { startedAtMs: hub.moment.nowMs, sinceMs: 0 }, hub.moment.nowMs);
    await hub.store.subscriptions.save(walk);
    hub.queued.length = 0;
    const handedBefore: number[] = [];
    const due = async (shard: string) =>
      shard === deep
        ? { items: [{ subscription: walk }] }
        : shard === others.at(-1)
          ? { items: [{ delivery }] }
          : { items: [] };
    const deliveriesOf = (id: string) => {
      const mine = hub.store.deliveriesOf(id);
      return {
        ...mine,
        walk(limit: number, cursor?: string) {
          handedBefore.push(hub.queued.length);
          return mine.walk(limit, cursor);
        },
      };
    };
    await plan(ports(due, deliveriesOf), () => false, hub.moment);
    expect(handedBefore).toEqual([1]);
  });
});

describe('a rotation', () => {
  const keys = async () => (await hub.store.subscriptions.get(hub.id))?.keys ?? [];
  const turn = (overlapS: number, store = hub.store) =>
    rotate(hub.id, overlapS, { store, vault: hub.vault }, hub.moment);

  test('makes a new generation each time, and lengthens the life of no old one', async () => {
    const { nowMs } = hub.moment;
    await turn(60);
    await turn(3_600);
    expect((await keys()).map(({ generation, untilMs }) => [generation, untilMs])).toEqual([
      [1, nowMs + 60_000],
      [2, nowMs + 3_600_000],
      [3, undefined],
    ]);
    hub.moment.nowMs += 60_000;
    await turn(60);
    expect((await keys()).map(({ generation }) => generation)).toEqual([2, 3, 4]); // what is over goes
  });

  test('that another change overtakes is refused: the secret that was shown would never sign', async () => {
    const subscriptions = { ...hub.store.subscriptions, save: async () => false };
    expect(await turn(60, { ...hub.store, subscriptions })).toMatchObject({ ok: false, error: { code: 'conflict' } });
    expect(await keys()).toHaveLength(1);
  });
});
