import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openBrowser } from '../../infra/local/demo/browser.ts';
import { until } from '../../infra/local/demo/tour/scene.ts';
import { type Body, openScene, RETURN_URL, type Scene, type Tenant } from './scene.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let scene: Scene;
let acme: Tenant;
let rival: Tenant;
beforeAll(async () => {
  scene = await openScene();
  [acme, rival] = await Promise.all([scene.tenant('acme'), scene.tenant('rival')]);
  await scene.connect(acme);
});
afterAll(() => scene.stop());
beforeEach(() => scene.rehearse('/_reset'));

const call = (body: object, headers: Record<string, string> = {}) =>
  scene.ask(`POST ${acme.path}/connections/demo/calls`, { key: acme.key, body, headers });
const contact = (name: string) => ({ action: 'contacts.create', input: { name, email: 'x@people.example' } });
const me = { request: { method: 'GET', path: '/me' } };

const ended = (id: string, withinMs = 30_000): Promise<Body> =>
  until(async () => {
    const { body } = await scene.ask(`GET ${acme.path}/calls/${id}`, { key: acme.key });
    return ['succeeded', 'failed', 'outcome_unknown', 'expired'].includes(body.status) && body;
  }, withinMs);
const statuses = ({ attempts }: Body) => attempts.map(({ status }) => status);

describe('connect', () => {
  test('a confirmed connection is active under the account it was made with, and shows no credential', async () => {
    const { status, body } = await scene.ask(`GET ${acme.path}/connections/demo`, { key: acme.key });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      provider: 'demo',
      status: 'active',
      account: { id: 'acc_ada', name: 'Ada Lovelace' },
    });
    expect(JSON.stringify(body)).not.toMatch(/token|sealed|secret/i);
  });

  test('what is not confirmed does not exist, and the same confirm again answers the same', async () => {
    const session = await scene.beginSession(acme, { name: 'second' });
    const { answer } = await scene.goThrough(session.body.url, 'Grace Hopper');
    expect((await scene.ask(`GET ${acme.path}/connections/demo:second`, { key: acme.key })).status).toBe(404);

    const confirm = `POST ${acme.path}/connect-sessions/${session.body.id}/confirm` as const;
    const body = { ticket: answer.get('ticket'), endUser: 'ada@acme.example' };
    const first = await scene.ask(confirm, { key: acme.key, body });
    expect(first).toMatchObject({ status: 200, body: { name: 'second', account: { id: 'acc_grace' } } });
    expect(await scene.ask(confirm, { key: acme.key, body })).toEqual(first);
  });

  test('denying comes back with error=denied and leaves nothing to confirm', async () => {
    const session = await scene.beginSession(acme, { name: 'denied' });
    const { answer } = await scene.goThrough(session.body.url, 'Ada Lovelace', 'Deny');
    expect(Object.fromEntries(answer)).toEqual({ session: session.body.id, error: 'denied' });
  });

  test('a link completed by another person confirms for nobody (A-33)', async () => {
    const session = await scene.beginSession(acme, { name: 'victim' });
    const { answer } = await scene.goThrough(session.body.url, 'Grace Hopper');
    const ticket = answer.get('ticket');
    const confirm = `POST ${acme.path}/connect-sessions/${session.body.id}/confirm` as const;
    const asBob = await scene.ask(confirm, { key: acme.key, body: { ticket, endUser: 'bob@acme.example' } });
    expect(asBob).toMatchObject({ status: 404, body: { code: 'not_found' } });
    const asAda = await scene.ask(confirm, { key: acme.key, body: { ticket, endUser: 'ada@acme.example' } });
    expect(asAda.status).not.toBe(200);
    expect((await scene.ask(`GET ${acme.path}/connections/demo:victim`, { key: acme.key })).status).toBe(404);
  });

  test('a callback replayed, in another browser, or with a foreign state, is a plain page and no token request', async () => {
    const session = await scene.beginSession(acme, { name: 'replayed' });
    const browser = openBrowser();
    const hosted = await browser.visit(session.body.url);
    const callback = `${scene.hub.url}/oauth/demo/callback`;
    const signIn = await browser.press(hosted, 'Continue');
    const back = await browser.press(await browser.press(signIn, 'Ada Lovelace'), 'Allow', { stopAt: callback });

    const stranger = await openBrowser().visit(back.url, {}, { stopAt: RETURN_URL });
    expect(stranger.status).toBeGreaterThanOrEqual(400);
    const swapped = new URL(back.url);
    swapped.searchParams.set('state', `${swapped.searchParams.get('state')?.slice(0, -4)}AAAA`);
    expect((await browser.visit(swapped.href, {}, { stopAt: RETURN_URL })).status).toBeGreaterThanOrEqual(400);
    const good = await browser.visit(back.url, {}, { stopAt: RETURN_URL });
    expect(new URL(good.url).searchParams.get('ticket')).toBeTruthy();
    const again = await browser.visit(back.url, {}, { stopAt: RETURN_URL });
    expect(again.status).toBeGreaterThanOrEqual(400);
    expect(again.text).not.toContain('ticket');
  });

  test('hosted pages may not be framed, cached or scripted (A-11)', async () => {
    const session = await scene.beginSession(acme, { name: 'headers' });
    for (const url of [session.body.url, `${scene.hub.url}/connect/nothing`, `${scene.hub.url}/oauth/demo/callback`]) {
      const { headers, html } = await openBrowser().visit(url);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(html).not.toContain('<script');
    }
  });
});

describe('calls', () => {
  test('a sync call answers at once; one idempotency key makes one contact, for another body it is refused', async () => {
    const headers = { 'idempotency-key': 'order-7' };
    const first = await call(contact('Once'), headers);
    expect(first).toMatchObject({ status: 200, body: { status: 'succeeded', result: { name: 'Once' } } });
    expect((await call(contact('Once'), headers)).body.id).toBe(first.body.id);
    expect(await call(contact('Other'), headers)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_mismatch' },
    });
    expect((await scene.arrivals()).filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test('an async call is queued, run by the worker, and told to the bus', async () => {
    const { status, body } = await call({ ...contact('Later'), mode: 'async' });
    expect([status, body.status]).toEqual([202, 'queued']);
    expect(statuses(await ended(body.id))).toEqual([201]);
    await until(async () => scene.hub.busEvents().some((event) => JSON.stringify(event).includes(body.id)));
  });

  test('an expired token is refreshed once, inside the same attempt', async () => {
    await scene.rehearse('/_expire');
    const { status, body } = await call(me);
    expect([status, body.status, body.attempts.length]).toEqual([200, 'succeeded', 1]);
    expect((await scene.arrivals()).map((each) => each.status)).toEqual([401, 200]);
  });

  test('twenty callers that meet an expired token never use a refresh token twice: that would end the grant', async () => {
    await scene.rehearse('/_expire');
    const answers = await Promise.all(Array.from({ length: 20 }, () => call(me)));
    for (const { body } of answers) if (body.status !== 'succeeded') await ended(body.id);
    const { body } = await scene.ask(`GET ${acme.path}/connections/demo`, { key: acme.key });
    expect(body.status).toBe('active');
    expect((await call(me)).body.status).toBe('succeeded');
  });

  test('a 429 is waited out in full, a 500 is tried again', async () => {
    await scene.rehearse('/_faults', { status: 429, retryAfterS: 2, path: '/contacts' });
    const limited = await ended((await call(contact('Patient'))).body.id);
    expect(statuses(limited)).toEqual([429, 201]);
    const [first, second] = limited.attempts.map(({ at }) => Date.parse(at));
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(2_000);

    await scene.rehearse('/_faults', { status: 500, path: '/contacts' });
    expect(statuses(await ended((await call(contact('Twice'))).body.id))).toEqual([500, 201]);
  });

  test('a call whose provider stays broken is failed, with every attempt on record', async () => {
    await scene.rehearse('/_faults', { status: 503, path: '/contacts', times: 1_000 });
    const { body } = await call({ ...contact('Never'), mode: 'async' });
    const failed = await ended(body.id, 60_000);
    expect(failed.status).toBe('failed');
    expect(statuses(failed)).toEqual([503, 503, 503, 503, 503]);
  });
});

describe('tenants apart (A-50, A-52)', () => {
  const routes = [
    'GET',
    'GET /connections',
    'GET /connections/demo',
    'DELETE /connections/demo',
    'GET /calls',
    'GET /events',
    'GET /records/demo/contacts',
    'GET /connections/demo/syncs',
    'POST /connections/demo/calls',
    'POST /connect-sessions',
  ] as const;

  test.each(routes)("another tenant's %s answers exactly like one of a tenant that does not exist", async (route) => {
    const [method = '', rest = ''] = route.split(' ');
    const asked = (tenant: string) =>
      scene.ask(`${method} /v1/tenants/${tenant}${rest}` as 'GET /', {
        key: rival.key,
        ...(method === 'POST' && { body: me }),
      });
    const foreign = await asked('acme');
    const missing = await asked('nobody');
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, requestId: '' }).toEqual({ ...missing.body, requestId: '' });
  });

  test("another tenant's call is not found under one's own path", async () => {
    const { body } = await call(me);
    const foreign = await scene.ask(`GET ${rival.path}/calls/${body.id}`, { key: rival.key });
    const missing = await scene.ask(`GET ${rival.path}/calls/call_00000000000000000000000000`, { key: rival.key });
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, requestId: '' }).toEqual({ ...missing.body, requestId: '' });
  });

  test('no key, malformed, forged and revoked keys get the same 401', async () => {
    const { body } = await scene.ask(`POST ${rival.path}/keys`, { key: scene.hub.operatorKey, body: {} });
    const good = await scene.ask(`GET ${rival.path}`, { key: body.key });
    expect(good.status).toBe(200);
    await scene.ask(`DELETE ${rival.path}/keys/${body.id}`, { key: scene.hub.operatorKey });
    for (const key of [undefined, 'nonsense', `${rival.key.slice(0, -3)}abc`, body.key]) {
      expect(await scene.ask(`GET ${rival.path}`, { key })).toMatchObject({
        status: 401,
        type: 'application/problem+json',
        body: { code: 'unauthenticated' },
      });
    }
  });
});

describe('bad input', () => {
  const sessions = () => `POST ${acme.path}/connect-sessions` as const;
  const wish = { provider: 'demo', endUser: 'ada@acme.example', returnUrl: RETURN_URL };
  const json = { 'content-type': 'application/json' };

  const cases: [string, () => Parameters<Scene['ask']>, number, string][] = [
    ['malformed JSON', () => [sessions(), { body: '{"provider":' }], 400, 'invalid_request'],
    ['an unknown field', () => [sessions(), { body: { ...wish, admin: true } }], 400, 'invalid_request'],
    ['an unknown provider', () => [sessions(), { body: { ...wish, provider: 'nowhere' } }], 400, 'invalid_request'],
    ['an unregistered return URL', () => [sessions(), { body: { ...wish, returnUrl: `${RETURN_URL}/` } }], 400, 'invalid_request'],
    ['a body that is no JSON', () => [sessions(), { body: 'a=b', headers: { 'content-type': 'text/plain' } }], 415, 'unsupported_media_type'],
    ['an oversize body', () => [sessions(), { body: JSON.stringify({ a: 'x'.repeat(1_100_000) }), headers: json }], 413, 'payload_too_large'],
    ['an unknown session', () => [`POST ${acme.path}/connect-sessions/cs_none/confirm`, { body: { ticket: 't', endUser: 'a' } }], 404, 'not_found'],
    ['an unknown connection', () => [`POST ${acme.path}/connections/slack/calls`, { body: me }], 404, 'not_found'],
    ['an unknown action', () => [`POST ${acme.path}/connections/demo/calls`, { body: { action: 'launch', input: {} } }], 400, 'invalid_request'],
    ['input an action does not take', () => [`POST ${acme.path}/connections/demo/calls`, { body: { action: 'contacts.create', input: { name: 7 } } }], 400, 'invalid_request'],
    ['two ways to call at once', () => [`POST ${acme.path}/connections/demo/calls`, { body: { ...me, ...contact('x') } }], 400, 'invalid_request'],
    ["a path that leaves the provider's API", () => [`POST ${acme.path}/connections/demo/calls`, { body: { request: { method: 'GET', path: '//evil.example/me' } } }], 400, 'invalid_request'],
    ['a cursor that is none', () => [`GET ${acme.path}/calls?cursor=AAAA`, {}], 400, 'invalid_request'],
    ['an unknown query parameter', () => [`GET ${acme.path}/connections?all=1`, {}], 400, 'invalid_request'],
  ]; // biome-ignore format: a table

  test.each(cases)(
    '%s is a problem with a code; nothing is written, nothing is an error in the log',
    async (_, request, status, code) => {
      const before = { errors: scene.errors().length, writes: writes() };
      const [route, more] = request();
      const answer = await scene.ask(route, { key: acme.key, ...more });
      expect(answer).toMatchObject({ status, type: 'application/problem+json', body: { code } });
      expect(answer.body.detail).toBeTruthy();
      expect(writes()).toBe(before.writes);
      expect(scene.errors().length).toBe(before.errors);
      expect(await scene.arrivals()).toEqual([]);
    },
  );

  /** But for the audit log: whose key it is learns that something was tried with it. */
  const writes = () =>
    scene.hub
      .awsCalls()
      .filter(({ action, resource }) => /^(Put|Update|Delete|Send|Publish)/.test(action) && !/activity/.test(resource))
      .length;

  test('an unknown route is a 404', async () => {
    expect((await scene.ask('GET /v2/anything', { key: acme.key })).status).toBe(404);
  });
});

test('after all of this no function has logged an error', () => {
  expect(scene.errors()).toEqual([]);
});
