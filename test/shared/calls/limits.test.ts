import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { pacesOf, SLOT_KEPT_MS, type Slot } from '../../../shared/calls/admit.ts';
import { type LimitStore, limitStore } from '../../../shared/calls/limit-store.ts';
import { openTable, type Table } from '../../../shared/core/aws.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { github } from '../../../shared/providers/github/index.ts';
import type { Limit } from '../../../shared/providers/provider.ts';
import { slack } from '../../../shared/providers/slack/index.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { VirtualMoment } from './virtual-moment.ts';

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
function connected(declared: readonly Limit[]) {
  const tenantId = TenantId.parse(`t${++tenants}`);
  const id = { provider: 'slack', name: 'default' };
  const moment = new VirtualMoment();
  return {
    moment,
    take: (action?: string, input?: unknown, slot?: Slot) =>
      limits.take(tenantId, id, pacesOf(declared, action, input), moment, slot),
    block: (ms: number) => limits.block(tenantId, id, moment.nowMs + ms, moment.nowMs),
    row: () => table.get({ pk: `slack#${tenantId}#default#pace` }),
  };
}

describe('which limits apply', () => {
  test('the narrowest first; those of other actions not at all; one per value of an input', () => {
    expect(pacesOf(github.limits, 'issues.create', {}).map(({ everyMs }) => everyMs)).toEqual([750, 720]);
    expect(pacesOf(github.limits, 'user.get', {}).map(({ everyMs }) => everyMs)).toEqual([720]);
    const [a] = pacesOf(slack.limits, 'chat.postMessage', { channel: 'A' });
    const [b] = pacesOf(slack.limits, 'chat.postMessage', { channel: 'B' });
    expect(a?.everyMs).toBe(1_000);
    expect(a?.name).not.toBe(b?.name);
    expect(pacesOf(slack.limits, undefined, undefined)).toEqual([]);
  });
});

describe('E-22, E-23: admission', () => {
  test('never more than burst + rate · t go in any window, and the slots come in the order of the asking', async () => {
    const limit = fc.record({
      requests: fc.integer({ min: 1, max: 20 }),
      perS: fc.integer({ min: 1, max: 30 }),
      burst: fc.integer({ min: 1, max: 8 }),
    });
    const gaps = fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(limit, gaps, async (declared, waits) => {
        const { moment, take } = connected([declared]);
        const slots: number[] = [];
        for (const wait of waits) {
          moment.nowMs += wait;
          slots.push(moment.nowMs + (await take()).waitMs);
        }
        expect(slots).toEqual(slots.toSorted((a, b) => a - b));
        for (let from = 0; from < slots.length; from++) {
          for (let to = from; to < slots.length; to++) {
            const windowMs = (slots[to] ?? 0) - (slots[from] ?? 0);
            expect(to - from + 1).toBeLessThanOrEqual(
              declared.burst + (windowMs * declared.requests) / (declared.perS * 1000),
            );
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('40 at once get 40 different slots at the pace of the limit', async () => {
    const { moment, take } = connected([{ requests: 1, perS: 1, burst: 5 }]);
    const asked = Array.from({ length: 40 }, () => take());
    const answers = await Promise.all(asked);
    const slots = answers
      .map(({ waitMs, slot }) => (slot ? slot.atMs - moment.nowMs : waitMs))
      .toSorted((a, b) => a - b);
    expect(slots).toEqual([0, 0, 0, 0, ...Array.from({ length: 36 }, (_, index) => index * 1_000)]);
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
    const wide = { requests: 10, perS: 1_000, burst: 2 };
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
    const paces = pacesOf([{ requests: 10, perS: 1 }], undefined, undefined);
    const { waitMs, slot } = await contended.take(TenantId.parse('acme'), { provider: 'x', name: 'y' }, paces, moment);
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
    const paces = pacesOf(github.limits, 'issues.create', {});
    await other.take(tenantId, { provider: 'slack', name: 'default' }, paces, moment);
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
