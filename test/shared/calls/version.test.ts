import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openTable, type Table } from '../../../shared/core/aws.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { checkProviders } from '../../../shared/providers/check.ts';
import { startDynamo } from '../../support/dynamo.ts';
import { answer, silence, World } from './world.ts';

vi.mock('../../../shared/core/metrics.ts', () => ({ measure: () => {} }));

let stop: () => Promise<void>;
let table: Table;
beforeAll(async () => {
  const dynamo = await startDynamo();
  stop = dynamo.stop;
  table = openTable(dynamo.tables.calls);
});
afterAll(() => stop());

const update = { action: 'customers.update', input: { id: '58', companyName: 'Acme GmbH' } };
const read = (SyncToken: string) => answer(200, { Customer: { Id: '58', SyncToken } });
const done = (SyncToken: string) => answer(200, { Customer: { Id: '58', SyncToken, CompanyName: 'Acme GmbH' } });
const stale = answer(400, { Fault: { Error: [{ code: '5010', Message: 'Stale Object Error' }] } });
const submit = (world: World, more: object = {}, key?: string) =>
  world.submit({ ...update, ...more }, key, 'quickbooks');
const sent = (world: World) =>
  world.sent.map(({ method, url, body }) => [
    ...[method, new URL(url).pathname.split('/').slice(4).join('/')],
    body === undefined ? undefined : JSON.parse(String(body)).SyncToken,
  ]);
const keys = (world: World) => world.sent.map(({ url }) => new URL(url).searchParams.get('requestid'));
const [reads, writes] = [['GET', 'customer/58', undefined], (token: string) => ['POST', 'customer', token]] as const;

test('a change that has to name a version is made upon the one that is read just before', async () => {
  const world = new World(table);
  world.script.push(read('7'), done('8'));
  expect(await submit(world)).toMatchObject({
    value: {
      status: 'succeeded',
      result: { Customer: { SyncToken: '8' } },
      attempts: [{ status: 200 }, { status: 200 }],
    },
  });
  expect(sent(world)).toEqual([reads, writes('7')]);
});

test('409: where another change came between, it is read and sent once more, under another key, in the same attempt', async () => {
  const world = new World(table);
  world.script.push(read('7'), stale, read('8'), done('9'));
  const call = await submit(world);
  expect(call).toMatchObject({ value: { status: 'succeeded', tries: 1, result: { Customer: { SyncToken: '9' } } } });
  expect(call.ok && call.value.error).toBeUndefined();
  expect(sent(world)).toEqual([reads, writes('7'), reads, writes('8')]);
  const [, first, , second] = keys(world);
  expect(first).not.toBe(second);
  for (const key of [first, second]) expect(key).toMatch(/^call_[0-9a-f]{40}$/); // QuickBooks takes 50 characters
});

test('an object that is changed all the time has its tries, and then fails by the name of the conflict', async () => {
  const world = new World(table);
  for (let turn = 0; turn < 20; turn++) world.script.push(read(String(turn)), stale);
  await submit(world, { mode: 'async' });
  await world.settle();
  expect(await world.calls()).toMatchObject([{ status: 'failed', tries: 5, error: { code: '5010' } }]);
  expect(world.sent).toHaveLength(20);
});

test('an answer that was lost is asked for again upon the same version, under the same key (E-25)', async () => {
  const world = new World(table);
  world.script.push(read('7'), silence, done('8'));
  await submit(world);
  await world.settle();
  expect(await world.calls()).toMatchObject([{ status: 'succeeded' }]);
  expect(sent(world)).toEqual([reads, writes('7'), writes('7')]);
  expect(new Set(keys(world).slice(1)).size).toBe(1);
});

test('who brings the version decides himself: it goes as it is, and a conflict fails', async () => {
  const world = new World(table);
  world.script.push(stale);
  expect(await submit(world, { input: { ...update.input, syncToken: '3' } })).toMatchObject({
    value: { status: 'failed', error: { code: '5010', message: expect.stringContaining('read it again') } },
  });
  expect(sent(world)).toEqual([writes('3')]);
});

test('what cannot be read is not changed: an object that is gone, an answer without a version', async () => {
  const world = new World(table);
  world.script.push(answer(400, { Fault: { Error: [{ code: '610' }] } }), answer(200, { Customer: { Id: '58' } }));
  expect(await submit(world)).toMatchObject({ value: { status: 'failed', error: { code: '610' } } });
  expect(await submit(world)).toMatchObject({ value: { status: 'failed', error: { code: 'unexpected_answer' } } });
  expect(sent(world)).toEqual([reads, reads]);
});

test('409 of a change without a version fails as it is', async () => {
  const world = new World(table);
  world.script.push(answer(409, { category: 'CONFLICT' }));
  const create = { action: 'contacts.create', input: { properties: { email: 'ada@example.com' } } };
  expect(await world.submit(create, undefined, 'hubspot')).toMatchObject({
    value: { status: 'failed', error: { status: 409 } },
  });
  expect(world.sent).toHaveLength(1);
});

test('a version is read by an action that reads', () => {
  const { quickbooks } = catalogue;
  const change = quickbooks?.actions['customers.update'];
  if (!quickbooks || !change?.version) throw new Error('there is no such action');
  const version = { ...change.version, read: 'customers.create' };
  const actions = { ...quickbooks.actions, 'customers.update': { ...change, version } };
  expect(checkProviders({ quickbooks: { ...quickbooks, actions } })).toEqual([
    'quickbooks: actions.customers.update.version: customers.create reads nothing',
  ]);
});
