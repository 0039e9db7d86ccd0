import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type DemoProvider, startDemoProvider } from '../../../infra/local/demo/provider.ts';
import { noMocks, openAttempts } from '../../../shared/calls/attempt.ts';
import type { LimitStore } from '../../../shared/calls/limit-store.ts';
import { openCredentials } from '../../../shared/connections/credential.ts';
import { portsFromEnv } from '../../../shared/connections/ports.ts';
import { realMoment } from '../../../shared/core/clock.ts';
import type { InboundResponse, OutboundRequest, Send } from '../../../shared/core/fetch.ts';
import { type ConnectionId, TenantId } from '../../../shared/core/ids.ts';
import { dueShard } from '../../../shared/core/keys.ts';
import { ok } from '../../../shared/core/result.ts';
import { type ConnectWorld, context, RETURN_URL, startConnectWorld, ticketOf } from '../../support/connect-world.ts';
import { readEvent } from '../../support/samples.ts';

// Every kind of credential through the exported handlers, against the demo provider's own servers.

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;
const acme = TenantId.parse('acme');
const password = 'made-up-password';
const given = {
  api_key: { apiKey: 'demo-key-ada' },
  basic: { email: 'ada@analytical.example', password },
  password: { username: 'ada@analytical.example', password },
  client_credentials: { clientId: 'client-ada', clientSecret: 'made-up-client-secret' },
  app_jwt: { installationId: '1001' },
} as const;
type Kind = keyof typeof given;
const kinds = Object.keys(given) as Kind[];
const minted = ['password', 'client_credentials', 'app_jwt'] as const;

let world: ConnectWorld;
let demo: DemoProvider;
let ports: ReturnType<typeof portsFromEnv>;
let create: Handler;
let remove: Handler;
/** What went to the provider from the use of credentials, and what is answered in its stead. */
const sent: OutboundRequest[] = [];
let instead: ((request: OutboundRequest) => Partial<InboundResponse> | undefined) | undefined;

beforeAll(async () => {
  [world, demo] = await Promise.all([startConnectWorld(), startDemoProvider()]);
  world.secrets['patchbay/local/demo'] = demo.providers.demo;
  const { connections: CONNECTIONS_TABLE, 'tenant-keys': TENANT_KEYS_TABLE } = world.dynamo.tables;
  const tables = { CONNECTIONS_TABLE: String(CONNECTIONS_TABLE), TENANT_KEYS_TABLE: String(TENANT_KEYS_TABLE) };
  const names = { PROVIDER_SECRETS: 'patchbay/local/', VAULT_KEY_ID: 'vault-key', BUS_NAME: 'hub' };
  const real = portsFromEnv({ STAGE: 'local', ...names, ...tables });
  const send: Send = async (request) => {
    sent.push(request);
    const answer = instead?.(request);
    return answer ? ok({ status: 200, headers: {}, body: Buffer.alloc(0), ...answer }) : real.send(request);
  };
  ports = { ...real, send };
  create = (await import('../../../functions/connections/create.ts')).handler as Handler;
  remove = (await import('../../../functions/connections/remove.ts')).handler as Handler;
});
afterAll(() => Promise.all([world.stop(), demo.stop()]));
afterEach(() => {
  sent.length = 0;
  instead = undefined;
});

async function post(body: unknown, kind: 'operator' | 'tenant' = 'operator') {
  const event = readEvent('connections/create') as APIGatewayProxyEventV2;
  const lambda = kind === 'operator' ? { kind } : { kind, tenantId: 'acme' };
  const requestContext = { ...event.requestContext, authorizer: { lambda } };
  const answer = await create({ ...event, requestContext, body: JSON.stringify(body) } as typeof event, context);
  return { status: answer.statusCode, json: JSON.parse(answer.body ?? '') };
}
const connect = (kind: Kind, name: string, fields: Record<string, string> = given[kind]) =>
  post({ provider: 'demo', name, credential: { kind, ...fields } });
const idOf = (name: string): ConnectionId => ({ provider: 'demo', name });
const rowOf = (name: string) => ports.store.forTenant(acme).get(idOf(name));

/** One call, as the calls make it. */
async function me(name: string, path = '/me') {
  const limits = {
    take: async () => ({ waitMs: 0 }),
    block: async () => {},
    note: async () => {},
  } as unknown as LimitStore;
  const { readApp, send } = ports;
  const attempts = openAttempts({
    mocks: noMocks,
    credentials: openCredentials(ports),
    limits,
    send,
    readApp,
    stage: 'local',
  });
  const request = { method: 'GET', path } as const;
  const job = {
    tenantId: acme,
    id: idOf(name),
    request,
    effect: 'read',
    timeoutMs: 10_000,
    lane: 'interactive',
  } as const;
  return attempts.attempt(job, realMoment);
}
const mints = () => sent.filter(({ url }) => /\/tokens$/.test(url));
const expire = () => fetch(`${demo.apiUrl}/_expire`, { method: 'POST' });

test('the sample event connects with an API key', async () => {
  const answer = await create(readEvent('connections/create') as APIGatewayProxyEventV2, context);
  expect(answer.statusCode).toBe(201);
  expect(JSON.parse(answer.body ?? '')).toMatchObject({
    provider: 'demo',
    name: 'keyed',
    status: 'active',
    scopes: [],
  });
});

describe.each(kinds)('%s', (kind) => {
  test('is tried, sealed and used; no secret is in the row or the answer (B-15)', async () => {
    const { status, json } = await connect(kind, `use-${kind}`);
    expect(status).toBe(201);
    expect(json).toMatchObject({
      provider: 'demo',
      status: 'active',
      account: { id: 'acc_ada', name: 'Ada Lovelace' },
    });
    const row = await rowOf(`use-${kind}`);
    expect(row).toMatchObject({ kind, status: 'active' });
    for (const secret of [password, 'demo-key-ada', 'made-up-client-secret']) {
      expect(JSON.stringify([row, json])).not.toContain(secret);
    }
    expect(await me(`use-${kind}`)).toMatchObject({ kind: 'succeeded', body: { id: 'acc_ada' } });
    expect(JSON.stringify(world.events.at(-1))).toContain('connection.activated');
  });

  test('is disconnected: nothing is left', async () => {
    await connect(kind, `end-${kind}`);
    const event = readEvent('connections/remove') as APIGatewayProxyEventV2;
    const answer = await remove(
      { ...event, pathParameters: { tenant: 'acme', connection: `demo:end-${kind}` } },
      context,
    );
    expect(JSON.parse(answer.body ?? '')).toMatchObject({ status: 'revoked' });
    expect(await rowOf(`end-${kind}`)).toBeUndefined();
  });
});

describe.each(minted)('a token of %s', (kind) => {
  test('that the provider refuses is minted again, once, and the call goes through (C-12)', async () => {
    await connect(kind, `again-${kind}`);
    const before = await rowOf(`again-${kind}`);
    await expire();
    expect(await me(`again-${kind}`)).toMatchObject({ kind: 'succeeded' });
    expect(mints()).toHaveLength(1);
    expect((await rowOf(`again-${kind}`))?.generation).toBeGreaterThan(before?.generation ?? Number.POSITIVE_INFINITY);
  });

  test('is minted once for 50 callers at its end, under the lease (C-01)', async () => {
    await connect(kind, `many-${kind}`);
    await expire();
    const row = await rowOf(`many-${kind}`);
    const credentials = openCredentials(ports);
    const options = { refusedGeneration: row?.generation };
    const all = await Promise.all(
      Array.from({ length: 50 }, () => credentials.live(acme, idOf(`many-${kind}`), options)),
    );
    expect(all.every(({ ok }) => ok)).toBe(true);
    expect(mints()).toHaveLength(1);
  });

  test('while the provider is down: the connection stays as it is', async () => {
    await connect(kind, `down-${kind}`);
    await expire();
    instead = ({ url }) => (url.endsWith('/tokens') ? { status: 500 } : undefined);
    expect(await me(`down-${kind}`)).toMatchObject({ kind: 'retry' });
    expect(await rowOf(`down-${kind}`)).toMatchObject({ status: 'active' });
  });

  test('lives as long as the provider says, and is refreshed at about 80 % of that', async () => {
    await connect(kind, `life-${kind}`);
    const { expiresAtMs = 0, refreshAtMs = 0, updatedAtMs } = (await rowOf(`life-${kind}`)) ?? { updatedAtMs: 0 };
    expect(Math.abs(expiresAtMs - updatedAtMs - 3_600_000)).toBeLessThan(10_000);
    expect((refreshAtMs - updatedAtMs) / (expiresAtMs - updatedAtMs)).toBeGreaterThan(0.7);
    expect(await ports.store.due(dueShard(`acme#demo#life-${kind}`), Number.MAX_SAFE_INTEGER)).toEqual([]); // by use alone
  });
});

describe('what is no longer accepted', () => {
  test.each([
    ['password', 400, { error: 'invalid_grant' }],
    ['password', 401, {}],
    ['client_credentials', 401, { error: 'invalid_client' }],
    ['app_jwt', 404, { error: { code: 'not_found' } }],
  ] as const)('%s, %d: the connection needs to be authorized again', async (kind, status, json) => {
    const name = `gone-${kind}-${status}`;
    await connect(kind, name);
    await expire();
    const body = Buffer.from(JSON.stringify(json));
    instead = ({ url }) => (url.endsWith('/tokens') ? { status, body } : undefined);
    expect(await me(name)).toMatchObject({ kind: 'failed', error: { code: 'needs_reauth' } });
    const row = await rowOf(name);
    expect(row).toMatchObject({ status: 'needs_reauth', reason: 'credentials_refused' });
    expect(row).not.toHaveProperty('sealed');
  });

  test('app_jwt, 401: the owner’s key is wrong, the connection stays', async () => {
    await connect('app_jwt', 'key-wrong');
    await expire();
    instead = ({ url }) => (url.endsWith('/tokens') ? { status: 401 } : undefined);
    expect(await me('key-wrong')).toMatchObject({ kind: 'failed', error: { code: 'not_configured' } });
    expect(await rowOf('key-wrong')).toMatchObject({ status: 'active' });
  });

  test.each(['api_key', 'basic'] as const)('%s, 401 on a call: there is no other, so it ends', async (kind) => {
    await connect(kind, `refused-${kind}`);
    instead = () => ({ status: 401, body: Buffer.from('{}') });
    expect(await me(`refused-${kind}`)).toMatchObject({ kind: 'failed', error: { code: 'needs_reauth' } });
    expect(await rowOf(`refused-${kind}`)).toMatchObject({ status: 'needs_reauth', reason: 'token_refused' });
  });

  test.each([
    ['takes the credential', 200, { kind: 'failed', error: { status: 401 } }],
    ['cannot be asked', 503, { kind: 'retry', error: { code: 'provider_unavailable' } }],
    ['asks for patience', 429, { kind: 'retry', error: { code: 'provider_unavailable' } }],
    ['says nothing of use', 404, { kind: 'retry', error: { code: 'provider_unavailable' } }],
  ])('api_key, 401 on a call, where the provider %s: the connection stays (C-04)', async (_what, status, outcome) => {
    const name = `refused-once-${status}`;
    await connect('api_key', name);
    sent.length = 0;
    instead = ({ url }) => ({ status: url.endsWith('/me') ? status : 401, body: Buffer.from('{}') });
    expect(await me(name, '/contacts')).toMatchObject(outcome);
    expect(sent.map(({ url }) => new URL(url).pathname.split('/').pop())).toEqual(['contacts', 'me']);
    instead = undefined;
    expect(await me(name)).toMatchObject({ kind: 'succeeded' });
    expect(await rowOf(name)).toMatchObject({ status: 'active', version: 1 });
  });
});

describe('what the backend may not', () => {
  const wish = (credential: object, name = 'default') => ({ provider: 'demo', name, credential });

  test.each([
    ['a kind the provider has not', { kind: 'sigv4', a: 'b' }, 400, 'is connected by oauth2, api_key, basic'],
    ['no kind', { apiKey: 'demo-key-ada' }, 400, 'credential'],
    [
      'a missing field',
      { kind: 'basic', email: 'ada@analytical.example' },
      400,
      'credential.password: Enter the Password',
    ],
    [
      'a strange field',
      { kind: 'api_key', apiKey: 'demo-key-ada', host: 'evil.example' },
      400,
      'has these fields: apiKey',
    ],
    ['a value out of its pattern', { kind: 'api_key', apiKey: 'Demo Key' }, 400, 'This cannot be the API key'],
    [
      'a wrong password',
      { kind: 'password', username: 'ada@analytical.example', password: 'no' },
      400,
      'does not accept it',
    ],
    ['an installation there is not', { kind: 'app_jwt', installationId: '7' }, 400, 'does not accept it'],
    ['an expired token', { kind: 'oauth2', accessToken: 'x', expiresAt: '2020-01-01T00:00:00Z' }, 400, 'accept'],
  ])('%s', async (_name, credential, status, detail) => {
    const reply = await post(wish(credential, 'refused'));
    expect([reply.status, reply.json.code]).toEqual([status, 'invalid_request']);
    expect(reply.json.detail).toContain(detail);
    expect(JSON.stringify(reply.json)).not.toContain('Demo Key');
    expect(await rowOf('refused')).toBeUndefined();
  });

  test('a tenant’s key cannot open any installation of the owner’s app by its number (A-50)', async () => {
    const reply = await post(wish({ kind: 'app_jwt', installationId: '1002' }, 'taken'), 'tenant');
    expect([reply.status, reply.json.code]).toEqual([403, 'forbidden']);
    expect(await rowOf('taken')).toBeUndefined();
  });

  test('another account in the place of the one that is connected; the same one renews it', async () => {
    await connect('api_key', 'one');
    const before = await rowOf('one');
    const other = await connect('api_key', 'one', { apiKey: 'demo-key-grace' });
    expect([other.status, other.json.code]).toEqual([409, 'account_mismatch']);
    expect(await rowOf('one')).toEqual(before);
    expect((await connect('basic', 'one')).status).toBe(201);
    expect(await rowOf('one')).toMatchObject({ kind: 'basic', createdAtMs: before?.createdAtMs });
  });

  test('a token granted elsewhere is adopted once the provider says whose it is', async () => {
    const form = new URLSearchParams({ grant_type: 'password', ...given.password });
    const answer = await fetch(`${demo.apiUrl}/tokens`, { method: 'POST', body: form });
    const { access_token: accessToken } = (await answer.json()) as { access_token: string };
    const expiresAt = new Date(Date.now() + 600_000).toISOString();
    const credential = { kind: 'oauth2', accessToken, expiresAt, scopes: ['contacts'] };
    const reply = await post(wish(credential, 'adopted'));
    expect(reply).toMatchObject({ status: 201, json: { account: { id: 'acc_ada' }, scopes: ['contacts'] } });
    expect(await me('adopted')).toMatchObject({ kind: 'succeeded' });
  });
});

describe('the hosted form', () => {
  /** A browser at the form of a way: what it shows, and what comes of filling it in. */
  async function at(way: string, wish: Record<string, unknown> = {}) {
    const { id, link } = await world.session({ name: `form-${way}`, ...wish });
    const shown = await world.ask('open', { path: { link }, query: `way=${way}` });
    const cookies = shown.cookies.map((line) => line.split(';')[0] ?? '');
    const csrf = /name="csrf" value="([^"]+)"/.exec(shown.body)?.[1] ?? '';
    const submit = (fields: Record<string, string>, sentCookies = cookies) =>
      world.ask('start', {
        path: { link },
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'null' },
        cookies: sentCookies,
        body: new URLSearchParams({ csrf, way, action: 'continue', ...fields }).toString(),
      });
    return { id, link, shown, submit };
  }
  const confirm = (id: string, ticket: string) => world.confirm(id, { ticket, endUser: 'ada@acme.example' });

  test('offers each way that proves something, and links to the others', async () => {
    const { shown } = await at('api_key');
    expect(shown.status).toBe(200);
    expect(shown.body).toContain('<label for="field-apiKey">API key</label>');
    expect(shown.body).toMatch(/<input[^>]*name="apiKey"[^>]*type="password"/);
    const links = [...shown.body.matchAll(/\?way=(\w+)/g)].map(([, way]) => way);
    expect(links).toEqual(['oauth2', 'basic', 'password', 'client_credentials']);
  });

  test.each(['app_jwt', 'sigv4', '__proto__'])('does not offer %s', async (way) => {
    expect((await at(way)).shown.status).toBe(409);
  });

  test('says what is wrong with each field, keeps what is no secret, and never echoes one (B-15)', async () => {
    const { shown, submit } = await at('basic');
    expect(shown.body).not.toContain('aria-invalid="');
    const again = await submit({ email: 'ada@"analytical', password: '' });
    expect(again.status).toBe(200);
    expect(again.body).toContain('Enter the Password.');
    expect(again.body).toContain('value="ada@&quot;analytical"');
    const refused = await submit({ email: 'ada@analytical.example', password: 'a-guessed-one' });
    expect(refused.body).toContain('Demo did not accept this');
    expect(refused.body).not.toContain('a-guessed-one');
    const done = await submit({ email: 'ada@analytical.example', password });
    expect([done.status, done.location.startsWith(`${RETURN_URL}?session=`)]).toEqual([303, true]);
    expect((await submit({ email: 'ada@analytical.example', password })).status).toBe(409); // used
  });

  test.each(['api_key', 'password', 'client_credentials'] as const)(
    '%s: confirmed, it is a connection',
    async (way) => {
      const { id, submit } = await at(way);
      const done = await submit(given[way]);
      const held = await world.row(id);
      expect(held).toMatchObject({ status: 'ready', grant: { kind: way } });
      expect(JSON.stringify(held)).not.toContain(Object.values(given[way]).at(-1));
      expect(await rowOf(`form-${way}`)).toBeUndefined(); // nothing before the confirmation
      expect((await confirm(id, ticketOf(done))).json).toMatchObject({ status: 'active', account: { id: 'acc_ada' } });
      expect(await me(`form-${way}`)).toMatchObject({ kind: 'succeeded' });
    },
  );

  test('belongs to the browser that sent it first, also where the provider refused what it sent (A-31)', async () => {
    const { link, submit } = await at('api_key', { name: 'claimed' });
    expect((await submit({ apiKey: 'demo-key-nobody' })).body).toContain('did not accept');
    expect((await world.ask('open', { path: { link } })).status).toBe(403);
    expect((await submit(given.api_key, [])).status).toBe(403);
    expect((await submit(given.api_key)).status).toBe(303);
  });

  test('takes ten tries: then the link ends, also for the right key, and the provider is asked no more', async () => {
    const { id, link, submit } = await at('api_key', { name: 'guessed' });
    for (let tries = 1; tries < 10; tries++) {
      expect((await submit({ apiKey: `demo-key-guess${tries}` })).body).toContain('did not accept');
    }
    expect((await submit({ apiKey: 'no' })).body).toContain('This cannot be the API key'); // nobody was asked: no try
    const last = await submit({ apiKey: 'demo-key-guess10' });
    expect([last.status, last.body.includes('This link was tried too often')]).toEqual([429, true]);
    expect(await world.row(id)).toMatchObject({ status: 'ended', endedBecause: 'too_many_tries', tries: 10 });
    expect((await submit(given.api_key)).status).toBe(409);
    expect((await world.ask('open', { path: { link } })).status).toBe(409);
  });

  test('counts tries that come at once, each', async () => {
    const { id, submit } = await at('api_key', { name: 'guessed-at-once' });
    const replies = await Promise.all(Array.from({ length: 15 }, (_, at) => submit({ apiKey: `demo-key-guess${at}` })));
    expect(await world.row(id)).toMatchObject({ status: 'ended', tries: 10 });
    expect(replies.filter(({ status }) => status === 200).length).toBeLessThan(10);
  });

  test('another account is taken only where the session was made for that', async () => {
    const first = await at('api_key', { name: 'swap' });
    await confirm(first.id, ticketOf(await first.submit(given.api_key)));
    const other = { apiKey: 'demo-key-grace' };
    const second = await at('api_key', { name: 'swap' });
    expect((await confirm(second.id, ticketOf(await second.submit(other)))).json.code).toBe('account_mismatch');
    const third = await at('api_key', { name: 'swap', allowAccountChange: true });
    expect((await confirm(third.id, ticketOf(await third.submit(other)))).json.account.id).toBe('acc_grace');
  });
});
