import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Ask, pacesOf, SLOT_KEPT_MS, type Slot } from '../../../shared/calls/admit.ts';
import { callsContract } from '../../../shared/calls/contract.ts';
import {
  type Admission,
  type Caller,
  type LimitStore,
  limitStore,
  type News,
} from '../../../shared/calls/limit-store.ts';
import { openQuota } from '../../../shared/calls/quota.ts';
import { run } from '../../../shared/calls/run.ts';
import { openTable, type Table } from '../../../shared/core/aws.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { measure } from '../../../shared/core/metrics.ts';
import { github } from '../../../shared/providers/github/index.ts';
import type { Limit } from '../../../shared/providers/provider.ts';
import { slack } from '../../../shared/providers/slack/index.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { VirtualMoment } from './virtual-moment.ts';
import { answer, World } from './world.ts';

vi.mock('../../../shared/core/metrics.ts', () => ({ measure: vi.fn() }));

let dynamo: TestDynamo;
let table: Table;
let limits: LimitStore;
beforeAll(async () => {
  dynamo = await startDynamo();
  table = openTable(dynamo.tables.limits);
  limits = limitStore(table);
});
afterAll(() => dynamo.stop());

let tenants = 0;
/** A connection of its own for each test. */
function connected(declared: readonly Limit[], provider = 'slack') {
  const tenantId = TenantId.parse(`t${++tenants}`);
  const id = { provider, name: 'default' };
  const moment = new VirtualMoment();
  return {
    ...{ tenantId, id, moment },
    take: (action?: string, input?: unknown, slot?: Slot, lane?: Ask['lane']) =>
      limits.take({ tenantId, id, slot }, pacesOf(declared, { action, input, lane }), moment),
    block: (ms: number) => limits.block(tenantId, id, moment.nowMs + ms, moment.nowMs),
    row: () => table.get({ pk: `${provider}#${tenantId}#default#pace` }),
  };
}

describe('which limits apply', () => {
  test('the narrowest first; those of other actions not at all; one per value of an input', () => {
    expect(pacesOf(github.limits, { action: 'issues.create' }).map(({ everyMs }) => everyMs)).toEqual([
      760, 7_548, 758,
    ]);
    expect(pacesOf(github.limits, { action: 'user.get' }).map(({ everyMs }) => everyMs)).toEqual([758]);
    const [a] = pacesOf(slack.limits, { action: 'chat.postMessage', input: { channel: 'A' } });
    const [b] = pacesOf(slack.limits, { action: 'chat.postMessage', input: { channel: 'B' } });
    expect(a?.everyMs).toBe(1_000);
    expect(a?.name).not.toBe(b?.name);
    expect(pacesOf(slack.limits, {})).toEqual([]);
  });
});

describe('a slot that would come too late', () => {
  const lasting = (declared: readonly Limit[], at = 'bulk' as const) => {
    const limited = connected(declared);
    const take = (untilMs?: number) => {
      const caller = { tenantId: limited.tenantId, id: limited.id, untilMs };
      return limits.take(caller, pacesOf(declared, { lane: at }), limited.moment);
    };
    return { ...limited, take };
  };

  test('is not taken: what has ended by then holds up nobody, and is told so by its wait', async () => {
    const { moment, take } = lasting([{ requests: 1, perS: 1 }]);
    const untilMs = moment.nowMs + 5_000;
    const passed = await Promise.all(Array.from({ length: 30 }, () => take(untilMs)));
    const slots = passed.flatMap(({ waitMs, slot }) => (waitMs > 0 && slot ? [slot.atMs] : []));
    expect(Math.max(...slots)).toBeLessThan(untilMs);
    expect(slots.length).toBeLessThanOrEqual(4);
    const over = passed.filter(({ waitMs, slot }) => waitMs > 0 && !slot);
    expect(over.some(({ waitMs }) => waitMs >= 5_000)).toBe(true);
    moment.nowMs = untilMs;
    expect((await take()).waitMs).toBe(0);
  });

  test('is not taken either beyond the time for which a row is kept', async () => {
    const { moment, take } = lasting([{ requests: 1, perS: 10 * 3_600 }]);
    const waits = [];
    for (let count = 0; count < 4; count++) waits.push(await take());
    expect(waits.map(({ waitMs, slot }) => [waitMs / 3_600_000, (slot?.atMs ?? 0) - moment.nowMs > 0])).toEqual([
      [0, false],
      [10, true],
      [20, false],
      [20, false],
    ]);
  });

  test('ends the calls that wait for it at once, and the next one goes in its time', async () => {
    const world = new World(memoryTable(), limitStore(memoryTable()));
    const message = { action: 'chat.postMessage', input: { channel: 'C1', text: 'hi' }, mode: 'async' };
    const expiresAt = new Date(world.moment.nowMs + 20_000).toISOString();
    for (let count = 0; count < 60; count++) await world.submit({ ...message, expiresAt }, undefined, 'slack');
    const waiting = world.messages.splice(0);
    const { ports, moment } = world;
    await Promise.all(waiting.map(({ body }) => run(body, { receives: 1, remainingMs: 60_000 }, ports, moment)));
    world.moment.nowMs = Math.max(world.moment.nowMs, Date.parse(expiresAt));
    world.script.push(answer(200, { ok: true, channel: 'C1', ts: '1.1' }));
    expect(await world.submit({ ...message, mode: 'sync' }, undefined, 'slack')).toMatchObject({
      value: { status: 'succeeded' },
    });
  });
});

describe("a limit of the owner's app", () => {
  const limit = { of: 'app', requests: 6, perS: 3 } as const;

  test('holds for all tenants and instances together, in any window, whatever their own limits are', async () => {
    const comer = fc.record({
      gapMs: fc.integer({ min: 0, max: 1_000 }),
      tenant: fc.nat(3),
      instance: fc.nat(1),
      bulk: fc.boolean(),
    });
    const own = fc.option(fc.record({ requests: fc.integer({ min: 1, max: 9 }), perS: fc.constant(2) }), {
      nil: undefined,
    });
    await fc.assert(
      fc.asyncProperty(own, fc.array(comer, { minLength: 1, maxLength: 40 }), async (narrow, comers) => {
        const moment = new VirtualMoment();
        const id = { provider: `app${++tenants}`, name: 'default' };
        const shared = memoryTable();
        const instances = [limitStore(shared), limitStore(shared)];
        const declared = narrow ? [narrow, limit] : [limit];
        const went: number[] = [];
        const due: { atMs: number; slot?: Slot; tenant: number; instance: number; bulk: boolean }[] = [];
        let { nowMs: atMs } = moment;
        for (const { gapMs, ...one } of comers) {
          atMs += gapMs;
          due.push({ atMs, ...one });
        }
        for (let turns = 0; due.length > 0; turns++) {
          expect(turns).toBeLessThan(comers.length * 6);
          due.sort((a, b) => a.atMs - b.atMs);
          const next = due.shift();
          if (!next) break;
          const { atMs, slot, tenant, instance, bulk } = next;
          moment.nowMs = Math.max(moment.nowMs, atMs);
          const paces = pacesOf(declared, { lane: bulk ? 'bulk' : 'interactive' });
          const caller = { tenantId: TenantId.parse(`of-app-${tenant}`), id, slot };
          const passed = await instances[instance]?.take(caller, paces, moment);
          if (!passed?.waitMs) went.push(moment.nowMs);
          else due.push({ ...next, atMs: moment.nowMs + passed.waitMs, slot: passed.slot });
        }
        expect(went).toHaveLength(comers.length);
        for (const from of went) {
          const within = went.filter((at) => at >= from && at < from + limit.perS * 1000);
          expect(within.length).toBeLessThanOrEqual(limit.requests);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('costs a second request, and those without one none', async () => {
    const send = vi.spyOn(DynamoDBClient.prototype, 'send');
    const { take } = connected([{ requests: 9, perS: 1 }, limit], `app${++tenants}`);
    await take();
    expect(send).toHaveBeenCalledTimes(2);
    send.mockClear();
    await connected([{ requests: 9, perS: 1 }]).take();
    expect(send).toHaveBeenCalledTimes(1);
    send.mockRestore();
  });

  test('who waits for it keeps what he holds of his own limits, and takes it once', async () => {
    const { moment, take, row } = connected(
      [
        { requests: 20, perS: 10 },
        { ...limit, requests: 1, perS: 1_000 },
      ],
      `app${++tenants}`,
    );
    expect((await take()).waitMs).toBe(0);
    const { waitMs, slot } = await take();
    expect(slot).toMatchObject({ held: 2 });
    const before = (await row())?.t0;
    moment.nowMs += waitMs;
    expect(await take(undefined, undefined, slot)).toEqual({ waitMs: 0 });
    expect((await row())?.t0).toBe(before);
  });

  test('a provider that was down is tried by one call, which then has its turn in the limit too', async () => {
    const moment = new VirtualMoment();
    const id = { provider: `app${++tenants}`, name: 'default' };
    const callers = Array.from({ length: 4 }, (_, at) => ({
      tenantId: TenantId.parse(`down-${at}`),
      id,
      askedAtMs: moment.nowMs,
    }));
    const paces = pacesOf([limit], {});
    for (let turn = 0; turn < 8; turn++) {
      const caller = callers[turn % 4];
      if (caller) await limits.note(caller, 'unreachable', undefined, moment);
    }
    moment.nowMs += 3_000;
    const passed = await Promise.all(callers.map((caller) => limits.take(caller, paces, moment)));
    const tries = passed.filter(({ waitMs }) => waitMs === 0);
    expect(tries).toMatchObject([{ probes: expect.arrayContaining(['provider']) }]);
  });

  test('who meets an outage that he did not know of tries it, and says so', async () => {
    const moment = new VirtualMoment();
    const id = { provider: `app${++tenants}`, name: 'default' };
    const [knows, learns] = [limitStore(table), limitStore(table)];
    const caller = (at: number) => ({ tenantId: TenantId.parse(`news-${at}`), id });
    const paces = pacesOf([limit], {});
    expect(await learns.take(caller(1), paces, moment)).toEqual({ waitMs: 0 }); // its row is remembered as it was
    for (const at of [1, 2, 3, 1, 2]) await knows.note(caller(at), 'unreachable', undefined, moment);
    moment.nowMs += 3_000;
    const passed = await learns.take(caller(9), paces, moment);
    expect(passed).toEqual({ waitMs: 0, probes: ['provider'] });
    await learns.note(caller(9), 'answered', passed.probes, moment);
    expect(await learns.circuits(caller(9).tenantId, id, moment.nowMs)).toMatchObject({
      provider: { state: 'closed' },
    });
  });

  test('an action that is excepted does not count', () => {
    expect(pacesOf([{ ...limit, except: ['a'] }], { action: 'a' })).toEqual([]);
    expect(pacesOf([{ ...limit, except: ['a'] }], { action: 'b' })).toHaveLength(1);
    expect(pacesOf([{ ...limit, except: ['a'] }], {})).toHaveLength(1);
  });
});

describe('E-22, E-23: admission', () => {
  test('no window of a limit ever holds more than it allows, and the slots of a lane come in the order of the asking', async () => {
    const limit = fc
      .record({
        requests: fc.integer({ min: 1, max: 30 }),
        perS: fc.integer({ min: 1, max: 30 }),
        burst: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
      })
      .filter(({ requests, burst = 1 }) => burst <= requests);
    const comer = fc.record({ gapMs: fc.integer({ min: 0, max: 4_000 }), bulk: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(limit, fc.array(comer, { minLength: 1, maxLength: 40 }), async (declared, comers) => {
        const { moment, take } = connected([declared]);
        const slots = { interactive: [] as number[], bulk: [] as number[] };
        for (const { gapMs, bulk } of comers) {
          moment.nowMs += gapMs;
          const lane = bulk ? 'bulk' : 'interactive';
          slots[lane].push(moment.nowMs + (await take(undefined, undefined, undefined, lane)).waitMs);
        }
        expect(slots.bulk).toEqual(slots.bulk.toSorted((a, b) => a - b));
        const all = [...slots.interactive, ...slots.bulk].toSorted((a, b) => a - b);
        for (const from of all) {
          const within = all.filter((at) => at >= from && at < from + declared.perS * 1000);
          expect(within.length).toBeLessThanOrEqual(declared.requests);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('bulk work leaves interactive calls a reserve, and uses 95 % of the limit by itself', async () => {
    const { moment, take } = connected([{ requests: 100, perS: 10 }]);
    const bulk = await Promise.all(Array.from({ length: 250 }, () => take(undefined, undefined, undefined, 'bulk')));
    expect(Math.max(...bulk.map(({ waitMs }) => waitMs))).toBeLessThanOrEqual(25_000 / 0.95);
    expect((await take(undefined, undefined, undefined, 'bulk')).waitMs).toBeGreaterThan(20_000);
    expect(await take()).toEqual({ waitMs: 0 });
    expect(await take()).toEqual({ waitMs: 0 });
    const third = await take();
    expect(third).toEqual({ waitMs: 10_000, slot: { atMs: moment.nowMs + 10_000, held: 1 } });
  });

  test('40 at once get 40 different slots at the pace of the limit', async () => {
    const { moment, take } = connected([{ requests: 5, perS: 5 }]);
    const asked = Array.from({ length: 40 }, () => take());
    const answers = await Promise.all(asked);
    const slots = answers
      .map(({ waitMs, slot }) => (slot ? slot.atMs - moment.nowMs : waitMs))
      .toSorted((a, b) => a - b);
    expect(slots).toEqual(Array.from({ length: 40 }, (_, index) => index * 1_000));
  });

  test('whoever comes back in time goes without a new slot; too early waits for the rest; too late takes a new one', async () => {
    const { moment, take, row } = connected([{ requests: 1, perS: 10 }]);
    await take();
    const { slot, waitMs } = await take();
    expect({ slot, waitMs }).toEqual({ slot: { atMs: moment.nowMs + 10_000, held: 1 }, waitMs: 10_000 });
    const before = await row();
    moment.nowMs += 4_000;
    expect(await take(undefined, undefined, slot)).toEqual({ waitMs: 6_000, slot });
    moment.nowMs += 6_000;
    expect(await take(undefined, undefined, slot)).toEqual({ waitMs: 0 });
    expect(await row()).toEqual(before);
    moment.nowMs += SLOT_KEPT_MS + 1;
    expect(await take(undefined, undefined, slot)).toEqual({ waitMs: 0 });
    expect(await row()).not.toEqual(before);
  });

  test('a wait for a narrow limit takes nothing of the wider one until its time has come', async () => {
    const wide = { requests: 11, perS: 1_000, burst: 2 };
    const { moment, take } = connected([wide, { action: 'a', requests: 1, perS: 10 }]);
    expect(await take('a')).toEqual({ waitMs: 0 });
    const { slot } = await take('a');
    expect(slot).toEqual({ atMs: moment.nowMs + 10_000, held: 1 });
    expect(await take('b')).toEqual({ waitMs: 0 });
    moment.nowMs += 10_000;
    expect(await take('a', undefined, slot)).toEqual({
      waitMs: 90_000,
      slot: { atMs: moment.nowMs + 90_000, held: 2 },
    });
  });

  test('a pause that the provider asked for holds all back, and a shorter one does not end it', async () => {
    const { moment, take, block } = connected([{ requests: 10, perS: 1 }]);
    await block(30_000);
    await block(5_000);
    const { waitMs, slot } = await take();
    expect(waitMs).toBeGreaterThanOrEqual(30_000);
    expect(waitMs).toBeLessThanOrEqual(31_000);
    expect(slot).toBe(undefined);
    moment.nowMs += 30_000;
    expect(await take()).toEqual({ waitMs: 0 });
  });

  test('a pause holds back who has a slot already, and who is under no limit', async () => {
    const limited = connected([{ requests: 1, perS: 1 }]);
    await limited.take();
    const { slot } = await limited.take();
    await limited.block(60_000);
    limited.moment.nowMs += 1_000;
    expect((await limited.take(undefined, undefined, slot)).waitMs).toBeGreaterThanOrEqual(59_000);
    const free = connected([]);
    await free.block(60_000);
    expect((await free.take()).waitMs).toBeGreaterThanOrEqual(60_000);
  });

  test('a row that changes under every write makes the call step aside for a moment', async () => {
    const { moment } = connected([]);
    const update: Table['update'] = async () => ({ done: false, item: { t0: moment.nowMs + 10 } });
    const contended = limitStore({ ...table, update });
    const paces = pacesOf([{ requests: 10, perS: 1 }], {});
    const { waitMs, slot } = await contended.take(
      { tenantId: TenantId.parse('acme'), id: { provider: 'x', name: 'y' } },
      paces,
      moment,
    );
    expect(waitMs).toBeGreaterThanOrEqual(200);
    expect(waitMs).toBeLessThanOrEqual(1_000);
    expect(slot).toBe(undefined);
  });

  test('a provider that asks for a year gets a day', async () => {
    const { take, block } = connected([{ requests: 10, perS: 1 }]);
    await block(365 * 24 * 3_600_000);
    expect((await take()).waitMs).toBeLessThanOrEqual(24 * 3_600_000 + 1_000);
  });

  test('one request where the limits are at rest or as this instance left them, two where another was there', async () => {
    const { moment, take } = connected(github.limits);
    const other = limitStore(table);
    const send = vi.spyOn(DynamoDBClient.prototype, 'send');
    const requests = async (work: () => Promise<unknown>) => {
      send.mockClear();
      await work();
      return send.mock.calls.length;
    };
    expect(await requests(() => take('issues.create'))).toBe(1);
    expect(await requests(() => take('issues.create'))).toBe(1);
    moment.nowMs += 60_000;
    expect(await requests(() => take('issues.create'))).toBe(1);
    moment.nowMs += 60_000;
    const tenantId = TenantId.parse(`t${tenants}`);
    const paces = pacesOf(github.limits, { action: 'issues.create' });
    await other.take({ tenantId, id: { provider: 'slack', name: 'default' } }, paces, moment);
    expect(await requests(() => take('issues.create'))).toBe(2);
    send.mockRestore();
  });

  test('what many channels leave behind is taken away', async () => {
    const { moment, take, row } = connected(slack.limits);
    for (let channel = 0; channel < 200; channel++) {
      moment.nowMs += 1_001;
      expect(await take('chat.postMessage', { channel: `C${channel}` })).toEqual({ waitMs: 0 });
    }
    expect(Object.keys((await row()) ?? {}).length).toBeLessThan(70);
  });
});

describe('E-24: circuits', () => {
  /** A provider of its own, with as many tenants and function instances as are asked for. */
  function provider() {
    const name = `p${++tenants}`;
    const moment = new VirtualMoment(undefined, tenants);
    const id = { provider: name, name: 'default' };
    const instance = (store = limitStore(table)) => ({
      /** One call, whose exchange brings the news; says how it was let through. */
      async call(tenant: string, news: News, more: Partial<Caller> = {}): Promise<Admission> {
        const caller = { tenantId: TenantId.parse(tenant), id, ...more };
        const admission = await store.take(caller, pacesOf([{ requests: 1_000, perS: 1 }], {}), moment);
        if (admission.waitMs === 0) await store.note(caller, news, admission.probes, moment);
        moment.nowMs += 10;
        return admission;
      },
      circuits: (tenant: string) => store.circuits(TenantId.parse(tenant), id, moment.nowMs),
    });
    return { moment, instance };
  }

  /** Five failures, and a sixth that confirms them. */
  async function opened(here: ReturnType<ReturnType<typeof provider>['instance']>, tenants: readonly string[]) {
    for (let count = 0; count < 5; count++) await here.call(tenants[count % tenants.length] ?? '', 'unreachable');
    return here.call(tenants[0] ?? '', 'unreachable');
  }

  test('five failures within a minute and one more open it for 30 to 60 s; nothing goes, which is no attempt; then one call tries', async () => {
    const { moment, instance } = provider();
    const here = instance();
    expect(await opened(here, ['a'])).toEqual({ waitMs: 0, probes: ['connection'] });
    const { waitMs } = await here.call('a', 'answered');
    expect(waitMs).toBeGreaterThan(29_000);
    expect(waitMs).toBeLessThanOrEqual(61_000);
    expect(await here.circuits('a')).toMatchObject({ connection: { state: 'open' }, provider: { state: 'closed' } });

    moment.nowMs += 60_000;
    expect(await here.circuits('a')).toMatchObject({ connection: { state: 'half_open', since: expect.any(String) } });
    const there = instance();
    const [first, second] = await Promise.all([here.call('a', 'unreachable'), there.call('a', 'answered')]);
    const [probe, other] = first.waitMs === 0 ? [first, second] : [second, first];
    expect(probe).toEqual({ waitMs: 0, probes: ['connection'] });
    expect(other.waitMs).toBeGreaterThan(20_000);
  });

  test('an answer to the call that tries closes it, no answer opens it again, and a crash leaves the turn to the next', async () => {
    const { moment, instance } = provider();
    const here = instance();
    await opened(here, ['a']);
    moment.nowMs += 60_000;
    expect(await here.call('a', 'unreachable')).toMatchObject({ probes: ['connection'] });
    expect((await here.call('a', 'answered')).waitMs).toBeGreaterThan(29_000);
    moment.nowMs += 60_000;
    const store = limitStore(table);
    const caller = { tenantId: TenantId.parse('a'), id: { provider: `p${tenants}`, name: 'default' } };
    expect(await store.take(caller, [], moment)).toMatchObject({ probes: ['connection'] }); // and is never heard of again
    moment.nowMs += 46_000;
    expect(await here.call('a', 'answered')).toEqual({ waitMs: 0, probes: ['connection'] });
    expect(await here.call('a', 'answered')).toEqual({ waitMs: 0 });
    expect(await here.circuits('a')).toEqual({ connection: { state: 'closed' }, provider: { state: 'closed' } });
  });

  test('four failures do not, nor five in more than a minute; and among many answers the next one clears the suspicion', async () => {
    const { moment, instance } = provider();
    const here = instance();
    for (let count = 0; count < 9; count++) {
      await here.call('slow', 'unreachable');
      moment.nowMs += 16_000;
    }
    expect(await here.circuits('slow')).toMatchObject({ connection: { state: 'closed' } });
    const waits = [];
    for (let count = 0; count < 60; count++) {
      waits.push((await here.call('busy', count % 3 === 0 ? 'unreachable' : 'answered')).waitMs);
    }
    expect(waits).toEqual(Array(60).fill(0));
    expect(await here.circuits('busy')).toMatchObject({ connection: { state: 'closed' } });
  });

  test('a suspicion holds others back for seconds alone', async () => {
    const { moment, instance } = provider();
    const here = instance();
    for (let count = 0; count < 5; count++) await here.call('a', 'unreachable');
    const caller = { tenantId: TenantId.parse('a'), id: { provider: `p${tenants}`, name: 'default' } };
    expect(await limitStore(table).take(caller, [], moment)).toMatchObject({ probes: ['connection'] }); // and takes its time
    expect((await here.call('a', 'answered')).waitMs).toBeLessThanOrEqual(3_000);
    moment.nowMs += 3_000;
    expect(await here.call('a', 'answered')).toEqual({ waitMs: 0, probes: ['connection'] });
  });

  test('a dead credential opens its own alone, however often it is tried; so do failures that one tenant alone has', async () => {
    const { instance } = provider();
    const here = instance();
    for (let count = 0; count < 100; count++) {
      await here.call('dead', 'unauthorized');
      await here.call('alone', 'unreachable');
      expect(await here.call(`healthy${count % 9}`, 'answered')).toEqual({ waitMs: 0 });
    }
    expect(await here.circuits('dead')).toMatchObject({ connection: { state: 'open' }, provider: { state: 'closed' } });
    expect(await here.circuits('alone')).toMatchObject({
      connection: { state: 'open' },
      provider: { state: 'closed' },
    });
    expect(await here.circuits('healthy1')).toMatchObject({ connection: { state: 'closed' } });
  });

  test("failures of three tenants open the provider's, and other instances know it within seconds", async () => {
    const { moment, instance } = provider();
    const [here, there] = [instance(), instance()];
    expect(await opened(here, ['a', 'b', 'c'])).toEqual({ waitMs: 0, probes: ['provider'] });
    expect(measure).toHaveBeenLastCalledWith('CircuitOpened', { provider: `p${tenants}`, outcome: 'provider' });
    expect(await here.circuits('z')).toMatchObject({ connection: { state: 'closed' }, provider: { state: 'open' } });
    expect((await here.call('z', 'answered')).waitMs).toBeGreaterThan(20_000);
    expect((await there.call('y', 'unreachable')).waitMs).toBe(0); // it had no news
    expect((await there.call('z', 'answered')).waitMs).toBeGreaterThan(20_000);
    expect((await instance().call('y', 'answered', { askedAtMs: moment.nowMs - 6_000 })).waitMs).toBeGreaterThan(0);
  });

  test('those that waited for its end are let through over the time in which they gathered; what is new goes at once', async () => {
    const { moment, instance } = provider();
    const here = instance();
    const askedAtMs = moment.nowMs;
    await opened(here, ['a', 'b', 'c']);
    moment.nowMs += 600_000;
    expect(await here.call('d', 'answered', { askedAtMs })).toMatchObject({ waitMs: 0, probes: ['provider'] });
    const turns = [];
    for (let count = 0; count < 40; count++) turns.push(await here.call('e', 'answered', { askedAtMs }));
    const waits = turns.map(({ waitMs }) => waitMs).toSorted((a, b) => a - b);
    expect(waits[10]).toBeGreaterThan(60_000);
    expect(waits[39]).toBeGreaterThan(600_000);
    expect(waits[39]).toBeLessThanOrEqual(1_000_000);
    expect(await here.call('e', 'answered', { askedAtMs: moment.nowMs })).toEqual({ waitMs: 0 });
    const [turn] = turns;
    moment.nowMs += turn?.waitMs ?? 0;
    expect(await here.call('e', 'answered', { askedAtMs, slot: turn?.slot })).toEqual({ waitMs: 0 });
  });

  test('costs no request in quiet times, nor a minute after a failure', async () => {
    const { moment, instance } = provider();
    const here = instance();
    await here.call('a', 'unreachable');
    moment.nowMs += 61_000;
    const send = vi.spyOn(DynamoDBClient.prototype, 'send');
    await here.call('a', 'answered');
    await here.call('b', 'answered');
    expect(send).toHaveBeenCalledTimes(2); // the limits of each
    send.mockRestore();
  });
});

describe('E-23: the budget of further tries', () => {
  test('a tenth of the first ones and ten a minute; who finds it used up comes back some time later', async () => {
    const moment = new VirtualMoment();
    const limits = limitStore(table);
    const id = { provider: `p${++tenants}`, name: 'default' };
    let went = 0;
    for (let count = 0; count < 600; count++) {
      const caller = { tenantId: TenantId.parse(`t${count % 50}`), id };
      await limits.note(caller, 'answered', undefined, moment);
      const admission = await limits.take({ ...caller, again: true }, [], moment);
      if (admission.waitMs === 0) went += 1;
      else expect(admission).toEqual({ waitMs: expect.toSatisfy((ms: number) => ms >= 10_000 && ms < 120_000) });
      moment.nowMs += 100;
    }
    expect(went).toBeGreaterThanOrEqual(60);
    expect(went).toBeLessThanOrEqual(60 + 20 + 10 + 1); // what is saved up, and the minute's
  });

  test('of one connection is not that of the provider: who has used up his own leaves the others theirs', async () => {
    const moment = new VirtualMoment();
    const limits = limitStore(table);
    const id = { provider: `p${++tenants}`, name: 'default' };
    const again = (tenant: string) => limits.take({ tenantId: TenantId.parse(tenant), id, again: true }, [], moment);
    for (let count = 0; count < 200; count++) {
      await again('greedy');
      moment.nowMs += 300;
    }
    await again('greedy');
    expect((await again('greedy')).waitMs).toBeGreaterThan(0);
    expect(await again('other')).toEqual({ waitMs: 0 });
  });

  test('is charged once for a try that then waits for a limit', async () => {
    const moment = new VirtualMoment();
    const limits = limitStore(table);
    const caller = { tenantId: TenantId.parse(`t${++tenants}`), id: { provider: `p${tenants}`, name: 'default' } };
    const paces = pacesOf([{ requests: 1, perS: 30 }], {});
    await limits.take(caller, paces, moment);
    const { slot } = await limits.take({ ...caller, again: true }, paces, moment);
    expect(slot).toEqual({ atMs: moment.nowMs + 30_000, held: 2, paid: true });
    const row = () => table.get({ pk: `${caller.id.provider}#all` });
    const before = await row();
    moment.nowMs += 30_000;
    expect(await limits.take({ ...caller, again: true, slot }, paces, moment)).toEqual({ waitMs: 0 });
    expect(await row()).toEqual(before);
  });
});

describe('requests under way at once', () => {
  const at = (moment: VirtualMoment, concurrent: number, declared: readonly Limit[] = []) => {
    const caller = {
      tenantId: TenantId.parse(`t${++tenants}`),
      id: { provider: `p${tenants}`, name: 'default' },
      concurrent,
    };
    const instance = () => {
      const store = limitStore(table);
      return {
        take: (slot?: Slot) => store.take({ ...caller, slot }, pacesOf(declared, {}), moment),
        leave: (seat: Admission['seat']) => (seat ? store.leave(caller, seat) : Promise.resolve()),
      };
    };
    return { ...instance(), instance };
  };

  test('are as many as the provider allows, over all instances; a seat that is left is the next one’s', async () => {
    const moment = new VirtualMoment();
    const { instance } = at(moment, 4);
    const instances = Array.from({ length: 10 }, instance);
    const answers = await Promise.all(instances.map(({ take }) => take()));
    const seated = answers.filter(({ waitMs }) => waitMs === 0);
    expect(new Set(seated.map(({ seat }) => seat?.name))).toEqual(new Set(['seat0', 'seat1', 'seat2', 'seat3']));
    for (const { waitMs, seat } of answers) {
      if (seat) continue;
      expect(waitMs).toBeGreaterThanOrEqual(200);
      expect(waitMs).toBeLessThanOrEqual(1_800);
    }
    const [here, there] = instances;
    await here?.leave(seated[0]?.seat);
    expect(await there?.take()).toMatchObject({ waitMs: 0, seat: { name: seated[0]?.seat?.name } });
    expect((await there?.take())?.seat).toBe(undefined);
  });

  test('whoever dies in his seat leaves it later; whoever comes back from the dead takes none from its next holder', async () => {
    const moment = new VirtualMoment();
    const { take, leave } = at(moment, 1);
    const { seat } = await take();
    moment.nowMs += 74_000;
    expect((await take()).waitMs).toBeGreaterThan(0);
    moment.nowMs += 2_000;
    expect((await take()).waitMs).toBe(0);
    await leave(seat);
    expect((await take()).waitMs).toBeGreaterThan(0);
  });

  test('a slot of a later time has no seat yet, and takes one when it has come', async () => {
    const moment = new VirtualMoment();
    const { take } = at(moment, 1, [{ requests: 1, perS: 30 }]);
    expect(await take()).toMatchObject({ waitMs: 0, seat: { name: 'seat0' } });
    const later = await take();
    expect(later).toEqual({ waitMs: 30_000, slot: { atMs: moment.nowMs + 30_000, held: 1 } });
    moment.nowMs += 30_000;
    expect((await take(later.slot)).waitMs).toBeLessThan(2_000); // the first is still under way
    moment.nowMs += 50_000;
    expect(await take(later.slot)).toMatchObject({ waitMs: 0, seat: { name: 'seat0' } });
  });
});

describe("the owner's quota", () => {
  const quota = (moment: VirtualMoment, setting: string) => {
    const tenantId = TenantId.parse(`t${++tenants}`);
    const { TENANT_QUOTA } = callsContract.submit.env.pick({ TENANT_QUOTA: true }).parse({ TENANT_QUOTA: setting });
    const { take } = openQuota(table, TENANT_QUOTA);
    return (count = 1, whose = tenantId) => take(whose, count, moment);
  };

  test('counts from the first call on, refuses with the time until it begins anew, and then does', async () => {
    const moment = new VirtualMoment();
    const take = quota(moment, '3/3600');
    for (let count = 0; count < 3; count++) expect(await take()).toEqual({ ok: true, value: 'counted' });
    moment.nowMs += 600_000;
    expect(await take()).toMatchObject({ ok: false, error: { code: 'rate_limited', retryAfterMs: 3_000_000 } });
    expect(await take(1, TenantId.parse('another'))).toMatchObject({ ok: true });
    moment.nowMs += 3_000_000;
    expect(await take(2)).toMatchObject({ ok: true });
    expect(await take(2)).toMatchObject({ ok: false, error: { retryAfterMs: 3_600_000 } });
    expect(await take()).toMatchObject({ ok: true });
  });

  test('holds against 50 at once; off, it asks nobody', async () => {
    const moment = new VirtualMoment();
    const take = quota(moment, '20/60');
    const answers = await Promise.all(Array.from({ length: 50 }, () => take()));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(20);
    const send = vi.spyOn(DynamoDBClient.prototype, 'send');
    expect(await quota(moment, 'off')()).toMatchObject({ ok: true });
    expect(send).not.toHaveBeenCalled();
    send.mockRestore();
    expect(() => quota(moment, '0/60')).toThrow('calls/seconds');
  });
});
