import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTable } from '../../../shared/core/aws.ts';
import { type ConnectionId, TenantId } from '../../../shared/core/ids.ts';
import { dueShards } from '../../../shared/core/keys.ts';
import { judge, type RecordRow } from '../../../shared/syncs/record.ts';
import { type RecordStore, recordStore } from '../../../shared/syncs/record-store.ts';
import type { SyncRow } from '../../../shared/syncs/row.ts';
import { type SyncStore, syncStore } from '../../../shared/syncs/store.ts';
import { born, claimed, set } from '../../../shared/syncs/sync.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { clockAt, memoryRecords, memorySyncs, upstream } from './world.ts';

// One suite for the real store on a real engine and for the one in memory that the simulations run on.

const clock = clockAt(Date.UTC(2026, 10, 20));
const { sync } = upstream('changes', 2);
const connection: ConnectionId = { provider: 'demo', name: 'default' };
let dynamo: TestDynamo;
let count = 0;

beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.stop());

const open = {
  DynamoDB: () => ({
    syncs: syncStore(openTable(dynamo.tables.syncs)),
    records: recordStore(openTable(dynamo.tables.records)),
  }),
  memory: () => ({ syncs: memorySyncs().store, records: memoryRecords().store }),
};

describe.each(Object.entries(open))('the rows of syncs in %s', (_engine, stores) => {
  let syncs: SyncStore;
  let tenantId: TenantId;
  let row: SyncRow;

  beforeEach(async () => {
    syncs = stores().syncs;
    tenantId = TenantId.parse(`tenant-${++count}`);
    row = born({ tenantId, connection, sync: 'things' }, sync, clock.nowMs, clock);
    await syncs.forTenant(tenantId).create(row);
  });

  it('come back as they were written', async () => {
    const busy = claimed(row, clock);
    await syncs.forTenant(tenantId).save(busy);
    expect(await syncs.forTenant(tenantId).get(connection, 'things')).toEqual(busy);
  });

  it('are made once', async () => {
    const again = await syncs.forTenant(tenantId).create({ ...row, everyS: 7 });
    expect(again).toEqual({ done: false, row });
  });

  it('let one of two successors win, and show it to the other', async () => {
    const first = set(row, { every: 120 }, clock);
    const second = set(row, { every: 240 }, clock);
    const answers = await Promise.all([first, second].map((one) => syncs.forTenant(tenantId).save(one)));
    expect(answers.filter(({ done }) => done)).toHaveLength(1);
    const winner = answers[0]?.done ? first : second;
    expect(answers.find(({ done }) => !done)).toEqual({ done: false, row: winner });
  });

  it('are never written back once they are gone', async () => {
    expect(await syncs.forTenant(tenantId).remove(row)).toEqual({ done: true });
    expect(await syncs.forTenant(tenantId).save(claimed(row, clock))).toEqual({ done: false });
    expect(await syncs.forTenant(tenantId).get(connection, 'things')).toBeUndefined();
  });

  it('are not removed after another write', async () => {
    const newer = claimed(row, clock);
    await syncs.forTenant(tenantId).save(newer);
    expect(await syncs.forTenant(tenantId).remove(row)).toEqual({ done: false, row: newer });
  });

  it('are listed by connection, whose name may begin another name', async () => {
    const other = { provider: 'demo', name: 'default2' };
    await syncs.forTenant(tenantId).create({ ...row, connection: other });
    expect(await syncs.forTenant(tenantId).list(connection)).toEqual([row]);
    expect(await syncs.forTenant(tenantId).list()).toHaveLength(2);
  });

  it('are not visible to another tenant', async () => {
    const foreign = syncs.forTenant(TenantId.parse(`${tenantId}-other`));
    expect(await foreign.get(connection, 'things')).toBeUndefined();
    expect(await foreign.list()).toEqual([]);
  });

  it('are handed out by one of two ticks', async () => {
    const lastMs = await syncs.lastTick();
    const ticks = [1, 2].map((ms) => syncs.saveTick(clock.nowMs + ms, lastMs));
    expect((await Promise.all(ticks)).filter((won) => won)).toHaveLength(1);
    expect(await syncs.lastTick()).toBeGreaterThan(lastMs);
  });

  it('are found when due, and only while enabled', async () => {
    const due = async (nowMs: number) => {
      const shards = await Promise.all(dueShards.map((shard) => syncs.due(shard, nowMs, 100)));
      return shards.flatMap(({ rows }) => rows).filter((one) => one.tenantId === tenantId);
    };
    const dueAt = row.dueAt ?? 0;
    expect(await due(dueAt - 1)).toEqual([]);
    expect(await due(dueAt)).toEqual([row]);
    await syncs.forTenant(tenantId).save(set(row, { enabled: false }, clock));
    expect(await due(dueAt)).toEqual([]);
  });
});

describe.each(Object.entries(open))('the copies of objects in %s', (_engine, stores) => {
  let records: RecordStore;
  let tenantId: TenantId;
  const copy = () => records.of(tenantId, connection, 'things');
  const row: RecordRow = { id: 'a#1', version: 1, hash: 'h1', data: '{"n":1}', seenRun: 'r1', updatedAt: '2026-11-20' };

  beforeEach(() => {
    records = stores().records;
    tenantId = TenantId.parse(`tenant-${++count}`);
  });

  it('come back as they were written', async () => {
    expect(await copy().put(row, undefined)).toBe(true);
    expect(await copy().get('a#1')).toEqual(row);
  });

  it('are kept without their data where a row cannot hold it', async () => {
    const about = { run: 'r1', bornAtMs: 0 };
    for (const [size, kept] of [
      [380_000, true],
      [600_000, false],
    ] as const) {
      const seen = { id: `${'i'.repeat(1_000)}${size}`, data: 'x'.repeat(size) };
      const verdict = judge(undefined, seen, about, clock.nowMs);
      expect(verdict && (await copy().put(verdict.row, undefined))).toBe(true);
      expect((await copy().get(seen.id))?.data !== undefined).toBe(kept);
      expect(judge(await copy().get(seen.id), seen, about, clock.nowMs)).toBeUndefined();
    }
    expect((await copy().list(10, clock.nowMs)).rows).toHaveLength(2);
  });

  it('are written over what was read, and over nothing else', async () => {
    await copy().put(row, undefined);
    expect(await copy().put({ ...row, hash: 'h2' }, undefined)).toBe(false);
    const second = { ...row, version: 2, hash: 'h2' };
    expect(await copy().put(second, row)).toBe(true);
    expect(await copy().put({ ...row, version: 2, hash: 'h3' }, row)).toBe(false);
    expect(await copy().get('a#1')).toEqual(second);
  });

  it('are listed page by page without the deleted', async () => {
    for (const id of ['a', 'b', 'c']) await copy().put({ ...row, id }, undefined);
    await copy().put({ id: 'b', version: 2, hash: 'deleted', seenRun: 'r1', deletedAtMs: 1_000 }, { ...row, id: 'b' });
    expect((await copy().list(10, clock.nowMs)).rows.map(({ id }) => id)).toEqual(['a', 'c']);
  });

  it('are not listed from their end on, swept or not', async () => {
    await copy().put({ ...row, id: 'a', expiresAtMs: clock.nowMs }, undefined);
    await copy().put({ ...row, id: 'b', expiresAtMs: clock.nowMs + 1 }, undefined);
    expect((await copy().list(10, clock.nowMs)).rows.map(({ id }) => id)).toEqual(['b']);
  });

  it('tell which of them a run has not written', async () => {
    await copy().put(row, undefined);
    await copy().put({ ...row, id: 'b', seenRun: 'r2' }, undefined);
    expect((await copy().others('r2')).rows.map(({ id }) => id)).toEqual(['a#1']);
  });

  it('are cleared, all of them or those of one run, with what it has met', async () => {
    await copy().put(row, undefined);
    await copy().put({ ...row, id: 'b', seenRun: 'r2' }, undefined);
    for (const run of ['r1', 'r2']) await copy().remember(run, 0, ['b'], clock.nowMs);
    await copy().clear('r2');
    expect((await copy().list(10, clock.nowMs)).rows.map(({ id }) => id)).toEqual(['a#1']);
    expect(await Promise.all(['r1', 'r2'].map((run) => copy().met(run, 1)))).toEqual([expect.any(Function), undefined]);
    await copy().clear();
    expect((await copy().list(10, clock.nowMs)).rows).toEqual([]);
    expect(await copy().met('r1', 1)).toBeUndefined();
  });

  it('are known to have been met by one run, page by page, with all that a page ever held', async () => {
    await copy().remember('r1', 0, ['a', 'b'], clock.nowMs);
    await copy().remember('r1', 1, ['c'], clock.nowMs);
    await copy().remember('r1', 1, ['d'], clock.nowMs);
    await copy().remember('r2', 0, ['e'], clock.nowMs);
    const met = await copy().met('r1', 2);
    expect(['a', 'b', 'c', 'd', 'e', 'ab'].filter((id) => met?.(id))).toEqual(['a', 'b', 'c', 'd']);
    expect((await copy().met('r3', 0))?.('a')).toBe(false);
    expect(await copy().met('r1', 3)).toBeUndefined(); // a page is missing: nothing may be concluded
  });
});

describe('the copies of objects in DynamoDB', () => {
  it('are read on from a cursor', async () => {
    const copy = open.DynamoDB().records.of(TenantId.parse(`tenant-${++count}`), connection, 'things');
    for (let n = 0; n < 5; n++)
      await copy.put({ id: `t${n}`, version: 1, hash: 'h', data: '1', seenRun: 'r' }, undefined);
    const first = await copy.list(3, clock.nowMs);
    const second = await copy.list(3, clock.nowMs, first.cursor);
    expect([...first.rows, ...second.rows].map(({ id }) => id)).toEqual(['t0', 't1', 't2', 't3', 't4']);
    expect(second.cursor).toBeUndefined();
  });

  it('are cleared also when one answer does not hold them all', async () => {
    const copy = open.DynamoDB().records.of(TenantId.parse(`tenant-${++count}`), connection, 'things');
    const data = JSON.stringify('x'.repeat(300_000));
    for (let n = 0; n < 8; n++) await copy.put({ id: `t${n}`, version: 1, hash: 'h', data, seenRun: 'r' }, undefined);
    expect((await copy.others('other')).cursor).toBeDefined(); // 1 MB an answer
    await copy.clear();
    expect((await copy.list(100, clock.nowMs)).rows).toEqual([]);
  });
});
