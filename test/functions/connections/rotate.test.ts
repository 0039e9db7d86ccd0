import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { keyOf } from '../../../shared/connections/seal.ts';
import { OPENS_FOR_MS } from '../../../shared/connections/vault.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { type CredentialWorld, startCredentialWorld } from '../../support/credential-world.ts';
import { readEvent } from '../../support/samples.ts';

const DAY_MS = 86_400_000;
let world: CredentialWorld;
beforeAll(async () => {
  world = await startCredentialWorld();
});
afterAll(() => world.stop());
afterEach(() => vi.useRealTimers());

const rotate = async (input: object) => {
  const answer = await world.run<{ value: Record<string, unknown> }>('connections/rotate', input);
  return answer.value ?? answer;
};
const token = (tenant: string) => world.run('connections/token', { tenant, connection: 'demo' });
const days = (count: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + count * DAY_MS });
const id = { provider: 'demo', name: 'default' };
const versionsOf = async (tenant: string) => {
  const row = await world.ports.store.forTenant(TenantId.parse(tenant)).get(id);
  return Object.values(row?.sealed ?? {}).map((record) => keyOf(record)?.version);
};

test('a rotation seals every connection anew under a new key, which keeps serving; the old key goes when no call needs it any more (B-11)', async () => {
  const tenant = (readEvent('connections/rotate') as { tenant: string }).tenant;
  const { access } = { access: await world.connect(tenant, id, 200 * 86_400).then(() => token(tenant)) };
  days(8);
  expect(await rotate({ tenant })).toEqual({ resealed: 1, left: 0, retired: 0, finished: true });
  expect(await versionsOf(tenant)).toEqual([2, 2]);
  expect(await token(tenant)).toEqual(access);
  expect(await rotate({ tenant })).toEqual({ resealed: 0, left: 0, retired: 0, finished: true });
  days(OPENS_FOR_MS / DAY_MS + 1);
  expect(await rotate({ tenant })).toEqual({ resealed: 1, left: 0, retired: 1, finished: true });
  expect((await world.keysOf(tenant)).map(({ version }) => version)).toEqual([2, 3]);
  expect(await token(tenant)).toEqual(access);
});

test('what is sealed after a rotation is sealed under the newest key; older records go on being read', async () => {
  const row = await world.connect('globex', id, 60 * 86_400);
  days(8);
  await rotate({ tenant: 'globex' });
  await world.ports.store
    .forTenant(row.tenantId)
    .save({ ...row, version: row.version + 2 }, { ...row, version: row.version + 1 });
  expect(await versionsOf('globex')).toEqual([1, 1]); // put back as it was before
  expect(await token('globex')).toMatchObject({ value: { accessToken: expect.stringMatching(/^access-/) } });
  await world.connect('globex');
  expect(await versionsOf('globex')).toEqual([2, 2]);
});

test('a rotation never overwrites a token that came meanwhile', async () => {
  const { tenantId } = await world.connect('initech');
  days(8); // the access token has ended, too
  const rows = world.ports.store.forTenant(tenantId);
  const [, refreshed] = await Promise.all([rotate({ tenant: 'initech' }), token('initech')]);
  const { value } = refreshed as { value: { accessToken: string } };
  await rotate({ tenant: 'initech' });
  expect(await token('initech')).toMatchObject({ value });
  expect((await rows.get(id))?.status).toBe('active');
  expect(await versionsOf('initech')).toEqual([2, 2]);
});

test('without a tenant it goes through all of them, page by page; an erased one stays erased', async () => {
  const tenants = Array.from({ length: 104 }, (_, at) => `many${at}`);
  for (const tenant of tenants) await world.connect(tenant, id, 60 * 86_400);
  await world.keyRows.put({ pk: 'gone', sk: 'x-erased', erasedAtMs: 1 });
  days(8);
  let cursor: unknown;
  let resealed = 0;
  for (let turn = 0; turn < 10; turn++) {
    const answer = await rotate(cursor ? { cursor } : {});
    resealed += Number(answer.resealed);
    cursor = answer.cursor;
    if (answer.finished) break;
  }
  expect(resealed).toBeGreaterThanOrEqual(104);
  for (const tenant of tenants) expect(await versionsOf(tenant)).toEqual([2, 2]);
  expect(await world.keysOf('gone')).toEqual([]);
});

test('a tenant without connections, and one that is not there, have nothing to rotate; unknown input is refused', async () => {
  expect(await rotate({ tenant: 'nobody' })).toEqual({ resealed: 0, left: 0, retired: 0, finished: true });
  expect(await rotate({ tenants: 'x' })).toMatchObject({ error: { code: 'invalid_request' } });
});

test('a connection that does not open is left as it is, and keeps the key it may need', async () => {
  const row = await world.connect('hooli', id, 60 * 86_400);
  await world.rows.update(
    { pk: 'hooli', sk: 'demo#default' },
    { update: 'SET #generation = :other', values: { ':other': row.generation + 1 } },
  );
  days(8);
  expect(await rotate({ tenant: 'hooli' })).toMatchObject({ resealed: 0, left: 1 });
  days(OPENS_FOR_MS / DAY_MS + 1);
  expect(await rotate({ tenant: 'hooli' })).toMatchObject({ left: 1, retired: 0 });
  expect((await world.keysOf('hooli')).map(({ version }) => version)).toEqual([1, 2, 3]);
});
