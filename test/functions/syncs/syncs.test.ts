import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Syncs, startSyncs } from './hub.ts';

// The functions are loaded by the hub beside this file: follow, nudge, plan, run, list, set, run-now, records, clear.

let hub: Syncs;
let newsMs = Date.now() + 60_000;
/** Each later than the one before. */
const nextTime = () => {
  newsMs += 1_000;
  return new Date(newsMs).toISOString();
};
beforeAll(async () => {
  hub = await startSyncs();
});
afterAll(() => hub.stop());

const tell = (type: string) => hub.call('follow', { detail: { type, time: nextTime() } });
const records = async (change = {}) => (await hub.call('records', change)).json.items as { id: string }[];

beforeEach(async () => {
  hub.contacts.clear();
  await tell('connection.removed');
  await hub.disconnect();
  await hub.connect();
  await tell('connection.activated');
  for (const list of [hub.queue, hub.events, hub.asked, hub.askedUnder, hub.script]) list.length = 0;
});

/** Asks for a run and delivers it. */
async function run(body = {}) {
  await hub.call('run-now', { body: JSON.stringify(body) });
  return hub.deliver();
}

describe('a sync through its functions', () => {
  test('E-31: copies the contacts page by page, announces each, and lists them', async () => {
    hub.put('c1', 'Ada');
    hub.put('c2', 'Grace');
    hub.put('c3', 'Edsger');
    expect(await run()).toEqual([]);
    expect(hub.asked).toHaveLength(2);
    expect(hub.events.map(({ type, connection, data }) => [type, connection, data.id])).toEqual([
      ['record.created', 'demo', 'c1'],
      ['record.created', 'demo', 'c2'],
      ['record.created', 'demo', 'c3'],
    ]);
    const { status, json } = await hub.call('records');
    expect(status).toBe(200);
    expect(json.items[0]).toMatchObject({
      id: 'c1',
      model: 'contacts',
      data: { name: 'Ada', email: 'c1@example.com' },
    });
    expect((await hub.call('list')).json.items).toMatchObject([
      { sync: 'contacts', model: 'contacts', enabled: true, every: 60, status: 'idle', records: 3 },
      { sync: 'live-contacts', enabled: false }, // until somebody chooses its window
    ]);
  });

  test('one request id goes through: from the request into the message, to the provider and into the events', async () => {
    hub.put('c1', 'Ada');
    await hub.call('run-now');
    expect(hub.queue.map(({ body }) => JSON.parse(body))).toMatchObject([{ requestId: 'req-1' }]);
    await hub.deliver();
    expect(hub.askedUnder).toEqual(['req-1']);
    expect(hub.events).toMatchObject([{ type: 'record.created', requestId: 'req-1' }]);
  });

  test('announces what changed and what was deleted, once, over many runs', async () => {
    hub.put('c1', 'Ada');
    hub.put('c2', 'Grace');
    await run();
    hub.put('c1', 'Ada Lovelace');
    hub.put('c2', 'Grace', { deleted: true });
    for (let n = 0; n < 3; n++) await run();
    expect(hub.events.map(({ type, data }) => `${type} ${data.id}`)).toEqual([
      'record.created c1',
      'record.created c2',
      'record.updated c1',
      'record.deleted c2',
    ]);
    expect((await records()).map(({ id }) => id)).toEqual(['c1']);
  });

  test('is handed out by one tick of many when it is due', async () => {
    await run();
    await hub.makeDue();
    await Promise.all([hub.call('plan'), hub.call('plan'), hub.call('plan')]);
    await hub.call('plan');
    expect(hub.queue).toMatchObject([{ group: 'acme' }]);
    expect(await hub.deliver()).toEqual([]);
    expect((await hub.call('list')).json.items[0].status).toBe('idle');
  });

  test('E-31: costs 3 requests to DynamoDB and one to the provider where nothing has changed (design §9)', async () => {
    hub.put('c1', 'Ada');
    await run();
    const quietly = async () => {
      await hub.makeDue();
      hub.asked.length = 0;
      const tick = await hub.counting(() => hub.call('plan'));
      expect(tick.filter((request) => !request.startsWith('Query'))).toEqual(['Get syncs', 'Put syncs']); // for all syncs
      return (await hub.counting(() => hub.deliver())).sort();
    };
    const least = ['Get connections', 'Put syncs', 'Update limits'];
    // Asked for changes since the last one, the provider shows that one again: it is compared.
    expect(await quietly()).toEqual(['Get connections', 'Get records', 'Put syncs', 'Update limits']);
    hub.contacts.clear();
    expect(await quietly()).toEqual(least);
    expect(hub.asked).toHaveLength(1);
    expect((await hub.call('list')).json.items[0]).toMatchObject({ status: 'idle', records: 0 });
  });

  test('shows why it failed, without a fault in the log', async () => {
    hub.script.push(404);
    await run();
    expect((await hub.call('list')).json.items[0]).toMatchObject({
      status: 'failing',
      error: { code: 'odd', message: 'It is odd.' },
      nextRunAt: expect.stringMatching(/Z$/),
    });
    expect(hub.output.lines().filter(({ level }) => level === 'ERROR')).toEqual([]);
  });

  test('stops with its connection and resumes with it', async () => {
    await tell('connection.needs_reauth');
    expect((await hub.call('list')).json.items[0]).toMatchObject({
      status: 'stopped',
      error: { code: 'needs_reauth' },
    });
    expect(await hub.call('run-now')).toMatchObject({ status: 409, json: { code: 'needs_reauth' } });
    await tell('connection.activated');
    expect((await hub.call('run-now')).status).toBe(202);
  });

  test('is there as soon as the connection is, before its activation has been heard of', async () => {
    await tell('connection.removed');
    expect((await hub.call('list')).json.items).toMatchObject([
      { sync: 'contacts', status: 'idle', enabled: true },
      { sync: 'live-contacts' },
    ]);
    await tell('connection.removed');
    expect((await hub.call('run-now')).status).toBe(202);
    expect(await hub.deliver()).toEqual([]);
  });

  test('leaves nothing behind when its connection is removed', async () => {
    hub.put('c1', 'Ada');
    await run();
    await hub.disconnect();
    await tell('connection.removed');
    expect((await hub.call('list')).status).toBe(404);
    expect(await records()).toEqual([]);
  });

  test('leaves nothing behind when its tenant is removed', async () => {
    hub.put('c1', 'Ada');
    await run();
    await hub.disconnect();
    await hub.call('clear', { detail: { time: nextTime() } });
    expect((await hub.call('list')).status).toBe(404);
    expect(await records()).toEqual([]);
  });

  test('takes a webhook of another provider, or of no connection, for no news', async () => {
    await hub.call('nudge');
    await hub.call('nudge', { detail: { tenant: '_unrouted', connection: undefined } });
    expect(hub.queue).toEqual([]);
  });
});

describe('the answers', () => {
  test('set changes the interval and says what the sync is now', async () => {
    const { status, json } = await hub.call('set');
    expect(status).toBe(200);
    expect(json).toMatchObject({ sync: 'contacts', every: 300, adaptive: false, enabled: true });
    expect((await hub.call('set', { body: '{"every":"auto"}' })).json).toMatchObject({ every: 300, adaptive: true });
  });

  test('set has old records let go, which no poll brings back', async () => {
    const ago = (hours: number) => ({ updatedAt: new Date(Date.now() - hours * 3_600_000).toISOString() });
    hub.put('c1', 'Ada', ago(3));
    hub.put('c2', 'Grace', ago(1));
    await run();
    const day = { body: '{"retention":{"days":1}}' };
    expect((await hub.call('set', day)).json).toMatchObject({ retention: { days: 1 } });
    expect((await hub.call('list')).json.items[0]).toMatchObject({ retention: { days: 1 } });
    hub.put('c3', 'Edsger', ago(25));
    await run();
    expect((await records()).map(({ id }) => id)).toEqual(['c1', 'c2']);
    await hub.call('set', { body: '{"retention":{"seconds":7200}}' });
    for (let n = 0; n < 2; n++) await run({ full: true });
    expect((await records()).map(({ id }) => id)).toEqual(['c2']);
    expect((await hub.call('set', { body: '{"retention":"forever"}' })).json).not.toHaveProperty('retention');
    await run();
    expect((await records()).map(({ id }) => id)).toEqual(['c1', 'c2', 'c3']);
    expect(hub.events.map(({ type, data }) => `${type} ${data.id}`)).toEqual([
      'record.created c1',
      'record.created c2',
      'record.created c3', // from here on both are kept
      'record.created c1',
    ]);
  });

  test.each([
    ['{"retention":90}', 400],
    ['{"retention":{"days":0}}', 400],
    ['{"retention":{"seconds":60}}', 400],
    ['{"retention":{"days":1,"seconds":3600}}', 400],
    ['{"every":59}', 400],
    ['{"every":90000}', 400],
    ['{"since":"2020"}', 400],
    ['{"enabled":"yes"}', 400],
    ['{', 400],
  ])('set refuses %s', async (body, status) => {
    expect(await hub.call('set', { body })).toMatchObject({ status, json: { code: 'invalid_request' } });
  });

  test.each([
    ['list', { connection: 'slack' }],
    ['list', { connection: 'demo:other' }],
    ['set', { sync: 'nothing' }],
    ['run-now', { sync: 'nothing' }],
    ['run-now', { connection: 'nobody' }],
    ['records', { model: 'nothing' }],
    ['records', { provider: 'nobody' }],
  ] as const)('%s of what does not exist is not found: %o', async (verb, path) => {
    expect(await hub.call(verb, { pathParameters: path })).toMatchObject({ status: 404, json: { code: 'not_found' } });
  });

  test.each(['list', 'set', 'run-now', 'records'] as const)('A-52: %s of another tenant is not found', async (verb) => {
    const foreign = await hub.call(verb, { pathParameters: { tenant: 'globex' } });
    expect(foreign).toMatchObject({ status: 404, json: { code: 'not_found' } });
  });

  test('records come page by page', async () => {
    for (const id of ['c1', 'c2', 'c3']) hub.put(id, id);
    await run();
    const first = (await hub.call('records', { rawQueryString: 'limit=2' })).json;
    const second = (await hub.call('records', { rawQueryString: `limit=2&cursor=${first.cursor}` })).json;
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(['c1', 'c2', 'c3']);
    expect(second.cursor).toBeUndefined();
  });

  test('records refuse a cursor that is none', async () => {
    expect((await hub.call('records', { rawQueryString: 'cursor=%24' })).status).toBe(400);
  });

  test('E-27: a poison message comes back alone', async () => {
    await hub.call('run-now');
    hub.queue.push({ body: '{"tenant":"acme"}', group: 'acme', delayS: 0 });
    expect(await hub.deliver()).toEqual(['1']);
  });

  test('the sample of a run that is over is settled without a question to the provider', async () => {
    await hub.call('run');
    expect(hub.asked).toEqual([]);
  });
});

// The last: the whole connection waits after it.
describe('a provider that is asked too often', () => {
  test('has its sync wait out a Retry-After in the queue, which is no error', async () => {
    hub.put('c1', 'Ada');
    hub.script.push(429);
    await run();
    expect(hub.queue).toMatchObject([{ delayS: 30 }]);
    expect((await hub.call('list')).json.items[0]).not.toHaveProperty('error');
  });
});
