import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { TenantId } from '../../../shared/core/ids.ts';
import { UNROUTED } from '../../../shared/core/keys.ts';
import type { InboxEvent } from '../../../shared/webhooks/event.ts';
import { startWebhooks, stripeDelivery, subscription, type WebhooksHub } from './hub.ts';

// The functions are loaded by the hub beside this file: replay, run-replay, list-replays, get-replay, cancel-replay, reroute
// and list-unrouted.

let hub: WebhooksHub;
beforeAll(async () => {
  hub = await startWebhooks();
});
beforeEach(() => {
  for (const list of [hub.events, hub.hidden, hub.queues.handlers, hub.queues.replays]) list.length = 0;
});
afterAll(() => hub.stop());

const CREATED = 1_763_632_800;
const START_MS = Date.parse('2026-01-01T00:00:00.000Z');
const ROUTE = '/v1/tenants/{tenant}/events/replay';

const freshTenant = () => TenantId.parse(hub.fresh('tenant'));
const begin = (tenant: string, body: object = {}, as?: string) =>
  hub.ask(`replay POST ${ROUTE}`, { tenant }, { body, tenant: as });
const get = (tenant: string, replay: string, as?: string) =>
  hub.ask(`get-replay GET ${ROUTE}/{replay}`, { tenant, replay }, { tenant: as });
const cancel = (tenant: string, replay: string, as?: string) =>
  hub.ask(`cancel-replay DELETE ${ROUTE}/{replay}`, { tenant, replay }, { tenant: as });
const list = (tenant: string, query = '', as?: string) =>
  hub.ask(`list-replays GET ${ROUTE}`, { tenant }, { query, tenant: as });
const received = () => hub.events.filter(({ type }) => type === 'webhook.received');

/** Puts events into an inbox, a second apart; returns whose it is. */
async function filled(count: number, more: (n: number) => Partial<InboxEvent> = () => ({}), tenantId = freshTenant()) {
  for (let n = 0; n < count; n++) {
    await hub.inbox.forTenant(tenantId).keepOnce({
      ...{ id: `e${String(n).padStart(3, '0')}`, tenantId, provider: 'github', type: 'issues.opened' },
      receivedAtMs: START_MS + n * 1_000,
      connection: { provider: 'github', name: 'default' },
      ...{ outcome: 'routed', bodyHash: 'h', requestId: 'r', content: { json: JSON.stringify({ n }) } },
      ...more(n),
    });
  }
  return tenantId;
}

/** Hands over the messages of replays until there are none; returns how long each was held back, s. */
async function finish(): Promise<number[]> {
  const delays: number[] = [];
  while (hub.queues.replays.length > 0) {
    delays.push(...hub.queues.replays.map(({ delayS }) => delayS));
    await hub.deliver('replays');
  }
  return delays;
}

describe('a replay', () => {
  test('of nothing ends as one: a filter of the future, or from before the epoch; one that is upside down is refused', async () => {
    const tenant = await filled(2);
    for (const filter of [{ from: '2126-01-01T00:00:00Z' }, { to: '1960-01-01T00:00:00Z' }]) {
      const { status, json } = await begin(tenant, { filter });
      expect(status).toBe(202);
      await finish();
      expect((await get(tenant, json.id)).json).toMatchObject({ status: 'finished', replayed: 0 });
    }
    const reversed = await begin(tenant, { filter: { from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' } });
    expect(reversed).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
    expect(reversed.json.detail).toContain('from: must not be later than `to`');
  });

  test('counts first, where only that is asked for, and tells nothing', async () => {
    const tenant = await filled(12, (n) => (n === 3 ? { outcome: 'conflicting' } : {}));
    const answer = await begin(tenant, { dryRun: true, filter: { from: '2026-01-01T00:00:02Z' } });
    expect(answer).toEqual({ status: 200, json: { count: 9, complete: true } });
    expect([hub.events, hub.queues.replays, (await list(tenant)).json.items]).toEqual([[], [], []]);
  });

  test('tells each event again, oldest first, at its rate, and says that it does', async () => {
    const tenant = await filled(12, (n) => (n === 3 ? { outcome: 'conflicting' } : {}));
    const { status, json } = await begin(tenant, { rate: 1 }, tenant);
    expect(status).toBe(202);
    expect(json).toMatchObject({ id: expect.stringMatching(/^rpl_/), status: 'running', replayed: 0, rate: 1 });
    expect(await finish()).toEqual([0, 4, 5]);
    expect(received().map(({ data }) => data.event)).toEqual([
      'e000',
      'e001',
      'e002',
      'e004',
      'e005',
      'e006',
      'e007',
      'e008',
      'e009',
      'e010',
      'e011',
    ]);
    expect(received()[0]).toMatchObject({
      tenant,
      connection: 'github',
      data: { replayed: true, replay: json.id, data: { n: 0 } },
    });
    expect((await get(tenant, json.id, tenant)).json).toMatchObject({
      ...{ id: json.id, status: 'finished', replayed: 11 },
      ...{ createdAt: expect.stringMatching(/Z$/), endedAt: expect.stringMatching(/Z$/) },
    });
  });

  test('is narrowed as a list is, and is of what had come in when it began', async () => {
    const tenant = await filled(6, (n) => ({
      provider: n % 2 ? 'slack' : 'github',
      outcome: n < 4 ? 'failed' : 'handled',
    }));
    await begin(tenant, { filter: { provider: 'slack', outcome: 'failed' } });
    await filled(
      1,
      () => ({ id: 'later', provider: 'slack', outcome: 'failed', receivedAtMs: Date.now() + 60_000 }),
      tenant,
    );
    await finish();
    expect(received().map(({ data }) => data.event)).toEqual(['e001', 'e003']);
  });

  test('has its handlers work again, whatever came of them before', async () => {
    const account = hub.fresh('acct');
    const tenant = await hub.connect('stripe', account);
    const event = { id: 'evt_1', type: 'customer.subscription.updated', created: CREATED };
    await hub.take(stripeDelivery(account, { ...event, object: subscription('sub_1', 'active') }));
    await hub.deliver('handlers');
    await hub.records.of(tenant, { provider: 'stripe', name: 'default' }, 'subscriptions').clear();
    hub.events.length = 0;

    const { json } = await begin(tenant);
    await finish();
    await hub.deliver('handlers');
    expect(hub.events.map(({ type }) => type)).toEqual(['webhook.received', 'record.created']);
    const { items } = (await hub.ask('list GET /v1/tenants/{tenant}/events', { tenant })).json;
    expect(items).toMatchObject([
      { outcome: 'handled', handlers: [{ outcome: 'handled', tries: 1, replay: json.id }] },
    ]);
  });

  test('ends no connection: what a provider said of one counts when it came', async () => {
    const account = hub.fresh('acct');
    const tenant = await hub.connect('stripe', account);
    const event = { id: 'evt_1', type: 'account.application.deauthorized', created: CREATED, object: {} };
    await filled(1, () => ({ ...event, provider: 'stripe', content: { json: JSON.stringify(event) } }), tenant);
    await begin(tenant);
    await finish();
    expect(received()).toHaveLength(1);
    const row = await hub.connections.forTenant(tenant).get({ provider: 'stripe', name: 'default' });
    expect(row?.status).toBe('active');
  });

  test('is cancelled where it is, once', async () => {
    const tenant = await filled(12);
    const { json } = await begin(tenant, { rate: 1 });
    await hub.deliver('replays');
    expect(await cancel(tenant, json.id)).toMatchObject({ status: 200, json: { status: 'cancelled', replayed: 5 } });
    const ended = (await cancel(tenant, json.id)).json;
    expect(ended).toMatchObject({ status: 'cancelled', replayed: 5 });
    await finish();
    expect(received()).toHaveLength(5);
    expect((await get(tenant, json.id)).json).toEqual(ended);
  });

  test('goes on in one chain, though messages come twice, early, late, or are given back half done', async () => {
    const tenant = await filled(12);
    const { json } = await begin(tenant, { rate: 1 });
    const [first] = hub.queues.replays;
    if (!first) throw new Error('a replay begins with a message');
    hub.queues.replays.push(first, first);
    await hub.deliver('replays'); // three at once: each tells the batch, one writes it down
    expect(hub.queues.replays.length).toBeGreaterThan(0);
    hub.queues.replays.push(first); // late: the batch is written down
    const early = JSON.stringify({ tenant, replay: json.id, version: 9 });
    expect(await hub.feed('run-replay', [early])).toEqual([early]);
    expect(hub.hidden).toEqual([60]);
    await finish();
    expect((await get(tenant, json.id)).json).toMatchObject({ status: 'finished', replayed: 12 });
    expect(new Set(received().map(({ id }) => id)).size).toBe(12);
  });

  test('that breaks off at the bus tells the same batch again, with the same ids', async () => {
    const tenant = await filled(3);
    const { json } = await begin(tenant);
    const down = vi.spyOn(EventBridgeClient.prototype, 'send').mockRejectedValueOnce(new Error('down') as never);
    await hub.deliver('replays');
    down.mockRestore();
    expect((await get(tenant, json.id)).json).toMatchObject({ status: 'running', replayed: 0 });
    await finish();
    expect((await get(tenant, json.id)).json).toMatchObject({ status: 'finished', replayed: 3 });
    const before = received().map(({ id }) => id);
    const again = (await begin(tenant)).json;
    await finish();
    expect(again.id).not.toBe(json.id);
    expect(
      received()
        .slice(before.length)
        .some(({ id }) => before.includes(id)),
    ).toBe(false);
  });

  test('whose first message cannot be sent is cancelled, and whoever asked is told of a fault', async () => {
    const tenant = await filled(3);
    const down = vi.spyOn(SQSClient.prototype, 'send').mockRejectedValueOnce(new Error('down') as never);
    expect((await begin(tenant)).status).toBe(500);
    down.mockRestore();
    const { items } = (await list(tenant)).json;
    expect(items).toMatchObject([{ status: 'cancelled', replayed: 0, endedAt: expect.stringMatching(/Z$/) }]);
  });

  test('of a tenant that was erased meanwhile tells nothing', async () => {
    const tenant = await filled(3);
    await begin(tenant);
    for (const row of await hub.inbox.forTenant(tenant).some()) await hub.inbox.forTenant(tenant).remove(row);
    await finish();
    expect(hub.events).toEqual([]);
  });
});

describe('the routes of replays', () => {
  test('list them newest first, page by page', async () => {
    const tenant = await filled(0);
    const ids = [];
    for (let n = 0; n < 3; n++) ids.unshift((await begin(tenant)).json.id);
    const first = (await list(tenant, 'limit=2', tenant)).json;
    const second = (await list(tenant, `limit=2&cursor=${first.cursor}`, tenant)).json;
    expect([...first.items, ...second.items].map(({ id }: { id: string }) => id).sort()).toEqual(ids.sort());
  });

  test('A-52: answer a foreign tenant as if there were nothing, and show no replay of another', async () => {
    const [mine, other] = [freshTenant(), await filled(1)];
    const { json } = await begin(other);
    for (const answer of [
      await begin(other, {}, mine),
      await list(other, '', mine),
      await get(other, json.id, mine),
      await cancel(other, json.id, mine),
      await get(mine, json.id, mine),
      await cancel(mine, json.id, mine),
    ]) {
      expect(answer).toMatchObject({ status: 404, json: { code: 'not_found' } });
    }
    expect((await get(other, json.id)).json.status).toBe('running');
  });

  test.each([
    { rate: 0 },
    { rate: 101 },
    { rate: 1.5 },
    { filter: { outcome: 'conflicting' } },
    { filter: { from: 'yesterday' } },
    { filter: { tenant: 'acme' } },
    { tenantId: 'acme' },
    { dryRun: 'yes' },
  ])('A-54: refuse %j', async (body) => {
    expect(await begin(freshTenant(), body)).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
  });

  test('answer their samples', async () => {
    expect(await hub.sample('replay')).toMatchObject({ statusCode: 200, body: '{"count":0,"complete":true}' });
    expect(await hub.sample('list-replays')).toMatchObject({ statusCode: 200, body: '{"items":[]}' });
    expect(await hub.sample('get-replay')).toMatchObject({ statusCode: 404 });
    expect(await hub.sample('cancel-replay')).toMatchObject({ statusCode: 404 });
    expect(await hub.sample('run-replay')).toEqual({ batchItemFailures: [] });
  });
});

describe('events that nobody owns', () => {
  const UNROUTED_ROUTE = 'list-unrouted GET /v1/events/unrouted';
  const send = (account: string, id: string, object: unknown = subscription('sub_1', 'active')) => {
    const delivery = stripeDelivery(account, { id, type: 'customer.subscription.updated', created: CREATED, object });
    return hub.take({ ...delivery, receivedAt: new Date().toISOString() });
  };
  /** Tells of a connection that was made so long ago, ms; returns whether it is looked at again. */
  async function activate(tenant: string, account: string, agoMs = 0): Promise<boolean> {
    const time = new Date(Date.now() - agoMs).toISOString();
    const about = { id: 'evt_a', type: 'connection.activated', time, tenant, provider: 'stripe', connection: 'stripe' };
    const data = { account, scopes: [], reconnected: false };
    return (await hub.feed('reroute', [JSON.stringify({ ...about, data })])).length > 0;
  }

  test('are listed for the operator alone', async () => {
    await send(hub.fresh('acct'), 'evt_lost');
    const { json } = await hub.ask(UNROUTED_ROUTE, {}, { query: 'provider=stripe&limit=1' });
    expect(json.items).toMatchObject([{ id: 'evt_lost', outcome: 'unrouted', data: { id: 'evt_lost' } }]);
    expect(JSON.stringify(json)).not.toContain('accountIds');
    expect(await hub.ask(UNROUTED_ROUTE, {}, { tenant: 'acme' })).toMatchObject({ status: 403 });
    expect(await hub.sample('list-unrouted')).toMatchObject({ statusCode: 200 });
  });

  test('find their owner when the account is connected: kept, told and handled as if they came now', async () => {
    const account = hub.fresh('acct');
    await send(account, 'evt_early');
    await send(account, 'evt_large', { object: 'other', text: 'x'.repeat(400_000) });
    await send(hub.fresh('acct'), 'evt_stranger');
    const tenant = await hub.connect('stripe', account);
    hub.events.length = 0;
    await activate(tenant, account);
    await hub.deliver('handlers');

    const { items } = (await hub.ask('list GET /v1/tenants/{tenant}/events', { tenant })).json;
    expect(
      items.map(({ id, outcome, connection }: Record<string, string>) => [id, outcome, connection]).sort(),
    ).toEqual([
      ['evt_early', 'handled', 'stripe'],
      ['evt_large', 'ignored', 'stripe'],
    ]);
    expect(items.find(({ id }: { id: string }) => id === 'evt_large').data.data.object.text).toHaveLength(400_000);
    expect(
      received()
        .map(({ data }) => data.event)
        .sort(),
    ).toEqual(['evt_early', 'evt_large']);
    expect(hub.events.filter(({ type }) => type === 'record.created')).toHaveLength(1);
    const left = (await hub.inbox.forTenant(UNROUTED).list({ limit: 100 })).events.map(({ id }) => id);
    expect(left).toContain('evt_stranger');
    expect(left).not.toContain('evt_early');
    expect([...hub.s3.objects.keys()].filter((key) => key.includes(UNROUTED))).toEqual([]);

    await activate(tenant, account);
    expect(received()).toHaveLength(2);
  });

  test('find it though they were judged a moment before: a second look, five minutes later, misses none (D-13)', async () => {
    const account = hub.fresh('acct');
    await send(account, 'evt_before');
    const tenant = await hub.connect('stripe', account);
    expect(await activate(tenant, account)).toBe(true);
    expect(hub.hidden).toEqual([300]);
    const [found] = (await hub.inbox.forTenant(tenant).list({ limit: 1 })).events;
    const missed = { ...found, id: 'evt_missed', tenantId: UNROUTED, outcome: 'unrouted', accountIds: [account] };
    await hub.inbox.forTenant(UNROUTED).keepOnce(missed as InboxEvent);
    expect(await activate(tenant, account, 300_001)).toBe(false);
    const events = (await hub.inbox.forTenant(tenant).list({ limit: 10 })).events.map(({ id }) => id);
    expect(events.sort()).toEqual(['evt_before', 'evt_missed']);
  });

  test('stay where they are when the account is connected by a key of its own, not with the app (D-13)', async () => {
    const account = hub.fresh('acct');
    await send(account, 'evt_of_the_app');
    const tenant = await hub.connect('stripe', account, undefined, 'api_key');
    await activate(tenant, account);
    expect((await hub.inbox.forTenant(tenant).list({ limit: 1 })).events).toEqual([]);
  });

  test('stay where they are when the connection is not that account, or is no longer', async () => {
    const account = hub.fresh('acct');
    await send(account, 'evt_of_nobody');
    const tenant = await hub.connect('stripe', hub.fresh('acct'));
    await activate(tenant, account);
    await hub.sample('reroute');
    expect((await hub.inbox.forTenant(tenant).list({ limit: 1 })).events).toEqual([]);
    const left = (await hub.inbox.forTenant(UNROUTED).list({ limit: 100 })).events.map(({ id }) => id);
    expect(left).toContain('evt_of_nobody');
  });
});
