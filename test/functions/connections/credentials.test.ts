import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { activated, type Connection, nextGeneration } from '../../../shared/connections/connection.ts';
import { sealGrant } from '../../../shared/connections/grant.ts';
import { portsFromEnv } from '../../../shared/connections/ports.ts';
import { openTable } from '../../../shared/core/aws.ts';
import { realMoment } from '../../../shared/core/clock.ts';
import { type ConnectionId, TenantId } from '../../../shared/core/ids.ts';
import { log } from '../../../shared/core/log.ts';
import { Secret } from '../../../shared/core/secret.ts';
import { setEnv, startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { fakeKms } from '../../support/kms.ts';
import { readEvent } from '../../support/samples.ts';

// From the front door to a provider on this computer: the exported handlers, real tables, real HTTP.

const HOUR_S = 3_600;
const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 120_000 } as Context;
const secrets = mockClient(SecretsManagerClient);
const bus = mockClient(EventBridgeClient);
const kms = fakeKms();
type Handler = (event: unknown, context: Context) => Promise<unknown>;
const verbs = ['list', 'get', 'remove', 'refresh', 'clear', 'token'] as const;
const handlers = {} as Record<(typeof verbs)[number], Handler>;

let dynamo: TestDynamo;
let provider: Server;
let ports: ReturnType<typeof portsFromEnv>;
/** What the provider was sent: `POST /token grant_type=…`. */
const heard: string[] = [];
let answer: (path: string) => { readonly status: number; readonly json?: unknown };

beforeAll(async () => {
  dynamo = await startDynamo();
  provider = createServer(serve).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const origin = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const app = { clientId: 'client', clientSecret: 'made-up', origins: { 'https://login.demo.invalid': origin } };
  secrets.on(GetSecretValueCommand).resolves({ SecretString: JSON.stringify(app) });
  const env = {
    ...{
      STAGE: 'local',
      VAULT_KEY_ID: 'key',
      PROVIDER_SECRETS: 'patchbay/local/',
      BUS_NAME: 'bus',
      TOKEN_EXPORT: 'on',
    },
    SESSIONS_TABLE: dynamo.tables.sessions,
    ...{ CONNECTIONS_TABLE: dynamo.tables.connections, TENANT_KEYS_TABLE: dynamo.tables['tenant-keys'] },
  };
  setEnv(env);
  ports = portsFromEnv(env);
  for (const verb of verbs)
    handlers[verb] = (await import(`../../../functions/connections/${verb}.ts`)).handler as Handler;
});
afterAll(async () => {
  provider.closeAllConnections();
  provider.close();
  await dynamo.stop();
});

beforeEach(() => {
  heard.length = 0;
  bus.reset();
  bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: '1' }] });
  answer = () => ({
    status: 200,
    json: { access_token: 'access-2', refresh_token: 'refresh-2', token_type: 'bearer', expires_in: HOUR_S },
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function serve(request: IncomingMessage, response: ServerResponse) {
  let body = '';
  for await (const chunk of request) body += chunk;
  heard.push(`${request.method} ${request.url} ${body}`);
  const { status, json = {} } = answer(request.url ?? '');
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
}

let tenants = 0;
/** A tenant with a connection to the demo provider, written as a confirmed session writes it. */
async function connect({
  refresh = 'refresh-1',
  expiresInS = HOUR_S,
  tenant = `tenant${++tenants}`,
  id = { provider: 'demo', name: 'default' },
}: {
  refresh?: string;
  expiresInS?: number;
  tenant?: string;
  id?: ConnectionId;
} = {}) {
  const tenantId = TenantId.parse(tenant);
  const generation = nextGeneration(undefined, Date.now());
  const grant = { accessToken: new Secret('access-1'), refreshToken: new Secret(refresh) };
  const sealed = await sealGrant(ports.vault, tenantId, id, generation, grant);
  const about = { tenantId, id, account: { id: 'account', name: 'Account' }, sourceSession: 'cs_1' };
  const row = activated(about, { generation, sealed, scopes: ['contacts'], expiresInS }, undefined, realMoment);
  await ports.store.forTenant(tenantId).save(row, undefined);
  return tenant;
}

async function call(verb: 'list' | 'get' | 'remove', tenant: string, { connection = 'demo', query = '' } = {}) {
  const event = readEvent(`connections/${verb}`) as APIGatewayProxyEventV2;
  const result = (await handlers[verb](
    {
      ...event,
      rawQueryString: query,
      pathParameters: { ...event.pathParameters, tenant, ...(verb !== 'list' && { connection }) },
      requestContext: { ...event.requestContext, authorizer: { lambda: { kind: 'tenant', tenantId: tenant } } },
    },
    context,
  )) as { statusCode: number; body: string };
  return { status: result.statusCode, text: result.body, body: JSON.parse(result.body) };
}

const token = (tenant: string, remainingMs = 29_000) => {
  const event = { ...(readEvent('connections/token') as object), tenant };
  return handlers.token(event, { ...context, getRemainingTimeInMillis: () => remainingMs });
};
const tick = () => handlers.refresh(readEvent('connections/refresh'), context);
const afterwards = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
const published = () =>
  bus
    .commandCalls(PutEventsCommand)
    .flatMap(({ args }) => args[0].input.Entries ?? [])
    .map(({ Detail = '' }) => JSON.parse(Detail));

describe('reading', () => {
  test('a connection is shown without anything of its credential (A-55)', async () => {
    const tenant = await connect();
    const { status, body, text } = await call('get', tenant);
    expect(status).toBe(200);
    expect(body).toEqual({
      ...{ provider: 'demo', name: 'default', status: 'active', mode: 'live', scopes: ['contacts'] },
      ...{ account: { id: 'account', name: 'Account' }, expiresAt: expect.any(String) },
      ...{ createdAt: expect.any(String), updatedAt: expect.any(String) },
    });
    expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBe(HOUR_S * 1000);
    expect(text).not.toMatch(/access-1|refresh-1|sealed/);
    expect((await call('list', tenant)).body).toEqual({ items: [body] });
  });

  test("lists go by pages and by provider; another tenant's connections are in none", async () => {
    const tenant = await connect();
    for (const name of ['a', 'b', 'c']) await connect({ tenant, id: { provider: 'github', name } });
    await connect();
    const first = await call('list', tenant, { query: 'limit=3' });
    const second = await call('list', tenant, { query: `limit=3&cursor=${first.body.cursor}` });
    const names = [...first.body.items, ...second.body.items].map(({ provider, name }) => `${provider}:${name}`);
    expect(names).toEqual(['demo:default', 'github:a', 'github:b', 'github:c']);
    expect((await call('list', tenant, { query: 'provider=github' })).body.items).toHaveLength(3);
    expect((await call('list', tenant, { query: 'status=x' })).status).toBe(400);
    expect((await call('get', tenant, { connection: 'github:b' })).body.name).toBe('b');
  });

  test('what does not exist is not found', async () => {
    const tenant = await connect();
    for (const connection of ['demo:other', 'slack', 'nobody']) {
      expect(await call('get', tenant, { connection })).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
  });
});

describe('a token', () => {
  test('that is fresh costs one read: no write, and no KMS once its key is in memory', async () => {
    const tenant = await connect();
    await token(tenant);
    kms.resetHistory();
    const sent = vi.spyOn(DynamoDBClient.prototype, 'send');
    expect(await token(tenant)).toEqual({
      value: { accessToken: 'access-1', expiresAt: expect.any(String), scopes: ['contacts'] },
    });
    expect(sent.mock.calls.map(([command]) => command.constructor.name)).toEqual(['GetItemCommand']);
    expect(kms.calls()).toHaveLength(0);
    expect(heard).toEqual([]);
  });

  test('that has ended is refreshed over the wire and stored', async () => {
    const tenant = await connect();
    afterwards(HOUR_S * 1000);
    expect(await token(tenant)).toMatchObject({ value: { accessToken: 'access-2' } });
    expect(heard).toEqual(['POST /token grant_type=refresh_token&refresh_token=refresh-1']);
    expect(await token(tenant)).toMatchObject({ value: { accessToken: 'access-2' } });
    expect(heard).toHaveLength(1);
  });

  test('is refused for a connection that is not there, and malformed questions are refused as such', async () => {
    expect(await token('nobody')).toMatchObject({ error: { code: 'not_found' } });
    for (const input of [
      {},
      { tenant: 'a' },
      { tenant: 'a', connection: 'B!' },
      { tenant: 'a', connection: 'demo', x: 1 },
    ]) {
      expect(await handlers.token(input, context)).toMatchObject({ error: { code: 'invalid_request' } });
    }
  });

  test('leaves an audit line each time, and never itself (A-55)', async () => {
    const lines = vi.spyOn(log, 'info');
    const tenant = await connect();
    await token(tenant);
    await token('nobody');
    const about = { connection: 'demo', requestId: 'request-1' };
    expect(lines.mock.calls).toEqual([
      ['a token was asked for', { ...about, tenant, outcome: 'handed out' }],
      ['a token was asked for', { ...about, tenant: 'nobody', outcome: 'not_found' }],
    ]);
  });

  test('is not handed out at all where the stage does not allow it', async () => {
    const tenant = await connect();
    vi.resetModules();
    setEnv({ TOKEN_EXPORT: 'off' });
    const { handler } = await import('../../../functions/connections/token.ts');
    const refused = await (handler as Handler)({ tenant, connection: 'demo' }, context);
    setEnv({ TOKEN_EXPORT: 'on' });
    expect(refused).toMatchObject({ error: { code: 'forbidden' } });
  });

  test('begins no refresh that its time does not suffice for: the schedule does it (C.2)', async () => {
    const tenant = await connect();
    afterwards(HOUR_S * 1000);
    expect(await token(tenant, 20_000)).toMatchObject({ error: { code: 'provider_unavailable' } });
    expect(heard).toEqual([]);
    await tick();
    expect(await token(tenant, 20_000)).toMatchObject({ value: { accessToken: 'access-2' } });
  });
});

describe('disconnecting', () => {
  test('ends the grant upstream and answers with the last view; then there is nothing', async () => {
    const tenant = await connect();
    answer = () => ({ status: 200 });
    expect(await call('remove', tenant)).toMatchObject({ status: 200, body: { status: 'revoked', provider: 'demo' } });
    expect(heard).toEqual(['POST /token/revocation token=refresh-1']);
    expect((await call('get', tenant)).status).toBe(404);
    expect((await call('list', tenant)).body.items).toEqual([]);
    expect((await call('remove', tenant)).status).toBe(404);
    expect(await token(tenant)).toMatchObject({ error: { code: 'not_found' } });
    expect(published()).toMatchObject([{ type: 'connection.removed', tenant, data: { revocation: 'revoked' } }]);
  });

  test('is pending while the provider is down, seen as such, and done by the schedule', async () => {
    const tenant = await connect();
    answer = () => ({ status: 503 });
    expect(await call('remove', tenant)).toMatchObject({ status: 200, body: { status: 'revocation_pending' } });
    expect((await call('get', tenant)).body.status).toBe('revocation_pending');
    expect(await token(tenant)).toMatchObject({ error: { code: 'not_found' } });
    answer = () => ({ status: 200 });
    afterwards(61_000);
    await tick();
    expect((await call('get', tenant)).status).toBe(404);
    expect(heard).toHaveLength(2);
  });
});

test('the schedule refreshes what is due, of every tenant, and nothing else', async () => {
  const due = await Promise.all(Array.from({ length: 12 }, () => connect({ expiresInS: 2 * HOUR_S })));
  const idle = await connect({ expiresInS: 9 * HOUR_S });
  afterwards(2 * HOUR_S * 1000);
  await tick();
  expect(heard.filter((line) => line.startsWith('POST /token ')).length).toBeGreaterThanOrEqual(12);
  heard.length = 0;
  for (const tenant of due) expect(await token(tenant)).toMatchObject({ value: { accessToken: 'access-2' } });
  expect(await token(idle)).toMatchObject({ value: { accessToken: 'access-1' } });
  expect(heard).toEqual([]);
});

test('a process that has refreshed a connection refuses the row before, put back; the provider is shown nothing of it (B-16)', async () => {
  const tenant = await connect();
  const table = openTable(String(dynamo.tables.connections));
  const older = { ...(await table.get({ pk: tenant, sk: 'demo#default' })) };
  afterwards(0.9 * HOUR_S * 1000);
  expect(await token(tenant)).toMatchObject({ value: { accessToken: 'access-2' } });
  await table.put(older);
  heard.length = 0;
  expect(await token(tenant)).toMatchObject({ error: { code: 'unavailable' } });
  expect(heard).toEqual([]);
});

test('the schedule parks what no answer to was understood a hundred times, and tells its owner (A-17)', async () => {
  const tenant = await connect();
  const id = { provider: 'demo', name: 'default' };
  const rows = ports.store.forTenant(TenantId.parse(tenant));
  answer = () => ({ status: 400, json: { error: 'teapot' } });
  afterwards(HOUR_S * 1000);
  await tick();
  expect(await rows.get(id)).toMatchObject({ status: 'active', intent: { odd: 1 } });
  const again = (row: Connection) =>
    row.intent && { ...row, intent: { ...row.intent, odd: 99 }, version: row.version + 1 };
  await rows.change(id, again);
  afterwards(60_000);
  await tick();
  expect((await call('get', tenant)).body).toMatchObject({ status: 'needs_reauth', reason: 'refresh_not_understood' });
  expect(published()).toMatchObject([{ type: 'connection.needs_reauth', tenant }]);
});

test("a removed tenant's connections go; those of a new tenant with the same id stay, and everybody else's", async () => {
  const tenant = await connect();
  const other = await connect();
  await connect({ tenant, id: { provider: 'demo', name: 'second' } });
  const event = readEvent('connections/clear') as { detail: object };
  const removed = (time: string) => handlers.clear({ ...event, detail: { ...event.detail, tenant, time } }, context);
  await removed('2026-01-01T00:00:00.000Z');
  expect((await call('list', tenant)).body.items).toHaveLength(2);
  await removed(new Date().toISOString());
  expect((await call('list', tenant)).body.items).toEqual([]);
  expect((await call('list', other)).body.items).toHaveLength(1);
});
