import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyEventV2, APIGatewayRequestAuthorizerEventV2, Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openTable } from '../../../shared/core/aws.ts';
import { setEnv, startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { readEvent } from '../../support/samples.ts';

const OPERATOR_KEY = 'pb_test_operator_made-up-0123456789';
const context = { awsRequestId: 'test', getRemainingTimeInMillis: () => 10_000 } as Context;
const secrets = mockClient(SecretsManagerClient);
const bus = mockClient(EventBridgeClient);

let dynamo: TestDynamo;
let authorize: typeof import('../../../functions/tenants/authorize.ts')['handler'];
let erase: typeof import('../../../functions/tenants/erase.ts')['handler'];
const verbs = ['create', 'get', 'update', 'remove', 'create-key', 'list-keys', 'revoke-key'] as const;
type Verb = (typeof verbs)[number];
const handlers = {} as Record<Verb, (event: APIGatewayProxyEventV2, context: Context) => Promise<unknown>>;

beforeAll(async () => {
  dynamo = await startDynamo();
  setEnv({ STAGE: 'test', TENANTS_TABLE: dynamo.tables.tenants, TENANT_KEYS_TABLE: dynamo.tables['tenant-keys'] });
  setEnv({ OPERATOR_SECRET: 'patchbay/test/operator', BUS_NAME: 'bus' });
  ({ handler: authorize } = await import('../../../functions/tenants/authorize.ts'));
  ({ handler: erase } = await import('../../../functions/tenants/erase.ts'));
  for (const verb of verbs) ({ handler: handlers[verb] } = await import(`../../../functions/tenants/${verb}.ts`));
});
afterAll(() => dynamo.stop());

beforeEach(() => {
  secrets.reset();
  secrets.on(GetSecretValueCommand).resolves({ SecretString: JSON.stringify({ key: OPERATOR_KEY }) });
  bus.reset();
  bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: '1' }] });
});
afterEach(() => vi.useRealTimers());

interface Asked {
  readonly tenant?: string;
  readonly key?: string;
  readonly body?: unknown;
  readonly query?: string;
  readonly as?: unknown;
}

/** Calls a route as its sample event does, with what is given in place of the sample's. */
async function call(verb: Verb, { tenant, key, body, query, as = { kind: 'operator' } }: Asked = {}) {
  const event = readEvent(`tenants/${verb}`) as APIGatewayProxyEventV2;
  const params = { ...event.pathParameters, ...(tenant && { tenant }), ...(key && { key }) };
  const answer = (await handlers[verb](
    {
      ...event,
      pathParameters: params,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(query !== undefined && { rawQueryString: query }),
      requestContext: {
        ...event.requestContext,
        authorizer: { lambda: as },
      } as APIGatewayProxyEventV2['requestContext'],
    },
    context,
  )) as { statusCode: number; body?: string };
  return { status: answer.statusCode, body: answer.body === undefined ? undefined : JSON.parse(answer.body) };
}

async function whoSends(authorization: string | undefined) {
  const event = readEvent('tenants/authorize') as APIGatewayRequestAuthorizerEventV2;
  const headers = authorization === undefined ? {} : { authorization };
  return authorize({ ...event, headers });
}

const original = DynamoDBClient.prototype.send;
let count = 0;
async function newTenant() {
  count += 1;
  const id = `acme${count}`;
  await call('create', { body: { id, name: 'Acme', returnUrls: ['https://app.example.com/done'] } });
  const { id: keyId, key } = (await call('create-key', { tenant: id, body: {} })).body;
  return { id, keyId, key: key as string };
}

describe('tenants', () => {
  test('the sample events run as they are', async () => {
    expect((await call('create')).status).toBe(201);
    expect((await call('get')).status).toBe(200);
    expect((await call('update')).body).toMatchObject({ id: 'acme', name: 'Acme Freight Ltd' });
    expect((await call('create-key')).status).toBe(201);
    expect((await call('list-keys')).body.items).toHaveLength(1);
    expect((await call('revoke-key')).status).toBe(404);
    expect((await call('remove')).status).toBe(204);
  });

  test("a tenant gets the id that was asked for, or one of the hub's", async () => {
    const { status, body } = await call('create', { body: { id: 'own-id', name: '  Own  ' } });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: 'own-id',
      name: 'Own',
      returnUrls: [],
      createdAt: body.createdAt,
      updatedAt: body.createdAt,
    });
    expect((await call('create', { body: { name: 'Made' } })).body.id).toMatch(/^tnt_[0-9a-z]{26}$/);
  });

  test('an id that is taken is a conflict, and the tenant there stays as it is', async () => {
    const { id } = await newTenant();
    expect(await call('create', { body: { id, name: 'Other' } })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
    expect((await call('get', { tenant: id })).body.name).toBe('Acme');
  });

  test.each([
    [{ name: 'x', tenantId: 'y' }],
    [{ name: 'x', status: 'active' }],
    [{ name: '' }],
    [{ name: 'a\u202eb' }],
    [{ name: 'x', id: 'a#b' }],
    [{ name: 'x', id: '-a' }],
    [{ name: 'x', id: 'a'.repeat(65) }],
    [{ id: 'nameless' }],
    [[]],
  ])('%j makes no tenant: 400 (A-54)', async (body) => {
    expect(await call('create', { body })).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  test.each([
    ...[
      'http://app.example.com/done',
      'https:app.example.com',
      '//evil.example',
      'javascript:alert(1)',
      'data:text/html,x',
    ],
    ...['https://user@app.example.com/', 'https://app.example.com/done?x=1', 'https://app.example.com/done#f'],
    ...[
      'https://app.example.com/a/../b',
      'HTTPS://app.example.com/',
      'https://APP.example.com/',
      'https://app.example.com\\evil',
    ],
    ...[
      'https://app.example.com:443/',
      ' https://app.example.com/',
      'https://app.exam\tple.com/',
      'https://ａpp.example.com/',
    ],
    ...['https://app.example.com/%2e%2e/', 'ftp://app.example.com/', 'http://10.0.0.1/done', ''],
  ])('%j is registered as no return URL: 400 (A-10)', async (url) => {
    expect((await call('create', { body: { name: 'x', returnUrls: [url] } })).status).toBe(400);
  });

  test.each([
    ['https://app.example.com/done'],
    ['https://app.example.com'],
    ['http://localhost:3000/done'],
    ['http://127.0.0.1:3000/'],
  ])('%j is registered as a return URL', async (url) => {
    expect((await call('create', { body: { name: 'x', returnUrls: [url] } })).body.returnUrls).toEqual([url]);
  });

  test('a change leaves alone what it does not name', async () => {
    const { id } = await newTenant();
    expect((await call('update', { tenant: id, body: { name: 'New' } })).body).toMatchObject({
      name: 'New',
      returnUrls: ['https://app.example.com/done'],
    });
    expect((await call('update', { tenant: id, body: { returnUrls: [] } })).body).toMatchObject({
      name: 'New',
      returnUrls: [],
    });
    expect((await call('update', { tenant: id, body: {} })).body).toMatchObject({ name: 'New', returnUrls: [] });
    expect((await call('update', { tenant: id, body: { id: 'other' } })).status).toBe(400);
  });

  test('a tenant that does not exist is not found, on every route', async () => {
    for (const verb of ['get', 'update', 'remove', 'create-key', 'list-keys', 'revoke-key'] as const) {
      expect(await call(verb, { tenant: 'nobody' })).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
  });
});

describe('who calls', () => {
  test("a key is its tenant, the operator's is the operator; each is let through", async () => {
    const { id, keyId, key } = await newTenant();
    expect(await whoSends(`Bearer ${key}`)).toEqual({
      isAuthorized: true,
      context: { kind: 'tenant', tenantId: id, keyId },
    });
    expect(await whoSends(`bearer ${key}`)).toMatchObject({ context: { kind: 'tenant' } });
    expect(await whoSends(`Bearer ${OPERATOR_KEY}`)).toEqual({ isAuthorized: true, context: { kind: 'operator' } });
  });

  test('keys are shown once, stored as a hash, and never come back', async () => {
    const { id, key, keyId } = await newTenant();
    const [, secret = ''] = /^pb_test_acme\d+\.[0-9a-z]{12}_([0-9a-f]{64})$/.exec(key) ?? [];
    expect(secret).toHaveLength(64);
    const listed = await call('list-keys', { tenant: id, as: { kind: 'tenant', tenantId: id } });
    expect(listed.body).toEqual({ items: [{ id: keyId, createdAt: expect.any(String) }] });
    const row = await openTable(dynamo.tables.tenants).get({ pk: id, sk: `apikey#${keyId}` });
    expect(JSON.stringify(row)).not.toContain(secret);
  });

  test('a key says which service holds it and when it was last used, which is written down once an hour', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-20T10:20:00Z') });
    const { id } = await newTenant();
    const { key, ...made } = (await call('create-key', { tenant: id, body: { name: 'old', service: 'billing' } })).body;
    expect(made).toMatchObject({ name: 'old', service: 'billing' });
    const lastUses = async () => (await call('list-keys', { tenant: id })).body.items.map(lastUsedAt);
    const lastUsedAt = (item: { lastUsedAt?: string }) => item.lastUsedAt;
    expect((await lastUses()).filter(Boolean)).toEqual([]);
    const send = vi.spyOn(DynamoDBClient.prototype, 'send');
    const writes = () => send.mock.calls.filter(([command]) => command instanceof UpdateItemCommand).length;
    for (const [minutes, written] of [
      [0, 1],
      [10, 1],
      [59, 1],
      [61, 2],
    ] as const) {
      vi.setSystemTime(Date.parse('2026-11-20T10:20:00Z') + minutes * 60_000);
      expect(await whoSends(`Bearer ${key}`)).toMatchObject({ context: { kind: 'tenant' } });
      expect(writes()).toBe(written);
    }
    expect((await lastUses()).filter(Boolean)).toEqual(['2026-11-20T11:21:00.000Z']);
    await whoSends(`Bearer ${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`); // a wrong secret is no use of the key
    expect(writes()).toBe(2);

    vi.setSystemTime(Date.parse('2026-11-20T20:00:00Z'));
    send.mockImplementation(async function (this: DynamoDBClient, command: unknown) {
      if (command instanceof UpdateItemCommand) throw new Error('throttled');
      return Reflect.apply(original, this, [command]);
    } as never);
    const { context: caller } = await whoSends(`Bearer ${key}`);
    send.mockRestore();
    expect(caller).toMatchObject({ kind: 'tenant', tenantId: id });
  });

  test('a missing, malformed, foreign, altered or revoked key is unknown, all alike (A-50)', async () => {
    const { id, key, keyId } = await newTenant();
    const { key: other } = await newTenant();
    const revoked = (await call('create-key', { tenant: id, body: { name: 'old' } })).body;
    expect((await call('revoke-key', { tenant: id, key: revoked.id })).status).toBe(204);
    const secret = key.slice(key.lastIndexOf('_') + 1);
    const altered = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`;
    const texts = [
      ...[undefined, '', 'Bearer', 'Bearer ', key, `Basic ${key}`, `Bearer ${key} `, `Bearer ${key},Bearer ${key}`],
      ...[`Bearer ${altered}`, `Bearer ${key}0`, `Bearer ${key.toUpperCase()}`, `Bearer ${revoked.key}`],
      ...[`Bearer ${key.replace('pb_test_', 'pb_prod_')}`, `Bearer ${key.replace(keyId, `${id}.000000000000`)}`],
      ...[
        `Bearer ${other.slice(0, other.lastIndexOf('_') + 1)}${secret}`,
        `Bearer ${OPERATOR_KEY}x`,
        `Bearer ${'a'.repeat(400)}`,
      ],
    ];
    for (const text of texts) {
      expect(await whoSends(text), text).toEqual({ isAuthorized: true, context: { kind: 'unknown' } });
    }
  });

  test("an unknown caller gets 401, a tenant another tenant's 404, and the operator's routes 403", async () => {
    const { id } = await newTenant();
    const { id: other } = await newTenant();
    expect((await call('get', { tenant: id, as: { kind: 'unknown' } })).status).toBe(401);
    const foreign = await call('get', { tenant: other, as: { kind: 'tenant', tenantId: id } });
    const missing = await call('get', { tenant: 'nobody', as: { kind: 'operator' } });
    expect(foreign).toEqual(missing); // not to be told apart (A-52)
    expect((await call('create-key', { tenant: id, as: { kind: 'tenant', tenantId: id } })).status).toBe(403);
  });

  test('tenants whose ids contain each other never meet (A-51)', async () => {
    const ids = ['abc', 'abcdef', 'ABC', 'abc.def', 'abc~', 'a'];
    const keys = new Map<string, string>();
    for (const id of ids) {
      await call('create', { body: { id, name: id } });
      keys.set(id, (await call('create-key', { tenant: id, body: {} })).body.key);
    }
    for (const id of ids) {
      const { context: caller } = await whoSends(`Bearer ${keys.get(id)}`);
      for (const other of ids) {
        expect((await call('get', { tenant: other, as: caller })).status).toBe(other === id ? 200 : 404);
      }
      expect((await call('list-keys', { tenant: id })).body.items).toHaveLength(1);
    }
  });

  test("the operator's key is asked for once a minute, and its last answer stands while the secret store is down", async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 120_000 });
    await whoSends(`Bearer ${OPERATOR_KEY}`);
    await whoSends(`Bearer ${OPERATOR_KEY}`);
    expect(secrets.commandCalls(GetSecretValueCommand)).toHaveLength(1);
    vi.setSystemTime(Date.now() + 61_000);
    secrets.on(GetSecretValueCommand).rejects(new Error('down'));
    expect(await whoSends(`Bearer ${OPERATOR_KEY}`)).toMatchObject({ context: { kind: 'operator' } });
    secrets.on(GetSecretValueCommand).resolves({ SecretString: JSON.stringify({ key: 'another-key-0123456789' }) });
    vi.setSystemTime(Date.now() + 61_000);
    expect(await whoSends(`Bearer ${OPERATOR_KEY}`)).toMatchObject({ context: { kind: 'unknown' } });
    secrets.on(GetSecretValueCommand).resolves({ SecretString: '{"key":""}' });
    vi.setSystemTime(Date.now() + 61_000);
    expect(await whoSends('Bearer ')).toMatchObject({ context: { kind: 'unknown' } });
  });
});

describe('erasure', () => {
  async function dataKeysOf(tenant: string): Promise<number> {
    const table = openTable(dynamo.tables['tenant-keys']);
    const { items } = await table.query({ where: 'pk = :tenant', values: { ':tenant': tenant } });
    return items.filter(({ wrapped }) => wrapped !== undefined).length;
  }
  const published = () =>
    bus
      .commandCalls(PutEventsCommand)
      .flatMap(({ args }) => args[0].input.Entries ?? [])
      .map(({ Detail = '' }) => JSON.parse(Detail));

  /** What `connections` tells once it has ended the grants. */
  const disconnected = async (tenant: string, since = new Date().toISOString()) => {
    const message = readEvent('tenants/erase') as { detail: object };
    await erase({ ...message, detail: { ...message.detail, tenant, data: { since } } } as never, context);
  };

  test("a removed tenant's API keys are gone at once, its data keys and profile after its grants, and the others hear of it (B-12)", async () => {
    const { id, key } = await newTenant();
    await openTable(dynamo.tables['tenant-keys']).put({ pk: id, sk: 'v00001', wrapped: 'x' });
    expect(await call('remove', { tenant: id })).toEqual({ status: 204, body: undefined });
    expect(await whoSends(`Bearer ${key}`)).toMatchObject({ context: { kind: 'unknown' } });
    expect((await call('get', { tenant: id })).status).toBe(404);
    expect(await dataKeysOf(id)).toBe(1);
    expect((await call('create', { body: { id, name: 'Again' } })).status).toBe(409);
    await disconnected(id);
    expect(await dataKeysOf(id)).toBe(0);
    expect(published()).toMatchObject([
      { type: 'tenant.removing', tenant: id },
      { type: 'tenant.removed', tenant: id },
    ]);
    expect((await call('remove', { tenant: id })).status).toBe(404);
  });

  test('a removal that broke off before it was accepted changes nothing; asked again it has the same event', async () => {
    const { id, key } = await newTenant();
    bus
      .on(PutEventsCommand)
      .rejectsOnce(new Error('down'))
      .resolves({ Entries: [{}] });
    expect((await call('remove', { tenant: id })).status).toBe(500);
    expect((await call('get', { tenant: id })).status).toBe(200);
    expect((await call('remove', { tenant: id })).status).toBe(204);
    const [first, second] = published();
    expect(first.id).toBe(second.id);
    expect((await call('get', { tenant: id })).status).toBe(404);
    expect((await call('update', { tenant: id, body: { name: 'x' } })).status).toBe(404);
    expect((await call('create-key', { tenant: id })).status).toBe(404);
    await disconnected(id);
    expect((await call('create', { body: { id, name: 'Again' } })).status).toBe(201);
    expect(await whoSends(`Bearer ${key}`)).toMatchObject({ context: { kind: 'unknown' } });
  });

  test('one that was accepted and cut off is done by what it began: the tenant and its keys go without being asked again', async () => {
    const { id, key } = await newTenant();
    await disconnected(id);
    expect((await call('get', { tenant: id })).status).toBe(404);
    expect(await whoSends(`Bearer ${key}`)).toMatchObject({ context: { kind: 'unknown' } });
    expect((await call('create', { body: { id, name: 'Again' } })).status).toBe(201);
    await disconnected(id, '2026-01-01T00:00:00.000Z'); // the old one's event, once more
    expect((await call('get', { tenant: id })).status).toBe(200);
  });

  test('the others stay', async () => {
    const { id } = await newTenant();
    const kept = await newTenant();
    await openTable(dynamo.tables['tenant-keys']).put({ pk: kept.id, sk: 'v00001', wrapped: 'x' });
    await call('remove', { tenant: id });
    await disconnected(id);
    expect(await dataKeysOf(kept.id)).toBe(1);
    expect(await whoSends(`Bearer ${kept.key}`)).toMatchObject({ context: { kind: 'tenant', tenantId: kept.id } });
  });
});
