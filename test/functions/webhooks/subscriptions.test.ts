import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { activated, type Connection } from '../../../shared/connections/connection.ts';
import { sealGrant } from '../../../shared/connections/grant.ts';
import { portsFromEnv } from '../../../shared/connections/ports.ts';
import { openTable } from '../../../shared/core/aws.ts';
import { realMoment } from '../../../shared/core/clock.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { Secret } from '../../../shared/core/secret.ts';
import type { WayKind } from '../../../shared/providers/auth.ts';
import { tenantStore } from '../../../shared/tenants/store.ts';
import type { EndpointRow } from '../../../shared/webhooks/endpoint.ts';
import { endpointStore } from '../../../shared/webhooks/endpoint-store.ts';
import { fakeBus, fakeKms, fakeSecrets } from '../../support/aws-fakes.ts';
import { setEnv, startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { httpEvent, lambdaContext } from '../../support/http-event.ts';
import { startKms, type TestKms } from '../../support/kms-server.ts';
import { readEvent } from '../../support/samples.ts';
import { startSecrets } from '../../support/secrets-server.ts';

type Mode = Connection['mode'];
type Handler = (event: unknown, context: Context) => Promise<unknown>;
interface Heard {
  readonly at: string;
  readonly body: Record<string, string>;
  readonly authorization?: string;
}
interface Said {
  readonly status: number;
  readonly json?: unknown;
}

const DAY_MS = 86_400_000;
const HUB = 'https://hub.example.com';
const sqs = mockClient(SQSClient);
const secrets: Record<string, Record<string, unknown>> = {};
const handlers = new Map<string, Handler>();
let dynamo: TestDynamo;
let kms: TestKms;
let intakeSecrets: Awaited<ReturnType<typeof startSecrets>>;
let bus: ReturnType<typeof fakeBus>;
let ports: ReturnType<typeof portsFromEnv>;
let stopProvider: () => void;
let heard: Heard[] = [];
/** Answers each request to Google and Graph. */
let provider: (heard: Heard) => Said;

const inDays = (days: number) => Date.now() + days * DAY_MS;
let channels = 0;
const usual = ({ at, body }: Heard): Said => {
  if (at.endsWith('/watch')) {
    const expiration = String(inDays(7));
    return { status: 200, json: { id: body.id, resourceId: `resource-${++channels}`, expiration } };
  }
  if (at.endsWith('startPageToken')) return { status: 200, json: { startPageToken: 'page-7' } };
  if (at.startsWith('POST /graph/v1.0/subscriptions')) {
    return { status: 201, json: { id: `graph-${++channels}`, expirationDateTime: body.expirationDateTime } };
  }
  if (at.startsWith('PATCH ')) return { status: 200, json: { expirationDateTime: body.expirationDateTime } };
  return { status: 204 };
};

beforeAll(async () => {
  [dynamo, kms, intakeSecrets] = await Promise.all([startDynamo(), startKms(), startSecrets()]);
  fakeKms();
  bus = fakeBus();
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const one = {
      at: `${request.method} ${request.url}`,
      body: text.startsWith('{') ? JSON.parse(text) : {},
      authorization: request.headers.authorization,
    };
    heard.push(one);
    const { status, json } = provider(one);
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(json === undefined ? '' : JSON.stringify(json));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stopProvider = () => {
    server.closeAllConnections();
    server.close();
  };
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const app = { clientId: 'client', clientSecret: 'made-up-client-secret' };
  const google = {
    'https://www.googleapis.com': `${origin}/google`,
    'https://gmail.googleapis.com': `${origin}/gmail`,
    'https://oauth2.googleapis.com': `${origin}/oauth`,
  };
  secrets['patchbay/local/google'] = { ...app, origins: google };
  secrets['patchbay/local/microsoft'] = {
    ...app,
    origins: {
      'https://graph.microsoft.com': `${origin}/graph`,
      'https://login.microsoftonline.com': `${origin}/login`,
    },
  };
  fakeSecrets(secrets);
  const env = {
    STAGE: 'local',
    PUBLIC_URL: HUB,
    CONNECTIONS_TABLE: dynamo.tables.connections,
    TENANT_KEYS_TABLE: dynamo.tables['tenant-keys'],
    VAULT_KEY_ID: 'vault-key',
    PROVIDER_SECRETS: 'patchbay/local/',
    BUS_NAME: 'hub',
    LIMITS_TABLE: dynamo.tables.limits,
    ENDPOINTS_TABLE: dynamo.tables.endpoints,
    ENDPOINT_KEY_ID: 'endpoint-key',
  };
  setEnv({
    ...env,
    TENANTS_TABLE: dynamo.tables.tenants,
    INBOX_TABLE: dynamo.tables.inbox,
    INTAKE_QUEUE_URL: 'http://127.0.0.1:9/intake',
    HANDLER_QUEUE_URL: 'http://127.0.0.1:9/handlers',
    PAYLOAD_BUCKET: 'payloads',
  });
  ports = portsFromEnv(env);
  for (const verb of [
    'follow',
    'renew',
    'receive',
    'process',
    'list-endpoints',
    'remove-endpoint',
    'rotate-endpoint',
  ]) {
    handlers.set(verb, (await import(`../../../functions/webhooks/${verb}.ts`)).handler as Handler);
  }
  handlers.set(
    'connections/remove',
    (await import('../../../functions/connections/remove.ts')).handler as unknown as Handler,
  );
});
beforeEach(() => {
  heard = [];
  provider = usual;
  bus.events.length = 0;
  sqs.reset();
  sqs.on(SendMessageCommand).resolves({ MessageId: '1' });
  for (const secret of Object.values(secrets)) delete secret.subscriptions;
  later(10 * 60_000); // what was read of the owner's apps is old
});
afterEach(async () => {
  const table = openTable(dynamo.tables.endpoints);
  for (const { pk, sk } of (await table.scan({})).items) await table.remove({ pk, sk }); // no tick meets them again
});
afterAll(async () => {
  vi.useRealTimers();
  stopProvider();
  await Promise.all([dynamo.stop(), kms.stop(), intakeSecrets.stop()]);
});

const ask = (providerId: string, subscriptions: Record<string, Record<string, string>>) =>
  Object.assign(secrets[`patchbay/local/${providerId}`] ?? {}, { subscriptions });
const run = (verb: string, event: unknown, remainingMs = 100_000) =>
  (handlers.get(verb) as Handler)(event, lambdaContext('r', remainingMs));
const tick = () => run('renew', readEvent('webhooks/renew'));
const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });

let count = 0;
/** Connects an account and tells the features of it, as `confirm` does; the token lives for a year. */
async function connect(
  providerId: string,
  {
    tenant = `sub-${++count}`,
    account = 'account-1',
    scopes = [] as string[],
    mode = 'live' as Mode,
    name = 'account',
    at = Date.now(),
    kind = 'oauth2' as WayKind,
  } = {},
): Promise<TenantId> {
  const tenantId = TenantId.parse(tenant);
  await tenantStore(openTable(dynamo.tables.tenants)).create({
    ...{ tenantId, name: 'x', returnUrls: [], status: 'active', createdAtMs: 1, updatedAtMs: 1 },
  });
  const id = { provider: providerId, name: 'default' };
  const rows = ports.store.forTenant(tenantId);
  const previous = await rows.get(id);
  const generation = (previous?.generation ?? 0) + 1;
  const sealed = await sealGrant(ports.vault, tenantId, id, generation, {
    accessToken: new Secret(`token-${tenant}`),
    refreshToken: new Secret(`refresh-${tenant}`),
  });
  const about = { tenantId, id, account: { id: account, name }, kind, mode, sourceSession: 'cs_1' };
  await rows.save(
    activated(about, { generation, sealed, scopes, expiresInS: 31_536_000 }, previous, realMoment),
    previous,
  );
  await news('connection.activated', tenantId, providerId, { account, kind, scopes, reconnected: false }, at);
  return tenantId;
}

async function news(type: string, tenant: string, connection: string, data: object, at = Date.now()): Promise<void> {
  const { detail, ...sample } = readEvent('webhooks/follow') as { detail: object };
  const time = new Date(at).toISOString();
  await run('follow', { ...sample, detail: { ...detail, type, tenant, connection, provider: connection, time, data } });
}

const rowsOf = async (tenant: TenantId): Promise<EndpointRow[]> =>
  (await endpointStore(openTable(dynamo.tables.endpoints)).forTenant(tenant).list()).items;
async function list(tenant: TenantId) {
  const event = httpEvent('GET', '/v1/tenants/{tenant}/webhook-endpoints', {
    path: { tenant },
    principal: { kind: 'tenant', tenantId: tenant },
  });
  const { body } = (await run('list-endpoints', event)) as { body: string };
  return JSON.parse(body).items;
}
const asked = () => heard.map(({ at }) => at);

describe('when an account is connected', () => {
  test('a Google channel is made at an address of its own, with a token of its own', async () => {
    ask('google', { calendar: {} });
    const tenant = await connect('google', { scopes: ['openid', 'https://www.googleapis.com/auth/calendar.readonly'] });
    const [row] = await rowsOf(tenant);
    expect(heard).toEqual([
      {
        at: 'POST /google/calendar/v3/calendars/primary/events/watch',
        authorization: `Bearer token-${tenant}`,
        body: {
          id: expect.stringMatching(/^[\w-]{32}$/),
          type: 'web_hook',
          address: `${HUB}/webhooks/google/${row?.id}`,
          token: expect.stringMatching(/^[\w-]{43}$/),
          expiration: expect.stringMatching(/^\d{13}$/),
        },
      },
    ]);
    expect(await list(tenant)).toMatchObject([
      { connection: 'google', subscription: { kind: 'calendar', status: 'active', endsAt: expect.any(String) } },
    ]);
    const [channel] = heard;
    const notify = (token: string) =>
      run(
        'receive',
        httpEvent('POST', '/webhooks/{provider}/{endpoint}', {
          path: { provider: 'google', endpoint: row?.id ?? '' },
          headers: {
            'x-goog-channel-id': channel?.body.id ?? '',
            'x-goog-channel-token': token,
            'x-goog-message-number': '2',
            'x-goog-resource-state': 'exists',
            'x-goog-resource-id': 'resource-1',
          },
        }),
      );
    expect(await notify(channel?.body.token ?? '')).toMatchObject({ statusCode: 200 });
    expect(await notify('another-token-of-43-characters-0000000000000')).toMatchObject({ statusCode: 401 });
    const [sent] = sqs.commandCalls(SendMessageCommand);
    expect(JSON.parse(sent?.args[0].input.MessageBody ?? '')).toMatchObject({
      owner: { tenantId: tenant, connection: { provider: 'google', name: 'default' } },
    });
  });

  test('Graph is subscribed to all that the owner asks for and the grant covers, once', async () => {
    ask('microsoft', { messages: {}, events: { changeType: 'created' }, drive: {} });
    const tenant = await connect('microsoft', {
      scopes: ['User.Read', 'https://graph.microsoft.com/Mail.Read', 'Calendars.Read'],
    });
    const made = heard.map(({ body: { resource, changeType, notificationUrl, lifecycleNotificationUrl } }) => {
      expect(lifecycleNotificationUrl).toBe(notificationUrl);
      return [resource, changeType];
    });
    expect(made.sort()).toEqual([
      ['me/events', 'created'],
      ['me/messages', 'created,updated,deleted'],
    ]);
    expect(new Set(heard.map(({ body }) => body.clientState)).size).toBe(2);
    expect(new Set(heard.map(({ body }) => body.notificationUrl)).size).toBe(2);
    await news('connection.activated', tenant, 'microsoft', {
      account: 'account-1',
      scopes: ['Mail.Read', 'Calendars.Read'],
    });
    await tick();
    expect(heard).toHaveLength(2);
  });

  test('an app that acts for nobody is not subscribed to what is a person’s own', async () => {
    ask('microsoft', { messages: {}, drive: {} });
    const tenant = await connect('microsoft', { kind: 'client_credentials' });
    expect(await list(tenant)).toEqual([]);
    await news('connection.activated', tenant, 'microsoft', { account: 'account-1', kind: 'oauth2', scopes: [] });
    expect(await list(tenant)).toHaveLength(2);
  });

  test('Drive is watched from the place where it is; Gmail by the topic of the owner, at no address of its own', async () => {
    ask('google', { drive: {}, gmail: { topicName: 'projects/p/topics/t' } });
    const tenant = await connect('google');
    expect(asked().sort()).toEqual([
      'GET /google/drive/v3/changes/startPageToken',
      'POST /gmail/gmail/v1/users/me/watch',
      'POST /google/drive/v3/changes/watch?pageToken=page-7',
    ]);
    expect(heard.find(({ at }) => at.includes('gmail'))?.body).toEqual({ topicName: 'projects/p/topics/t' });
    expect(await list(tenant)).toHaveLength(2);
    const gmail = (await rowsOf(tenant)).find(({ subscription }) => subscription?.kind === 'gmail');
    expect(gmail).toMatchObject({ secrets: [] });
    expect(gmail).not.toHaveProperty('sealed');
  });

  test('what Gmail tells of a mailbox at the address of the owner’s app is of the connection to it', async () => {
    ask('google', { gmail: { topicName: 'projects/p/topics/t' } });
    const [tenant] = [
      await connect('google', { name: 'ada@people.example' }),
      await connect('google', { name: 'bob@people.example' }),
    ];
    const data = Buffer.from('{"emailAddress":"ada@people.example","historyId":9}').toString('base64');
    const delivery = {
      ...{ provider: 'google', receivedAt: new Date().toISOString(), requestId: 'r', deferred: false },
      headers: { 'content-type': 'application/json' },
      body: { base64: Buffer.from(JSON.stringify({ message: { data, messageId: '7' } })).toString('base64') },
    };
    const record = { messageId: '1', receiptHandle: 'r', body: JSON.stringify(delivery), eventSource: 'aws:sqs' };
    expect(await run('process', { Records: [{ ...record, attributes: {} }] })).toEqual({ batchItemFailures: [] });
    expect(bus.events).toMatchObject([{ type: 'webhook.received', tenant, connection: 'google' }]);
  });

  test('nothing is made that the owner does not ask for, or of another provider', async () => {
    const tenant = await connect('google');
    await connect('demo', { tenant });
    expect([heard, await rowsOf(tenant)]).toEqual([[], []]);
  });

  test('what the owner asks for wrongly fails visibly, and reaches nobody', async () => {
    ask('google', { gmail: { topicName: 'projects/p/../t' }, calendar: { calendarId: 'a', color: 'blue' } });
    const tenant = await connect('google');
    expect(heard).toEqual([]);
    expect(await list(tenant)).toMatchObject([
      { subscription: { kind: 'calendar', status: 'failing', error: { code: 'not_configured' } } },
      { subscription: { kind: 'gmail', status: 'failing', error: { code: 'not_configured' } } },
    ]);
  });

  test("its addresses are the hub's: nobody else deletes them or replaces their secrets", async () => {
    ask('google', { calendar: {} });
    const tenant = await connect('google');
    const [row] = await rowsOf(tenant);
    const path = { tenant, endpoint: row?.id ?? '' };
    const principal = { kind: 'operator' };
    const about = { path, principal, headers: { 'content-type': 'application/json' }, body: '{}' };
    const answers = [
      await run('remove-endpoint', httpEvent('DELETE', '/v1/tenants/{tenant}/webhook-endpoints/{endpoint}', about)),
      await run(
        'rotate-endpoint',
        httpEvent('POST', '/v1/tenants/{tenant}/webhook-endpoints/{endpoint}/rotate', about),
      ),
    ];
    expect(answers).toMatchObject([{ statusCode: 409 }, { statusCode: 409 }]);
    expect(await rowsOf(tenant)).toEqual([row]);
  });
});

describe('before it ends', () => {
  test('a Graph subscription is prolonged; where it is gone, another is made', async () => {
    ask('microsoft', { messages: {} });
    const tenant = await connect('microsoft');
    const values = (await rowsOf(tenant))[0]?.subscription?.values;
    heard = [];
    later(5 * DAY_MS);
    await tick();
    expect(heard).toEqual([]);
    later(1.05 * DAY_MS);
    await tick();
    expect(asked()).toEqual([`PATCH /graph/v1.0/subscriptions/${values?.id}`]);
    await tick();
    expect(heard).toHaveLength(1);
    heard = [];
    provider = (one) =>
      one.at.startsWith('PATCH') ? { status: 404, json: { error: { code: 'ResourceNotFound' } } } : usual(one);
    later(6.5 * DAY_MS);
    await tick();
    expect(asked().map((at) => at.split('?')[0])).toEqual([
      `PATCH /graph/v1.0/subscriptions/${values?.id}`,
      'POST /graph/v1.0/subscriptions',
    ]);
    expect(await list(tenant)).toMatchObject([{ subscription: { status: 'active' } }]);
  });

  test('a Google channel is followed by another, and only then stopped; address and token stay', async () => {
    ask('google', { calendar: {} });
    await connect('google');
    const [first] = heard;
    heard = [];
    later(6.5 * DAY_MS);
    await tick();
    expect(asked()).toEqual([
      'POST /google/calendar/v3/calendars/primary/events/watch',
      'POST /google/calendar/v3/channels/stop',
    ]);
    const [second, stop] = heard;
    expect(second?.body).toMatchObject({ address: first?.body.address, token: first?.body.token });
    expect(second?.body.id).not.toBe(first?.body.id);
    expect(stop?.body).toEqual({ id: first?.body.id, resourceId: `resource-${channels - 1}` });
  });

  test('a Gmail watch is repeated daily and never stopped', async () => {
    ask('google', { gmail: { topicName: 'projects/p/topics/t' } });
    await connect('google');
    later(1.1 * DAY_MS);
    await tick();
    expect(asked()).toEqual(['POST /gmail/gmail/v1/users/me/watch', 'POST /gmail/gmail/v1/users/me/watch']);
  });

  test('a shorter life than was asked for is renewed in time', async () => {
    ask('google', { calendar: {} });
    provider = (one) =>
      one.at.endsWith('/watch')
        ? { status: 200, json: { id: one.body.id, resourceId: 'r', expiration: String(Date.now() + 3_600_000) } }
        : usual(one);
    await connect('google');
    later(5 * 60_000);
    await tick();
    expect(heard).toHaveLength(1);
    later(5 * 60_000);
    await tick();
    expect(asked().filter((at) => at.endsWith('/watch'))).toHaveLength(2);
  });

  test.each(['reauthorizationRequired', 'subscriptionRemoved'])(
    'word of Graph (%s) has it looked after at once',
    async (word) => {
      ask('microsoft', { messages: {} });
      const tenant = await connect('microsoft');
      const [row] = await rowsOf(tenant);
      const [{ body: made } = { body: {} as Record<string, string> }] = heard;
      heard = [];
      const value = [{ subscriptionId: 'graph-1', clientState: made.clientState, lifecycleEvent: word, tenantId: 't' }];
      const post = (clientState: string) =>
        run(
          'receive',
          httpEvent('POST', '/webhooks/{provider}/{endpoint}', {
            path: { provider: 'microsoft', endpoint: row?.id ?? '' },
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ value: [{ ...value[0], clientState }] }),
          }),
        );
      expect(await post('another-state-of-43-characters-0000000000000')).toMatchObject({ statusCode: 401 });
      expect(await post(made.clientState ?? '')).toMatchObject({ statusCode: 202 });
      const [sent] = sqs.commandCalls(SendMessageCommand);
      const record = { messageId: '1', receiptHandle: 'r', body: sent?.args[0].input.MessageBody, attributes: {} };
      expect(await run('process', { Records: [{ ...record, eventSource: 'aws:sqs' }] })).toEqual({
        batchItemFailures: [],
      });
      await tick();
      expect(asked()).toEqual([`PATCH /graph/v1.0/subscriptions/${row?.subscription?.values?.id}`]);
    },
  );

  test('two ticks at once renew it once', async () => {
    ask('microsoft', { messages: {} });
    await connect('microsoft');
    heard = [];
    later(6.5 * DAY_MS);
    await Promise.all([tick(), tick(), tick()]);
    expect(heard).toHaveLength(1);
  });
});

describe('a failure', () => {
  test('is seen, tried again with growing delay, told once at the third in a row, and forgotten when it works', async () => {
    ask('google', { calendar: {} });
    provider = () => ({ status: 403, json: { error: { code: 403, message: 'no', status: 'PERMISSION_DENIED' } } });
    const tenant = await connect('google');
    expect(await list(tenant)).toMatchObject([
      { subscription: { status: 'failing', error: { code: 'PERMISSION_DENIED' } } },
    ]);
    await tick();
    expect(heard).toHaveLength(1); // not yet
    for (const hours of [1, 2, 7, 7]) {
      later(hours * 3_600_000);
      await tick();
    }
    expect(heard).toHaveLength(5);
    expect(bus.events.filter(({ type }) => type === 'webhook.subscription_failing')).toMatchObject([
      { tenant, connection: 'google', data: { subscription: 'calendar', code: 'PERMISSION_DENIED' } },
    ]);
    provider = usual;
    later(7 * 3_600_000);
    await tick();
    expect(await list(tenant)).toMatchObject([{ subscription: { status: 'active' } }]);
    expect((await list(tenant))[0].subscription).not.toHaveProperty('error');
  });

  test('of the provider to answer in its own words is one too: nothing is believed that is not there', async () => {
    ask('google', { calendar: {} });
    provider = () => ({ status: 200, json: { id: 'x' } });
    const tenant = await connect('google');
    expect(await list(tenant)).toMatchObject([
      { subscription: { status: 'failing', error: { code: 'provider_error' } } },
    ]);
  });

  test('of the grant waits for the end user, and goes on when the account is connected again', async () => {
    ask('google', { calendar: {} });
    provider = ({ at }) =>
      at.endsWith('/token')
        ? { status: 400, json: { error: 'invalid_grant' } }
        : { status: 401, json: { error: { code: 401, status: 'UNAUTHENTICATED', message: 'no' } } };
    const tenant = await connect('google');
    const id = { provider: 'google', name: 'default' };
    const broken = await ports.store.forTenant(tenant).get(id);
    expect(broken?.status).toBe('needs_reauth');
    later(60_000_000);
    await tick();
    expect(await list(tenant)).toMatchObject([{ subscription: { status: 'needs_reauth' } }]);
    heard = [];
    later(60_000_000);
    await tick();
    expect(heard).toEqual([]);
    provider = usual;
    await connect('google', { tenant });
    expect(await list(tenant)).toMatchObject([{ subscription: { status: 'active' } }]);
  });
});

describe('when it is not wanted any more', () => {
  test('what the owner no longer asks for is removed at the provider', async () => {
    ask('microsoft', { messages: {} });
    const tenant = await connect('microsoft');
    const [row] = await rowsOf(tenant);
    ask('microsoft', {});
    later(6.5 * DAY_MS);
    await tick();
    expect(asked().at(-1)).toBe(`DELETE /graph/v1.0/subscriptions/${row?.subscription?.values?.id}`);
    expect(await rowsOf(tenant)).toEqual([]);
  });

  test.each([
    ['microsoft', { messages: {}, events: {} }, /^DELETE .graph.v1.0.subscriptions.graph-\d+$/],
    ['google', { calendar: {}, gmail: { topicName: 'projects/p/topics/t' } }, /(channels|me).stop$/],
  ] as const)(
    'a disconnection ends at %s what was made for it, before it ends the grant',
    async (id, wanted, ending) => {
      ask(id, wanted);
      const tenant = await connect(id, { account: 'account-of-this-tenant-alone' });
      const made = heard.length;
      heard = [];
      const path = { tenant, connection: id };
      const principal = { kind: 'operator' };
      const event = httpEvent('DELETE', '/v1/tenants/{tenant}/connections/{connection}', { path, principal });
      expect(await run('connections/remove', event)).toMatchObject({ statusCode: 200 });
      expect(asked().filter((at) => ending.test(at))).toHaveLength(made);
      expect(heard.slice(0, made).every(({ authorization }) => authorization === `Bearer token-${tenant}`)).toBe(true);
      expect(asked().slice(made)).toEqual(id === 'google' ? ['POST /oauth/revoke'] : []);
      expect(await ports.store.forTenant(tenant).get({ provider: id, name: 'default' })).toBeUndefined();
    },
  );

  test('a token that has ended meanwhile is renewed for it', async () => {
    ask('microsoft', { messages: {} });
    const tenant = await connect('microsoft');
    heard = [];
    provider = (one) =>
      one.at.endsWith('/token')
        ? {
            status: 200,
            json: { access_token: 'fresh', refresh_token: 'next', token_type: 'Bearer', expires_in: 3_600 },
          }
        : usual(one);
    later(400 * DAY_MS);
    const path = { tenant, connection: 'microsoft' };
    const event = httpEvent('DELETE', '/v1/tenants/{tenant}/connections/{connection}', {
      ...{ path, principal: { kind: 'operator' } },
    });
    expect(await run('connections/remove', event)).toMatchObject({ statusCode: 200 });
    expect(heard.map(({ at, authorization }) => [at.split(' ')[0], authorization])).toEqual([
      ['POST', undefined],
      ['DELETE', 'Bearer fresh'],
    ]);
  });

  test('a provider that does not let go of a subscription holds up no disconnection', async () => {
    ask('microsoft', { messages: {} });
    const tenant = await connect('microsoft');
    provider = () => ({ status: 500 });
    const event = httpEvent('DELETE', '/v1/tenants/{tenant}/connections/{connection}', {
      path: { tenant, connection: 'microsoft' },
      principal: { kind: 'operator' },
    });
    expect(await run('connections/remove', event)).toMatchObject({ statusCode: 200 });
  });

  test('a disconnected account leaves no address; a late word of it ends no later connection', async () => {
    ask('google', { calendar: {} });
    const tenant = await connect('google', { at: Date.now() - 1_000 });
    await news('connection.removed', tenant, 'google', { revocation: 'revoked' }, Date.now() - 5_000);
    expect(await rowsOf(tenant)).toHaveLength(1);
    await news('connection.removed', tenant, 'google', { revocation: 'revoked' });
    expect(await rowsOf(tenant)).toEqual([]);
  });

  test('word of a connection that is gone already makes nothing that stays', async () => {
    ask('google', { calendar: {} });
    const tenant = TenantId.parse(`sub-${++count}`);
    await news('connection.activated', tenant, 'google', { account: 'a', scopes: [] });
    expect([heard, await rowsOf(tenant)]).toEqual([[], []]);
  });

  test('a connection in mock mode, which nobody could send anything, has none', async () => {
    ask('google', { calendar: {} });
    const tenant = await connect('google', { mode: 'mock' });
    expect([heard, await rowsOf(tenant)]).toEqual([[], []]);
  });

  test('another account in the place of one is another subscription', async () => {
    ask('microsoft', { messages: {} });
    const tenant = await connect('microsoft', { at: Date.now() - 1_000 });
    await connect('microsoft', { tenant, account: 'account-2' });
    expect(asked()).toEqual(['POST /graph/v1.0/subscriptions', 'POST /graph/v1.0/subscriptions']);
  });
});
