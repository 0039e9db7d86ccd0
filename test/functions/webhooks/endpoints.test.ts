import { createHmac } from 'node:crypto';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openTable } from '../../../shared/core/aws.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { UNROUTED } from '../../../shared/core/keys.ts';
import { tenantStore } from '../../../shared/tenants/store.ts';
import { Delivery } from '../../../shared/webhooks/contract.ts';
import { inboxStore } from '../../../shared/webhooks/store.ts';
import { fakeBus, fakeSecrets } from '../../support/aws-fakes.ts';
import { setEnv, startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { httpEvent, lambdaContext } from '../../support/http-event.ts';
import { startKms, type TestKms } from '../../support/kms-server.ts';
import { captureOutput } from '../../support/output.ts';
import { readEvent } from '../../support/samples.ts';

type Handler = (event: unknown, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

const HUB = 'https://hub.example.com';
const ROUTE = '/v1/tenants/{tenant}/webhook-endpoints';
const verbs = [
  'create-endpoint',
  'list-endpoints',
  'get-endpoint',
  'remove-endpoint',
  'rotate-endpoint',
  'clear',
  'process',
  'list-unrouted',
];
const routes: Readonly<Record<string, readonly [string, string]>> = {
  'create-endpoint': ['POST', ROUTE],
  'list-endpoints': ['GET', ROUTE],
  'get-endpoint': ['GET', `${ROUTE}/{endpoint}`],
  'remove-endpoint': ['DELETE', `${ROUTE}/{endpoint}`],
  'rotate-endpoint': ['POST', `${ROUTE}/{endpoint}/rotate`],
  'list-unrouted': ['GET', '/v1/events/unrouted'],
};
const sqs = mockClient(SQSClient);
let dynamo: TestDynamo;
let kms: TestKms;
let bus: ReturnType<typeof fakeBus>;
let output: ReturnType<typeof captureOutput>;
const handlers = new Map<string, Handler>();

beforeAll(async () => {
  [dynamo, kms] = await Promise.all([startDynamo(), startKms()]);
  process.env.POWERTOOLS_METRICS_DISABLED = 'false';
  setEnv({
    STAGE: 'prod',
    PUBLIC_URL: HUB,
    TENANTS_TABLE: dynamo.tables.tenants,
    ENDPOINTS_TABLE: dynamo.tables.endpoints,
    ENDPOINT_KEY_ID: 'endpoint-key',
    INBOX_TABLE: dynamo.tables.inbox,
    CONNECTIONS_TABLE: dynamo.tables.connections,
    INTAKE_QUEUE_URL: 'http://127.0.0.1:9/intake',
    HANDLER_QUEUE_URL: 'http://127.0.0.1:9/handlers',
    PAYLOAD_BUCKET: 'payloads',
    PROVIDER_SECRETS: 'patchbay/prod/',
    BUS_NAME: 'hub',
  });
  for (const verb of verbs) {
    handlers.set(verb, (await import(`../../../functions/webhooks/${verb}.ts`)).handler as Handler);
  }
});
beforeEach(async () => {
  sqs.reset();
  sqs.on(SendMessageCommand).resolves({ MessageId: '1' });
  fakeSecrets({});
  bus = fakeBus();
  kms.down = false;
  kms.asked.length = 0;
  output = captureOutput();
  await coldStart();
});
afterEach(() => {
  vi.useRealTimers();
  output.restore();
});
afterAll(async () => {
  process.env.POWERTOOLS_METRICS_DISABLED = 'true';
  await Promise.all([dynamo.stop(), kms.stop()]);
});

/** An intake that has nothing in memory. */
async function coldStart(): Promise<void> {
  vi.resetModules();
  handlers.set('receive', (await import('../../../functions/webhooks/receive.ts')).handler as unknown as Handler);
}

let count = 0;
async function freshTenant(tenant = `endpoints-${++count}`, createdAtMs = 1): Promise<string> {
  await openTable(dynamo.tables.tenants).put({
    ...{ pk: tenant, sk: 'profile', tenantId: tenant, name: 'x', returnUrls: [] },
    ...{ status: 'active', createdAtMs, updatedAtMs: createdAtMs },
  });
  return tenant;
}

async function ask(
  verb: string,
  path: Record<string, string>,
  { body = undefined as unknown, as = '', query = '' } = {},
) {
  const [method, route] = routes[verb] ?? ['', ''];
  const principal: Record<string, string> = as === '' ? { kind: 'operator' } : { kind: 'tenant', tenantId: as };
  const event = httpEvent(method, route, {
    ...{ path, query, principal },
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const answer = await (handlers.get(verb) as Handler)(event, lambdaContext());
  return { status: answer.statusCode ?? 0, json: JSON.parse(answer.body ?? '{}') };
}
const create = (tenant: string, body: unknown, as = tenant) => ask('create-endpoint', { tenant }, { body, as });

/** Posts to an endpoint as GitHub does. */
async function post(url: string, secret: string, body = '{"action":"opened"}', id = `d-${++count}`) {
  const [, provider = '', endpoint = ''] = new URL(url).pathname.split('/').slice(1);
  const event = httpEvent('POST', '/webhooks/{provider}/{endpoint}', {
    path: { provider, endpoint },
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'issues',
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
    body,
  });
  return (await (handlers.get('receive') as Handler)(event, lambdaContext())).statusCode;
}

const sent = () => sqs.commandCalls(SendMessageCommand).map(({ args: [{ input }] }) => input.MessageBody ?? '');
const deliveries = () => sent().map((body) => Delivery.parse(JSON.parse(body)));

/** Has the hub process what the intake has queued; returns how many messages came back. */
async function drain(): Promise<number> {
  const Records = sent().map((body, index) => ({
    ...{ messageId: String(index), receiptHandle: 'r', body, eventSource: 'aws:sqs' },
    attributes: { ApproximateReceiveCount: '1' },
  }));
  const answer: unknown = await (handlers.get('process') as Handler)({ Records }, lambdaContext());
  return (answer as { batchItemFailures: unknown[] }).batchItemFailures.length;
}
async function inboxOf(tenant: string) {
  return (await inboxStore(openTable(dynamo.tables.inbox)).forTenant(tenant).list({ limit: 100 })).events;
}
const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
const rows = async (tenant: string) =>
  (await openTable(dynamo.tables.endpoints).query({ where: 'pk = :t', values: { ':t': tenant } })).items;

describe('an address of its own', () => {
  test('is made with a secret that is shown once, and what to paste where', async () => {
    const tenant = await freshTenant();
    const { status, json } = await create(tenant, { provider: 'github', name: 'sales' });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      provider: 'github',
      connection: 'github:sales',
      secrets: [{ id: expect.any(String) }],
    });
    expect(json.url).toBe(`${HUB}/webhooks/github/${json.id}`);
    expect(Buffer.from(json.id, 'base64url')).toHaveLength(32);
    expect(Buffer.from(json.secret, 'base64url')).toHaveLength(32);
    expect(json.instructions.join(' ')).toContain(json.url);
    const { json: again } = await ask('get-endpoint', { tenant, endpoint: json.id });
    const { secret: _, ...view } = json;
    expect(again).toEqual(view);
    const { json: list } = await ask('list-endpoints', { tenant }, { as: tenant });
    const { instructions: __, ...listed } = view;
    expect(list).toEqual({ items: [listed] });
    expect(JSON.stringify([again, list, await rows(tenant)])).not.toContain(json.secret);
  });

  test('takes in what its sender signs, for its tenant and connection alone (D-13)', async () => {
    const tenant = await freshTenant();
    const { json } = await create(tenant, { provider: 'github', name: 'sales' });
    expect(await post(json.url, json.secret, '{"action":"opened"}', 'delivery-1')).toBe(200);
    expect(deliveries()).toMatchObject([{ endpoint: json.id, owner: { tenantId: tenant }, deferred: false }]);
    expect(await drain()).toBe(0);
    expect(await inboxOf(tenant)).toMatchObject([
      { id: 'delivery-1', type: 'issues.opened', connection: { provider: 'github', name: 'sales' } },
    ]);
  });

  test('costs one read and one unwrapping, and for 60 s nothing more (D-17)', async () => {
    const tenant = await freshTenant();
    const { json } = await create(tenant, { provider: 'github' });
    kms.asked.length = 0;
    for (let n = 0; n < 20; n++)
      expect(await post(json.url, n % 2 ? 'a-wrong-secret-of-16' : json.secret)).toBe(n % 2 ? 401 : 200);
    expect(kms.asked.map(({ operation }) => operation)).toEqual(['Decrypt']);
    expect(kms.asked[0]?.input.EncryptionContext).toEqual({ purpose: 'patchbay-endpoints', tenantId: tenant });
    later(61_000);
    expect(await post(json.url, json.secret)).toBe(200);
    expect(kms.asked).toHaveLength(1); // the row is as it was
  });

  test('the sample events say what they say', async () => {
    await freshTenant('acme');
    for (const verb of ['create-endpoint', 'list-endpoints', 'get-endpoint', 'rotate-endpoint', 'remove-endpoint']) {
      const answer = await (handlers.get(verb) as Handler)(readEvent(`webhooks/${verb}`), lambdaContext());
      const expected = { 'create-endpoint': 201, 'list-endpoints': 200 }[verb] ?? 404;
      expect([verb, answer.statusCode]).toEqual([verb, expected]);
    }
  });
});

describe('between tenants', () => {
  test("one tenant's signed request is refused at another's address, and leaves no row there (D-13)", async () => {
    const [a, b] = [await freshTenant(), await freshTenant()];
    const [mine, theirs] = [await create(a, { provider: 'github' }), await create(b, { provider: 'github' })];
    expect(await post(theirs.json.url, mine.json.secret)).toBe(401);
    expect(await post(mine.json.url.replace(mine.json.id, 'A'.repeat(43)), mine.json.secret)).toBe(401);
    expect(await post(mine.json.url.replace('/github/', '/hubspot/'), mine.json.secret)).toBe(401);
    expect(sent()).toEqual([]);
  });

  test('of 1,056 requests of one tenant at the address of another none is taken in (G7)', async () => {
    const made = [];
    for (let n = 0; n < 33; n++) made.push((await create(await freshTenant(), { provider: 'github' })).json);
    const answers = new Set<number | undefined>();
    for (const [mine, { secret }] of made.entries()) {
      for (const [theirs, { url }] of made.entries()) if (mine !== theirs) answers.add(await post(url, secret));
    }
    expect([...answers]).toEqual([401]);
    expect(sent()).toEqual([]);
  });

  test("a body that names another tenant's account stays with the tenant of the address (D-13)", async () => {
    const [a, b] = [await freshTenant(), await freshTenant()];
    const connected = { tenantId: b, provider: 'github', name: 'default', status: 'active', accountKey: 'github#77' };
    await openTable(dynamo.tables.connections).put({
      pk: b,
      sk: 'github#default',
      ...connected,
      account: { id: '77' },
    });
    const { json } = await create(a, { provider: 'github' });
    const body = '{"action":"opened","installation":{"id":77},"repository":{"owner":{"id":77}},"sender":{"id":77}}';
    expect(await post(json.url, json.secret, body, 'named-77')).toBe(200);
    expect(await drain()).toBe(0);
    expect(await inboxOf(a)).toMatchObject([{ id: 'named-77', tenantId: a }]);
    expect((await inboxOf(a))[0]?.connection).toBeUndefined();
    expect(await inboxOf(b)).toEqual([]);
    expect((await inboxOf(UNROUTED)).map(({ id }) => id)).not.toContain('named-77');
  });

  test('an endpoint of another tenant answers on every route like one that is missing (A-51, A-52, A-53)', async () => {
    const owner = await freshTenant('end');
    const { json } = await create(owner, { provider: 'github' });
    for (const verb of ['get-endpoint', 'rotate-endpoint', 'remove-endpoint']) {
      const body = verb === 'rotate-endpoint' ? {} : undefined;
      const missing = await ask(verb, { tenant: 'end', endpoint: 'B'.repeat(43) }, { body, as: 'end' });
      expect(missing.status).toBe(404);
      for (const tenant of ['endX', 'en', 'END', 'end~']) {
        await freshTenant(tenant);
        expect(await ask(verb, { tenant, endpoint: json.id }, { body, as: tenant })).toEqual(missing);
        expect((await ask(verb, { tenant: 'end', endpoint: json.id }, { body, as: tenant })).status).toBe(404);
      }
    }
    expect((await ask('list-endpoints', { tenant: 'endX' }, { as: 'endX' })).json).toEqual({ items: [] });
    expect((await ask('get-endpoint', { tenant: 'end', endpoint: json.id }, { as: 'end' })).status).toBe(200);
  });

  test('a record of secrets opens nowhere but in its own row (B-01)', async () => {
    const [a, b] = [await freshTenant(), await freshTenant()];
    const [mine, theirs] = [await create(a, { provider: 'github' }), await create(b, { provider: 'github' })];
    const [[own], [other]] = [await rows(a), await rows(b)];
    const table = openTable(dynamo.tables.endpoints);
    await table.put({ ...other, sealed: own?.sealed });
    expect(await post(theirs.json.url, mine.json.secret)).toBe(401);
    await table.put({ ...own, generation: 2 });
    expect(await post(mine.json.url, mine.json.secret)).toBe(401);
    expect(sent()).toEqual([]);
  });
});

describe('another secret', () => {
  test('is believed together with the one before until the overlap is over (D-15)', async () => {
    const tenant = await freshTenant();
    const { json: first } = await create(tenant, { provider: 'github' });
    const path = { tenant, endpoint: first.id };
    const { status, json: second } = await ask('rotate-endpoint', path, { body: { overlapS: 3_600 }, as: tenant });
    expect(status).toBe(200);
    expect(second.secrets).toHaveLength(2);
    expect(second.secrets[1]).toMatchObject({ id: first.secrets[0].id, until: expect.any(String) });
    await coldStart();
    expect([await post(first.url, first.secret), await post(first.url, second.secret)]).toEqual([200, 200]);
    expect(JSON.stringify(output.lines())).toContain('accepted by an older secret');
    later(3_700_000);
    expect([await post(first.url, first.secret), await post(first.url, second.secret)]).toEqual([401, 200]);
    const { json } = await ask('get-endpoint', path);
    expect(json.secrets.map(({ id }: { id: string }) => id)).toEqual([second.secrets[0].id]);
  });

  test('replaces at once a secret that somebody has seen: within 60 s, without an overlap', async () => {
    const tenant = await freshTenant();
    const { json: first } = await create(tenant, { provider: 'github' });
    expect(await post(first.url, first.secret)).toBe(200); // the intake has it in memory
    await ask(
      'rotate-endpoint',
      { tenant, endpoint: first.id },
      { body: { overlapS: 0, secret: 'chosen-by-the-tenant' } },
    );
    later(61_000);
    expect([await post(first.url, first.secret), await post(first.url, 'chosen-by-the-tenant')]).toEqual([401, 200]);
  });

  test('five are live at most, the newest', async () => {
    const tenant = await freshTenant();
    const { json } = await create(tenant, { provider: 'github' });
    const secrets: string[] = [json.secret];
    for (let n = 0; n < 6; n++) {
      const answer = await ask('rotate-endpoint', { tenant, endpoint: json.id }, { body: {} });
      secrets.push(answer.json.secret);
    }
    const answers = await Promise.all(secrets.map((secret) => post(json.url, secret)));
    expect(answers).toEqual([401, 401, 200, 200, 200, 200, 200]);
  });

  test('of two at the same time one is told to try again', async () => {
    const tenant = await freshTenant();
    const { json } = await create(tenant, { provider: 'github' });
    const once = () => ask('rotate-endpoint', { tenant, endpoint: json.id }, { body: {} });
    const answers = await Promise.all([once(), once(), once()]);
    const done = answers.filter(({ status }) => status === 200);
    expect(answers.filter(({ status }) => status === 409).length + done.length).toBe(3);
    expect(done.length).toBeGreaterThan(0);
    expect(await post(json.url, done.at(-1)?.json.secret)).toBe(200);
  });
});

describe('what is refused', () => {
  test.each([
    ['a provider that is none', { provider: 'nobody' }, 'body.provider'],
    ['a short secret', { provider: 'github', secret: 'short' }, 'body.secret'],
    ['a secret that no header could hold', { provider: 'github', secret: 'sixteen characters' }, 'body.secret'],
    ['a secret that is no whsec', { provider: 'standard-webhooks', secret: 'not-a-whsec-at-all' }, 'body.secret'],
    ['a public key that is none', { provider: 'discord', secret: 'z'.repeat(64) }, 'body.secret'],
    [
      'a secret where a platform vouches',
      { provider: 's3', secret: 'x'.repeat(32), settings: { senders: ['arn:aws:sns:x'] } },
      'body.secret',
    ],
    ['no senders where a platform vouches', { provider: 's3' }, 'body.settings.senders'],
    ['no word of how an HMAC is made', { provider: 'hmac' }, 'body.settings.signature'],
    [
      'settings of another sender',
      { provider: 'github', settings: { signature: { header: 'x-sign' } } },
      'body.settings.signature',
    ],
    [
      'an unsigned body',
      { provider: 'hmac', settings: { signature: { header: 'x-sign', signed: [] } } },
      'body.settings',
    ],
    ['another field (A-54)', { provider: 'github', tenantId: 'globex' }, 'body'],
    [
      'another field in the settings (A-54)',
      { provider: 'hmac', settings: { signature: { header: 'x-s', skip: true } } },
      'body.settings',
    ],
  ])('%s', async (_what, body, where) => {
    const tenant = await freshTenant();
    const { status, json } = await create(tenant, body);
    expect([status, json.code]).toEqual([400, 'invalid_request']);
    expect(json.detail).toContain(where);
    expect(await rows(tenant)).toEqual([]);
  });

  test('a tenant that is not there, or not the caller (A-50)', async () => {
    expect((await create('no-such-tenant', { provider: 'github' }, '')).status).toBe(404);
    await freshTenant('theirs');
    expect((await create('theirs', { provider: 'github' }, 'others')).status).toBe(404);
    const nobody = httpEvent('POST', ROUTE, { path: { tenant: 'theirs' }, body: '{"provider":"github"}' });
    expect((await (handlers.get('create-endpoint') as Handler)(nobody, lambdaContext())).statusCode).toBe(401);
    expect(await rows('theirs')).toEqual([]);
  });
});

describe('a sender that makes its secret itself', () => {
  test('is believed only once its secret is entered', async () => {
    const tenant = await freshTenant();
    const { json } = await create(tenant, { provider: 'stripe' });
    expect(json).toMatchObject({
      secrets: [],
      instructions: expect.arrayContaining([expect.stringContaining(json.url)]),
    });
    expect(json).not.toHaveProperty('secret');
    const path = { tenant, endpoint: json.id };
    expect((await ask('rotate-endpoint', path, { body: {} })).json.detail).toContain('body.secret');
    const { json: set } = await ask('rotate-endpoint', path, { body: { secret: `whsec_${'a'.repeat(32)}` } });
    expect(set.secrets).toHaveLength(1);
    expect(set).not.toHaveProperty('secret');
  });

  test('whatever form an HMAC has, the settings describe it', async () => {
    const tenant = await freshTenant();
    const signature = {
      header: 'x-sign',
      algorithm: 'sha512',
      encoding: 'base64',
      prefix: 'v=',
      eventId: { body: 'no' },
    };
    const { status, json } = await create(tenant, { provider: 'hmac', settings: { signature } });
    expect([status, json.settings.signature]).toEqual([201, { ...signature, signed: ['body'] }]);
    const body = '{"type":"paid","no":"7"}';
    const mark = `v=${createHmac('sha512', json.secret).update(body).digest('base64')}`;
    const event = (sign: string) =>
      httpEvent('POST', '/webhooks/{provider}/{endpoint}', {
        path: { provider: 'hmac', endpoint: json.id },
        headers: { 'content-type': 'application/json', 'x-sign': sign },
        body,
      });
    const receive = handlers.get('receive') as Handler;
    expect((await receive(event(mark.slice(2)), lambdaContext())).statusCode).toBe(401);
    expect((await receive(event(mark), lambdaContext())).statusCode).toBe(200);
    expect(await drain()).toBe(0);
    expect(await inboxOf(tenant)).toMatchObject([{ id: '7', type: 'paid', provider: 'hmac' }]);
  });
});

describe('what ends', () => {
  test('a removed endpoint takes nothing in after 60 s', async () => {
    const tenant = await freshTenant();
    const { json } = await create(tenant, { provider: 'github' });
    expect(await post(json.url, json.secret)).toBe(200);
    expect((await ask('remove-endpoint', { tenant, endpoint: json.id }, { as: tenant })).status).toBe(204);
    later(61_000);
    expect(await post(json.url, json.secret)).toBe(401);
    expect((await ask('remove-endpoint', { tenant, endpoint: json.id })).status).toBe(404);
  });

  async function clear(tenant: string) {
    const removed = { ...(readEvent('webhooks/clear') as { detail: object }) };
    const event = { ...removed, detail: { ...removed.detail, tenant: TenantId.parse(tenant) } };
    await (handlers.get('clear') as Handler)(event, lambdaContext('r', 100_000));
  }

  test('an erased tenant leaves no endpoint (G.3 item 12)', async () => {
    const tenant = await freshTenant();
    for (let n = 0; n < 3; n++) await create(tenant, { provider: 'github' });
    expect(await rows(tenant)).toHaveLength(3);
    await clear(tenant);
    expect(await rows(tenant)).toEqual([]);
  });

  test('what waits, or still comes in, for a tenant being erased has no effect, nor for the next of its name (G.3 item 12)', async () => {
    const tenants = tenantStore(openTable(dynamo.tables.tenants));
    const tenant = TenantId.parse(await freshTenant());
    const { json } = await create(tenant, { provider: 'github' });
    expect(await post(json.url, json.secret)).toBe(200);
    await tenants.markRemoving(tenant, Date.now());
    expect(await drain()).toBe(0);
    await clear(tenant);
    later(30_000);
    expect(await post(json.url, json.secret)).toBe(200); // what is in memory is believed for a minute
    await tenants.erase(tenant);
    expect(await drain()).toBe(0);
    later(60_000);
    await freshTenant(tenant, Date.now());
    expect(await drain()).toBe(0);
    expect([await inboxOf(tenant), bus.events]).toEqual([[], []]);
  });

  test('what came in before an endpoint was removed still counts', async () => {
    const tenant = await freshTenant();
    const { json } = await create(tenant, { provider: 'github' });
    expect(await post(json.url, json.secret)).toBe(200);
    await ask('remove-endpoint', { tenant, endpoint: json.id });
    expect(await drain()).toBe(0);
    expect(await inboxOf(tenant)).toHaveLength(1);
  });
});

describe('a secret that a request brings itself', () => {
  const token = 'secret_that_notion_made_up';
  async function bring() {
    const body = JSON.stringify({ verification_token: token });
    const mac = createHmac('sha256', token).update(body).digest('hex');
    const headers = { 'content-type': 'application/json', 'x-notion-signature': `sha256=${mac}` };
    const event = httpEvent('POST', '/webhooks/{provider}', { path: { provider: 'notion' }, headers, body });
    return (await (handlers.get('receive') as Handler)(event, lambdaContext(`req-${++count}`))).statusCode;
  }
  const shown = async () => {
    const { items } = (await ask('list-unrouted', {}, { query: 'provider=notion' })).json;
    return items.map(({ data }: { data: { verification_token: string } | null }) => data?.verification_token);
  };

  test('is shown to the operator for a day, and lies open nowhere; sent again it is shown again (B-15)', async () => {
    expect(await bring()).toBe(200);
    expect(await drain()).toBe(0);
    const kept = await openTable(dynamo.tables.inbox).query({ where: 'pk = :pk', values: { ':pk': UNROUTED } });
    const item = kept.items.find(({ provider }) => provider === 'notion');
    expect(Number(item?.ttl)).toBeLessThanOrEqual(Date.now() / 1000 + 86_401);
    for (const open of [token, Buffer.from(token).toString('base64').slice(4, -4)])
      expect(JSON.stringify([sent(), kept.items, bus.events, output.lines(), kms.asked])).not.toContain(open);
    expect(await shown()).toEqual([token]);
    later(24 * 60 * 60_000);
    expect(await shown()).toEqual([undefined]);
    expect(await bring()).toBe(200);
    expect(await drain()).toBe(0);
    expect(await shown()).toEqual([token, undefined]);
  });

  test('comes again while it cannot be sealed', async () => {
    kms.down = true;
    expect(await bring()).toBe(503);
    expect(sent()).toEqual([]);
  });
});

describe('while KMS is down (G12)', () => {
  test('what is in memory goes on; what is not is kept and judged later', async () => {
    const tenant = await freshTenant();
    const { json } = await create(tenant, { provider: 'github' });
    expect(await post(json.url, json.secret)).toBe(200);
    kms.down = true;
    later(61_000);
    expect(await post(json.url, json.secret)).toBe(200);
    await coldStart();
    sqs.resetHistory();
    expect([
      await post(json.url, json.secret, '{"n":1}', 'kms-1'),
      await post(json.url, 'a-wrong-secret-of-16', '{"n":2}', 'kms-2'),
    ]).toEqual([200, 200]);
    expect(deliveries().map(({ deferred }) => deferred)).toEqual([true, true]);
    expect(await drain()).toBe(2);
    kms.down = false;
    later(70_000);
    expect(await drain()).toBe(0);
    expect((await inboxOf(tenant)).map(({ id }) => id)).toEqual(['kms-1']);
  });
});
