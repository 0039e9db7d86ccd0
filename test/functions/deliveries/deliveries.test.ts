import { createPublicKey, verify } from 'node:crypto';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { realMoment } from '../../../shared/core/clock.ts';
import { hubEvent } from '../../../shared/core/event.ts';
import { type Arrival, type Deliveries, operatorRoutes, startDeliveries } from './hub.ts';

// The functions are loaded by the hub beside this file: event-types, subscribe, list, get, update, remove, rotate, replay,
// list-deliveries, fan-out, send, plan, clear.

let hub: Deliveries;
beforeAll(async () => {
  hub = await startDeliveries();
});
afterAll(() => hub.stop());

beforeEach(async () => {
  for (const { id } of (await hub.call('list')).json.items) await hub.call('remove', { id });
  for (const list of [hub.queue, hub.hidden, hub.arrivals, hub.script, hub.events]) list.length = 0;
});
afterEach(() => vi.useRealTimers());

const happened = (tenant = 'acme', more: { id?: string } = {}) =>
  hubEvent(
    'call.succeeded',
    { tenant, connection: { provider: 'demo', name: 'default' }, ...more },
    { call: 'call_1' },
    realMoment,
  );

async function subscribe(wishes: Record<string, unknown> = {}) {
  const { status, json } = await hub.call('subscribe', { body: { url: `${hub.url}/hook`, types: ['*'], ...wishes } });
  expect(status).toBe(201);
  return json as { id: string; secret: string; keys: { publicKey: string }[] };
}

const log = async (id: string, query = 'limit=100') =>
  (await hub.call('list-deliveries', { id, query })).json.items as {
    event: string;
    status: string;
    attempts: { status?: number; error?: string; answer?: string }[];
    nextAttemptAt?: string;
  }[];

/** What is queued for one subscription: those of other tests may be due as well. */
const queuedFor = (id: string) => hub.queue.filter(({ group }) => group === id);

/** Moves the clock of the functions on, without letting timers stand still. */
function later(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
}

/** Checks `v1a` with Node alone: SPKI around the 32 bytes of the public key. */
function verifiesAsymmetric({ headers, body }: Arrival, publicKey: string): boolean {
  const raw = Buffer.from(publicKey.replace(/^whpk_/, ''), 'base64');
  const key = createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]),
    format: 'der',
    type: 'spki',
  });
  const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
  const entries = (headers['webhook-signature'] ?? '').split(' ').filter((entry) => entry.startsWith('v1a,'));
  return entries.some((entry) => verify(null, signed, key, Buffer.from(entry.slice(4), 'base64')));
}

test('the id of the request that led to an event goes through: with its messages, and to whoever subscribed', async () => {
  const { id } = await subscribe();
  await hub.tell({ ...happened(), requestId: 'req-0' }, happened('globex'));
  const messages = queuedFor(id).map(({ body }) => JSON.parse(body));
  expect(messages.map(({ requestId }) => requestId).sort()).toEqual(['req-0', 'req-2']); // or of the fan-out
  await hub.deliver();
  expect(hub.arrivals.map(({ body }) => JSON.parse(body).requestId).sort()).toEqual(['req-0', undefined]);
});

describe('a delivery', () => {
  test('is the event itself, signed as Standard Webhooks says; the official packages accept it', async () => {
    const { secret, keys } = await subscribe();
    const event = happened();
    await hub.tell(event);
    expect(hub.queue).toHaveLength(1);
    await hub.deliver();

    const [arrival] = hub.arrivals as [Arrival];
    expect(JSON.parse(arrival.body)).toEqual(event);
    expect(arrival.headers).toMatchObject({ 'webhook-id': event.id, 'content-type': 'application/json' });
    expect(new StandardWebhook(secret).verify(arrival.body, arrival.headers)).toEqual(event);
    expect(new SvixWebhook(secret).verify(arrival.body, arrival.headers)).toEqual(event);
    expect(verifiesAsymmetric(arrival, keys[0]?.publicKey ?? '')).toBe(true);

    const bent = arrival.body.replace('call_1', 'call_2');
    expect(() => new StandardWebhook(secret).verify(bent, arrival.headers)).toThrow();
    expect(verifiesAsymmetric({ ...arrival, body: bent }, keys[0]?.publicKey ?? '')).toBe(false);
  });

  test('goes to those alone who want the type and the tenant', async () => {
    await subscribe({ url: `${hub.url}/calls`, types: ['call.*'] });
    await subscribe({ url: `${hub.url}/exact`, types: ['connection.removed', 'call.succeeded'] });
    await subscribe({ url: `${hub.url}/other`, types: ['connection.*', 'call.failed'] });
    await subscribe({ url: `${hub.url}/mine`, types: ['*'], tenants: ['acme'] });
    await subscribe({ url: `${hub.url}/theirs`, types: ['*'], tenants: ['rival'] });
    await hub.tell(happened('acme'));
    await hub.deliver();
    expect(hub.arrivals.map(({ path }) => path).sort()).toEqual(['/calls', '/exact', '/mine']);
  });

  test('is made once, however often the bus brings the event, and keeps the bytes of the first time', async () => {
    const { id } = await subscribe();
    const event = happened();
    await hub.tell(event, event);
    await hub.tell({ ...event, time: '2026-01-01T00:00:00.000Z' });
    await hub.deliver();
    await hub.deliver();
    expect(hub.arrivals.map(({ body }) => JSON.parse(body))).toEqual([event]);
    expect(await log(id)).toMatchObject([{ event: event.id, status: 'delivered', attempts: [{ status: 204 }] }]);
  });

  test('keeps its id and its bytes over all attempts; each is signed anew for its own time', async () => {
    const { secret } = await subscribe();
    hub.script.push({ status: 500, body: 'no' });
    const event = happened();
    await hub.tell(event);
    expect(await hub.deliver()).toBe(1);
    const waitS = hub.hidden[0]?.seconds ?? 0;
    expect(waitS).toBeGreaterThan(2); // of 4.5 to 5.5 s, what is left by then
    expect(waitS).toBeLessThanOrEqual(6);

    later(6_000);
    await hub.receive('send', [
      JSON.stringify({ subscription: (await hub.call('list')).json.items[0].id, event: event.id }),
    ]);
    const [first, second] = hub.arrivals as [Arrival, Arrival];
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(second.body).toBe(first.body);
    expect(Number(second.headers['webhook-timestamp'])).toBeGreaterThan(Number(first.headers['webhook-timestamp']));
    expect(() => new StandardWebhook(secret).verify(second.body, second.headers)).not.toThrow();
  });

  test('too large for a row, it comes without its content', async () => {
    await subscribe();
    const data = { model: 'files', id: 'f1', data: 'x'.repeat(300_000) };
    const event = hubEvent('record.created', { tenant: 'acme' }, data, realMoment);
    await hub.tell(event);
    await hub.deliver();
    expect(JSON.parse(hub.arrivals[0]?.body ?? '')).toEqual({ ...event, data: { ...data, data: null } });
  });

  test.each([301, 302, 307, 400, 404, 500])('E-04: %i is a failure, and no redirect is followed', async (status) => {
    const { id } = await subscribe();
    hub.script.push({ status, headers: { location: `${hub.url}/elsewhere` }, body: 'upstream says no' });
    await hub.tell(happened());
    await hub.deliver();
    expect(hub.arrivals).toHaveLength(1);
    expect(await log(id)).toMatchObject([
      { status: 'pending', attempts: [{ status, error: `http_${status}`, answer: 'upstream says no' }] },
    ]);
  });

  test.each([
    ['seconds', '120'],
    ['a date', 'date'],
  ])('E-22: a Retry-After in %s is obeyed by all that goes there', async (_, given) => {
    const { id } = await subscribe();
    const value = given === 'date' ? new Date(Date.now() + 120_000).toUTCString() : given;
    hub.script.push({ status: 429, headers: { 'retry-after': value } });
    await hub.tell(happened());
    await hub.deliver();
    await hub.tell(happened());
    await hub.deliver();
    expect(hub.arrivals).toHaveLength(1);
    for (const { seconds } of hub.hidden) expect(seconds).toBeGreaterThan(100);
    const waiting = await log(id);
    expect(waiting.map(({ status, attempts }) => `${status} ${attempts.length}`).sort()).toEqual([
      'pending 0',
      'pending 1',
    ]);
  });

  test('after five failures in a row one at a time tries, and the others wait', async () => {
    const { id } = await subscribe();
    for (let n = 0; n < 7; n++) hub.script.push({ status: 503 });
    for (let n = 0; n < 5; n++) {
      await hub.tell(happened());
      await hub.deliver();
    }
    for (let n = 0; n < 2; n++) {
      await hub.tell(...Array.from({ length: 4 }, () => happened()));
      await hub.deliver();
      expect(hub.arrivals).toHaveLength(6);
    }
    later(61_000);
    const messages = (await log(id)).map(({ event }) => JSON.stringify({ subscription: id, event }));
    await Promise.all(messages.map((message) => hub.receive('send', [message])));
    expect(hub.arrivals).toHaveLength(7);
  });

  test('one receiver that is down does not hold up another', async () => {
    await subscribe({ url: 'http://127.0.0.1:1/' });
    const { id } = await subscribe();
    await hub.tell(...Array.from({ length: 8 }, () => happened()));
    expect(new Set(hub.queue.map(({ group }) => group)).size).toBe(2);
    await hub.deliver();
    expect((await log(id)).map(({ status }) => status)).toEqual(Array(8).fill('delivered'));
  });

  test('sent by nobody else while one worker has it', async () => {
    const { id } = await subscribe();
    const event = happened();
    await hub.tell(event);
    const message = JSON.stringify({ subscription: id, event: event.id });
    await Promise.all(Array.from({ length: 5 }, () => hub.receive('send', [message])));
    expect(hub.arrivals).toHaveLength(1);
  });
});

describe('a subscription that is disabled', () => {
  test('by a 410: the owner is told, what comes is held, and goes out once it is enabled', async () => {
    const { id } = await subscribe();
    hub.script.push({ status: 410 });
    const [first, second] = [happened(), happened()];
    await hub.tell(first);
    await hub.deliver();
    expect((await hub.call('get', { id })).json).toMatchObject({ enabled: false, reason: 'gone' });
    expect(hub.events).toMatchObject([
      { type: 'subscription.disabled', tenant: '_owner', data: { subscription: id, reason: 'gone' } },
    ]);
    await hub.tell(second);
    await hub.deliver();
    expect(hub.arrivals).toHaveLength(1);
    expect((await log(id)).map(({ status }) => status)).toEqual(['held', 'held']);
    expect((await hub.call('replay', { id, body: { test: true } })).status).toBe(409);

    expect((await hub.call('update', { id, body: { enabled: true } })).json).toMatchObject({ enabled: true });
    await hub.deliver();
    expect(
      hub.arrivals
        .slice(1)
        .map(({ headers }) => headers['webhook-id'])
        .sort(),
    ).toEqual([first.id, second.id].sort());
    expect((await log(id)).map(({ status }) => status)).toEqual(['delivered', 'delivered']);
  });

  test('by five days without one success, not before', async () => {
    const { id } = await subscribe();
    for (let n = 0; n < 3; n++) hub.script.push({ status: 500 });
    await hub.tell(happened());
    await hub.deliver();
    later(5 * 24 * 3_600_000 - 60_000);
    await hub.tell(happened());
    await hub.deliver();
    expect((await hub.call('get', { id })).json.enabled).toBe(true);
    later(61_000);
    await hub.tell(happened());
    await hub.deliver();
    expect((await hub.call('get', { id })).json).toMatchObject({ enabled: false, reason: 'failing' });
  });

  test('by its owner: paused, without a word; one success forgets all failures', async () => {
    const { id } = await subscribe();
    hub.script.push({ status: 500 });
    await hub.tell(happened());
    await hub.deliver();
    expect((await hub.call('get', { id })).json.failingSince).toBeDefined();
    await hub.tell(happened());
    await hub.deliver();
    expect((await hub.call('get', { id })).json.failingSince).toBeUndefined();
    await hub.call('update', { id, body: { enabled: false } });
    expect((await hub.call('get', { id })).json).toMatchObject({ enabled: false, reason: 'paused' });
    expect(hub.events).toEqual([]);
  });
});

describe('what can be sent again', () => {
  test('a test event goes to the one subscription that asks for it', async () => {
    const { id, secret } = await subscribe({ types: ['call.*'] });
    await subscribe();
    const { status, json } = await hub.call('replay', { id });
    expect(status).toBe(202);
    await hub.deliver();
    const [arrival] = hub.arrivals as [Arrival];
    expect(hub.arrivals).toHaveLength(1);
    expect(new StandardWebhook(secret).verify(arrival.body, arrival.headers)).toMatchObject({
      ...{ id: json.event, type: 'subscription.test', tenant: '_owner', data: { subscription: id } },
    });
  });

  test('one event, under its old id; one that is on its way is not', async () => {
    const { id } = await subscribe();
    const event = happened();
    await hub.tell(event);
    expect((await hub.call('replay', { id, body: { event: event.id } })).status).toBe(409);
    await hub.deliver();
    expect((await hub.call('replay', { id, body: { event: event.id } })).status).toBe(202);
    await hub.deliver();
    expect(hub.arrivals.map(({ headers }) => headers['webhook-id'])).toEqual([event.id, event.id]);
    expect((await hub.call('replay', { id, body: { event: 'evt_nobody' } })).status).toBe(404);
  });

  test('all since a time, each once, or those of one status; a tick goes on where the request ended', async () => {
    const { id } = await subscribe();
    await hub.tell(happened());
    await hub.deliver();
    later(10_000);
    const since = new Date().toISOString();
    await hub.tell(happened(), happened());
    await hub.deliver();
    later(1_000);
    expect((await hub.call('replay', { id, body: { since } })).status).toBe(202);
    expect(hub.queue).toHaveLength(2);
    await hub.deliver();
    expect(hub.arrivals).toHaveLength(5);
    await hub.call('replay', { id, body: { since, status: 'exhausted' } });
    expect(hub.queue).toEqual([]);
    later(120_000);
    await hub.tick();
    expect(queuedFor(id)).toEqual([]);
  });

  test('a message that was lost is sent again by the tick, by one of many', async () => {
    const { id } = await subscribe();
    await hub.tell(happened());
    hub.queue.length = 0;
    await hub.tick();
    expect(queuedFor(id)).toEqual([]); // it may still be on its way
    later(11 * 60_000);
    await Promise.all([hub.tick(), hub.tick(), hub.tick()]);
    expect(queuedFor(id)).toHaveLength(1);
    await hub.deliver();
    expect(hub.arrivals).toHaveLength(1);
  });
});

describe('signing keys', () => {
  test('rotate: old and new sign together until the overlap is over', async () => {
    const { id, secret } = await subscribe();
    const rotated = (await hub.call('rotate', { id, body: { overlapS: 3_600 } })).json;
    expect(rotated.secret).not.toBe(secret);
    expect(rotated.keys).toHaveLength(2);
    await hub.tell(happened());
    await hub.deliver();
    const [during] = hub.arrivals as [Arrival];
    expect((during.headers['webhook-signature'] ?? '').split(' ')).toHaveLength(4);
    for (const key of [secret, rotated.secret]) {
      expect(() => new StandardWebhook(key).verify(during.body, during.headers)).not.toThrow();
      expect(() => new SvixWebhook(key).verify(during.body, during.headers)).not.toThrow();
    }
    for (const { publicKey } of rotated.keys) expect(verifiesAsymmetric(during, publicKey)).toBe(true);

    later(3_601_000);
    await hub.tell(happened());
    await hub.deliver();
    const after = hub.arrivals[1] as Arrival;
    expect(() => new StandardWebhook(rotated.secret).verify(after.body, after.headers)).not.toThrow();
    expect(() => new StandardWebhook(secret).verify(after.body, after.headers)).toThrow();
  });

  test('rotate at once: the old ones are dead; too many at a time are refused', async () => {
    const { id, secret } = await subscribe();
    await hub.call('rotate', { id, body: { overlapS: 0 } });
    await hub.tell(happened());
    await hub.deliver();
    const [arrival] = hub.arrivals as [Arrival];
    expect(() => new StandardWebhook(secret).verify(arrival.body, arrival.headers)).toThrow();
    for (let n = 0; n < 4; n++) expect((await hub.call('rotate', { id })).status).toBe(200);
    expect((await hub.call('rotate', { id })).status).toBe(409);
  });

  test('B-15, E-40: no secret in any later answer, in the table of logs, or on the bus', async () => {
    const { id, secret } = await subscribe();
    await hub.tell(happened());
    await hub.deliver();
    const answers = [
      await hub.call('list'),
      await hub.call('get', { id }),
      await hub.call('list-deliveries', { id, query: '' }),
    ];
    const seen = JSON.stringify([answers, hub.output.lines(), hub.events, hub.queue]);
    expect(seen).not.toContain(secret);
    expect(seen).not.toContain(secret.slice('whsec_'.length, -4));
  });
});

describe('the answers', () => {
  test.each([
    'http://example.com/', // not https
    'https://user:secret@example.com/',
    'https://10.0.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::ffff:169.254.169.254]/',
    'https://0xa9fea9fe/',
    'ftp://example.com/',
    'not a url',
  ])('D-19, E-02: %s is no place to send events to', async (url) => {
    const { status, json } = await hub.call('subscribe', { body: { url, types: ['*'] } });
    expect([status, json.code]).toEqual([400, 'invalid_request']);
  });

  test.each([
    { url: 'x' },
    { url: 'https://example.com', types: [] },
    { url: 'https://example.com', types: ['contact.created'] },
    { url: 'https://example.com', types: ['*'], tenants: [] },
    { url: 'https://example.com', types: ['*'], perSecond: 0 },
    { url: 'https://example.com', types: ['*'], secret: 'mine' },
  ])('A-54: %j is refused', async (body) => {
    expect((await hub.call('subscribe', { body })).status).toBe(400);
  });

  test.each([
    {},
    { test: false },
    { test: true, event: 'evt_1' },
    { since: 'yesterday' },
    { test: true, status: 'held' },
  ])('a replay of %j is refused', async (body) => {
    const { id } = await subscribe();
    expect((await hub.call('replay', { id, body })).status).toBe(400);
  });

  test('A-50: all of it is the operator’s; a tenant key may read the types of events', async () => {
    const principal = { kind: 'tenant', tenantId: 'acme' };
    for (const verb of operatorRoutes) {
      expect((await hub.call(verb, { principal })).status, verb).toBe(403);
      expect((await hub.call(verb, { principal: { kind: 'unknown' } })).status, verb).toBe(401);
    }
    const { status, json } = await hub.call('event-types', { principal });
    expect(status).toBe(200);
    expect(json.version).toBe(1);
    expect(json.items).toContainEqual({
      type: 'connection.needs_reauth',
      says: expect.any(String),
      schema: expect.objectContaining({ type: 'object', required: ['reason'] }),
      example: { reason: 'revoked' },
    });
  });

  test('A-52: one that is not there is not found, by every route', async () => {
    for (const verb of ['get', 'update', 'remove', 'rotate', 'replay', 'list-deliveries'] as const) {
      expect((await hub.call(verb)).status, verb).toBe(404);
    }
  });

  test('a list goes on where its page ended', async () => {
    const made = [await subscribe(), await subscribe(), await subscribe()];
    const first = (await hub.call('list', { query: 'limit=2' })).json;
    const rest = (await hub.call('list', { query: `limit=2&cursor=${first.cursor}` })).json;
    expect([...first.items, ...rest.items].map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
    expect(rest.cursor).toBeUndefined();
  });

  test('a changed subscription is sent to where it is by then', async () => {
    const { id, ...made } = await subscribe({ tenants: ['rival'] });
    expect(made).toMatchObject({
      url: `${hub.url}/hook`,
      types: ['*'],
      tenants: ['rival'],
      perSecond: 50,
      enabled: true,
    });
    const { status, json } = await hub.call('update', {
      id,
      body: { url: `${hub.url}/new`, types: ['call.*'], tenants: null, perSecond: 5 },
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({ url: `${hub.url}/new`, types: ['call.*'], perSecond: 5 });
    expect(json).not.toHaveProperty('tenants');
    expect((await hub.call('update', { id, body: { url: 'https://10.0.0.1/' } })).status).toBe(400);
    await hub.tell(happened());
    await hub.deliver();
    expect(hub.arrivals.map(({ path }) => path)).toEqual(['/new']);
  });
});

describe('what goes', () => {
  test('a deleted subscription is sent nothing, not even what was on its way', async () => {
    const { id } = await subscribe();
    await hub.tell(happened());
    await hub.call('remove', { id });
    expect(await hub.deliver()).toBe(0);
    expect(hub.arrivals).toEqual([]);
  });

  test('an erased tenant leaves no event behind but the news of it', async () => {
    const { id } = await subscribe();
    const removed = hubEvent('tenant.removed', { tenant: 'gone' }, {}, realMoment);
    await hub.tell(happened('gone'), happened('acme'), removed);
    await hub.clear('gone');
    await hub.deliver();
    expect(hub.arrivals.map(({ body }) => `${JSON.parse(body).tenant} ${JSON.parse(body).type}`).sort()).toEqual([
      'acme call.succeeded',
      'gone tenant.removed',
    ]);
    expect(await log(id)).toHaveLength(2);
  });

  test('G.3: what was told of a tenant before its erasure, and comes after it, leaves nothing; a new tenant of its id is heard', async () => {
    const { id } = await subscribe();
    const [before, again] = [happened('late'), happened('late')];
    await hub.tell(again);
    const removed = hubEvent('tenant.removed', { tenant: 'late' }, {}, realMoment);
    await hub.clear('late');
    expect(await hub.tell(before, again, removed)).toEqual([]);
    expect((await hub.rows('events#late')).map(({ sk }) => sk).sort()).toEqual([removed.id, 'x-erased']);
    expect((await log(id)).map(({ event }) => event)).toEqual([removed.id]);
    later(1_000);
    await hub.tell(happened('late'));
    await hub.deliver();
    expect(hub.arrivals.map(({ body }) => JSON.parse(body).type).sort()).toEqual(['call.succeeded', 'tenant.removed']);
    await hub.clear('late', removed.time); // once more, as the bus may bring it
    expect(await hub.rows('events#late')).toHaveLength(3);
  });
});
