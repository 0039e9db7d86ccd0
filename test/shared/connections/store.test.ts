import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Connection, needsReauth } from '../../../shared/connections/connection.ts';
import { disconnected } from '../../../shared/connections/removal.ts';
import { type ConnectionStore, connectionStore } from '../../../shared/connections/store.ts';
import { openTable } from '../../../shared/core/aws.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { dueShards } from '../../../shared/core/keys.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { memoryTable } from '../../support/memory-table.ts';

let dynamo: TestDynamo;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.stop());

let tenants = 0;
function newRow(over: Partial<Connection> = {}): Connection {
  tenants += 1;
  return {
    ...{ tenantId: TenantId.parse(`t${tenants}`), provider: 'demo', name: 'default', status: 'active', mode: 'live' },
    ...{ account: { id: `account${tenants}`, name: undefined }, scopes: [], version: 1, generation: 100 },
    ...{ sealed: { accessToken: 'sealed', refreshToken: 'sealed' }, authorizedAtMs: 1_000 },
    ...{ createdAtMs: 1_000, updatedAtMs: 1_000 },
    ...over,
  };
}
const later = (row: Connection, change: Partial<Connection> = {}) => ({ ...row, ...change, version: row.version + 1 });

/** One suite for the real engine and for the table in memory that the simulation runs on. */
describe.each(['engine', 'memory'])('connections on %s', (kind) => {
  let store: ConnectionStore;
  const table = memoryTable();
  const open = () => {
    store ??= connectionStore(kind === 'memory' ? table : openTable(dynamo.tables.connections));
    return store;
  };

  async function stored(over: Partial<Connection> = {}) {
    const row = newRow(over);
    const rows = open().forTenant(row.tenantId);
    expect(await rows.save(row, undefined)).toMatchObject({ done: true });
    return { row, rows };
  }

  test('what is saved is read again, without the keys it is found by', async () => {
    const { row, rows } = await stored({ refreshAtMs: 5_000, scopes: ['a', 'b'] });
    const { account, ...rest } = row;
    expect(await rows.get(row)).toEqual({ ...rest, account: { id: account.id } });
    expect(await rows.get({ provider: 'demo', name: 'other' })).toBeUndefined();
  });

  test('a row is written against the version and generation that were read, else the one that stands comes back', async () => {
    const { row, rows } = await stored();
    const mine = later(row, { reason: 'mine' });
    expect(await rows.save(mine, row)).toMatchObject({ done: true });
    expect(await rows.save(later(row, { reason: 'theirs' }), row)).toMatchObject({
      done: false,
      row: { reason: 'mine' },
    });
    const reborn = { ...mine, generation: row.generation - 1 };
    expect(await rows.save(later(mine), reborn)).toMatchObject({ done: false });
    expect(await rows.save(newRow({ tenantId: row.tenantId }), undefined)).toMatchObject({ done: false });
  });

  test('the same write again finds itself and is done: its first answer may have been lost (A-22)', async () => {
    const { row, rows } = await stored({ scopes: ['a'] });
    const next = later(row, { lease: { owner: 'me', untilMs: 9, generation: 101 }, reason: undefined });
    expect(await rows.save(next, row)).toMatchObject({ done: true });
    expect(await rows.save(next, row)).toMatchObject({ done: true });
  });

  test('of fifty that write upon one row, one wins', async () => {
    const { row, rows } = await stored();
    const writes = Array.from({ length: 50 }, (_, at) => rows.save(later(row, { reason: `writer ${at}` }), row));
    expect((await Promise.all(writes)).filter(({ done }) => done)).toHaveLength(1);
  });

  test('eight changes at once are all made, each upon the one before', async () => {
    const { row, rows } = await stored();
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    await Promise.all(names.map((name) => rows.change(row, (now) => later(now, { scopes: [...now.scopes, name] }))));
    const left = await rows.get(row);
    expect([...(left?.scopes ?? [])].sort()).toEqual(names);
    expect(left?.version).toBe(1 + names.length);
  });

  test('a change that wants nothing writes nothing, and neither does one where there is no row', async () => {
    const { row, rows } = await stored();
    expect(await rows.change(row, () => undefined)).toMatchObject({ done: false, row: { version: 1 } });
    expect(await rows.change({ provider: 'demo', name: 'other' }, (now) => later(now))).toEqual({ done: false });
  });

  test('only what is still as seen is erased; what is gone already counts as erased', async () => {
    const { row, rows } = await stored();
    await rows.save(later(row), row);
    expect(await rows.erase(row)).toBe(false);
    expect(await rows.erase(later(row))).toBe(true);
    expect(await rows.erase(later(row))).toBe(true);
    expect(await rows.get(row)).toBeUndefined();
  });

  test("a removed tenant's row is discarded whatever became of it, one that was made anew is not", async () => {
    const { row, rows } = await stored();
    await rows.save(later(row), row);
    await rows.discard({ ...row, createdAtMs: 999 });
    expect(await rows.get(row)).toBeDefined();
    await rows.discard(row);
    expect(await rows.get(row)).toBeUndefined();
  });

  test('an account is found for every tenant that has it, while the connection is active', async () => {
    const account = { id: `shared-${kind}` };
    const [one, two, three] = [await stored({ account }), await stored({ account }), await stored({ account })];
    const tenantsOf = async () =>
      (await open().findByAccount('demo', account.id)).map(({ tenantId }) => tenantId).sort();
    expect(await tenantsOf()).toEqual([one.row.tenantId, two.row.tenantId, three.row.tenantId].sort());
    await one.rows.change(one.row, (row) => needsReauth(row, 'uninstalled', 2_000));
    await two.rows.change(two.row, (row) => disconnected(row, 2_000));
    expect(await tenantsOf()).toEqual([three.row.tenantId]);
    expect(await open().findByAccount('slack', account.id)).toEqual([]);
  });

  test('what is due is found in its shard from its time on: a refresh, a revocation; nothing else', async () => {
    const far = 4_000_000_000_000 + (kind === 'memory' ? 1_000 : 0);
    const due = await stored({ refreshAtMs: far });
    const idle = await stored();
    const gone = await stored({ refreshAtMs: far });
    const removed = await stored();
    await gone.rows.change(gone.row, (row) => needsReauth(row, 'grant_revoked', 2_000));
    await removed.rows.change(removed.row, (row) => disconnected(row, far));
    const found = async (beforeMs: number) => {
      const rows = (await Promise.all(dueShards.map((shard) => open().due(shard, beforeMs)))).flat();
      return rows
        .map(({ tenantId }) => tenantId)
        .filter((id) => [due, idle, gone, removed].some(({ row }) => row.tenantId === id))
        .sort();
    };
    expect(await found(far - 1)).toEqual([]);
    expect(await found(far)).toEqual([due.row.tenantId, removed.row.tenantId].sort());
  });

  test("the list has the tenant's own connections, by pages, of one provider where asked", async () => {
    const { row, rows } = await stored();
    for (const id of [
      { provider: 'demo', name: 'b' },
      { provider: 'demo-2', name: 'default' },
      { provider: 'slack', name: 'default' },
    ]) {
      await rows.save(newRow({ tenantId: row.tenantId, ...id }), undefined);
    }
    await stored();
    const first = await rows.list({ limit: 3 });
    const second = await rows.list({ limit: 3, cursor: first.cursor });
    const names = [...first.items, ...second.items].map(({ provider, name }) => `${provider}:${name}`);
    expect(names).toEqual(
      ['demo:b', 'demo:default', 'demo-2:default', 'slack:default'].sort((a, b) =>
        a.replace(':', '#') < b.replace(':', '#') ? -1 : 1,
      ),
    );
    expect((await rows.list({ provider: 'demo' })).items.map(({ name }) => name)).toEqual(['b', 'default']);
  });

  test('the first who says that a grant is gone is the one who did it', async () => {
    const { row, rows } = await stored({ refreshAtMs: 5_000 });
    const end = (reason: string, nowMs: number) => rows.change(row, (it) => needsReauth(it, reason, nowMs));
    expect(await end('uninstalled', 2_000)).toMatchObject({ done: true });
    expect(await end('tokens_revoked', 3_000)).toMatchObject({ done: false });
    const left = await rows.get(row);
    expect(left).toMatchObject({ status: 'needs_reauth', reason: 'uninstalled', updatedAtMs: 2_000 });
    expect(left).not.toHaveProperty('sealed');
  });
});
