import { afterAll, beforeAll, expect, test } from 'vitest';
import type { handler as Handler } from '../../../functions/connections/create-session.ts';
import { type ConnectWorld, context, HUB, RETURN_URL, startConnectWorld } from '../../support/connect-world.ts';
import { readEvent } from '../../support/samples.ts';

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld();
});
afterAll(() => world.stop());

const wish = { provider: 'demo', endUser: 'ada@acme.example', returnUrl: RETURN_URL };

test('the sample event makes a session', async () => {
  const { handler }: { handler: typeof Handler } = await import('../../../functions/connections/create-session.ts');
  const event = readEvent('connections/create-session') as Parameters<typeof handler>[0];
  const answer = await handler(event, context);
  expect(answer.statusCode).toBe(201);
});

test('answers with id, link and expiry; the row holds only the link’s hash (A-24)', async () => {
  const before = Date.now();
  const { status, json } = await world.createSession(wish);
  expect(status).toBe(201);
  expect(Object.keys(json)).toEqual(['id', 'url', 'expiresAt']);
  expect(json.url).toMatch(new RegExp(`^${HUB}/connect/${json.id}\\.[A-Za-z0-9_-]{43}$`));
  expect(Date.parse(json.expiresAt) - before).toBeLessThanOrEqual(15 * 60_000 + 5_000);
  const row = await world.row(json.id);
  expect(row).toMatchObject({
    tenantId: 'acme',
    name: 'default',
    scopes: ['openid', 'offline_access', 'contacts'],
    status: 'created',
  });
  expect(JSON.stringify(row)).not.toContain(json.url.split('.').at(-1));
});

test('asks for what the provider cannot do without, whatever the session says', async () => {
  world.secrets['patchbay/local/google'] = { clientId: 'client-1', clientSecret: 'made-up' };
  const calendar = 'https://www.googleapis.com/auth/calendar.readonly';
  const { json } = await world.createSession({ ...wish, provider: 'google', scopes: [calendar, 'email'] });
  expect(await world.row(json.id)).toMatchObject({ scopes: ['openid', 'email', calendar] });
});

test('asks again for what was granted before: more scopes never take any away', async () => {
  const granted = { pk: 'acme', sk: 'demo#grown', scopes: ['contacts', 'invoices'] };
  await world.connections.put({
    ...granted,
    tenantId: 'acme',
    provider: 'demo',
    name: 'grown',
    status: 'needs_reauth',
  });
  const { json } = await world.createSession({ ...wish, name: 'grown', scopes: ['contacts', 'orders'] });
  expect(await world.row(json.id)).toMatchObject({ scopes: ['contacts', 'invoices', 'orders'] });
});

test.each([
  ['an unknown provider, naming the choices', { provider: 'nobody' }, 400, 'it has demo, '],
  ['a provider named like a property', { provider: 'constructor' }, 400, 'it has demo, '],
  ['no end user', { endUser: ' ' }, 400, 'endUser'],
  ['an end user with direction characters (A-40)', { endUser: 'ada\u202eevil' }, 400, 'endUser'],
  ['a scope with a space', { scopes: ['a b'] }, 400, 'scopes'],
  ['an unknown field (A-54)', { tenantId: 'globex' }, 400, 'tenantId'],
  ['a status of its own (A-54)', { status: 'ready' }, 400, 'status'],
])('refuses %s', async (_name, change, status, detail) => {
  const reply = await world.createSession({ ...wish, ...change });
  expect([reply.status, reply.json.code]).toEqual([status, 'invalid_request']);
  expect(reply.json.detail).toContain(detail);
});

test.each([
  'http://app.example.com/connected',
  '//app.example.com/connected',
  '/\\app.example.com/connected',
  'https:app.example.com/connected',
  'https://good@app.example.com/connected',
  'https://app.example.com@evil.example/connected',
  'https://evil.app.example.com/connected',
  'https://app.example.com.evil.example/connected',
  'https://app.example.com./connected',
  'https://app.example.com:444/connected',
  'https://app.example.com/connected/',
  'https://app.example.com/connected/../admin',
  'https://app.example.com/connected%2f..%2fadmin',
  'https://app.example.com/%2e%2e/connected',
  'https://app.example.com/connected#x',
  'https://app.example.com/connected?x=1',
  'https://app.example.com/conn\tected',
  'https://app.example.com/connected\n',
  ' https://app.example.com/connected',
  'javascript:alert(1)',
  'data:text/html,x',
  'HTTPS://app.example.com/connected',
  'https://APP.example.com/connected',
  'https://xn--pp-5ka.example.com/connected',
  'https://аpp.example.com/connected',
  'https://app．example．com/connected',
  'https:\\\\app.example.com\\connected',
  'https://app.example.com/%2563onnected',
  '',
])('refuses a return URL that is not registered to the letter (A-10): %j', async (returnUrl) => {
  const reply = await world.createSession({ ...wish, returnUrl });
  expect([reply.status, reply.json.code]).toEqual([400, 'invalid_request']);
});

test('a tenant that does not exist, and one of another key, are both 404', async () => {
  expect((await world.createSession(wish, 'nobody')).json.code).toBe('not_found');
  const foreign = await world.ask('create-session', {
    path: { tenant: 'acme' },
    method: 'POST',
    body: JSON.stringify(wish),
    headers: { 'content-type': 'application/json' },
    principal: { kind: 'tenant', tenantId: 'globex' },
  });
  expect(foreign.status).toBe(404);
});

test('a provider without the owner’s app says what to do, 409', async () => {
  const kept = world.secrets['patchbay/local/github'];
  world.secrets['patchbay/local/github'] = { clientId: 'only' };
  const { status, json } = await world.createSession({ ...wish, provider: 'github' });
  world.secrets['patchbay/local/github'] = kept;
  expect([status, json.code]).toEqual([409, 'not_configured']);
  expect(json.detail).toContain('GitHub');
});
