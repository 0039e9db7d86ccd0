import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { activated } from '../../../shared/connections/connection.ts';
import { connectionStore } from '../../../shared/connections/store.ts';
import { openTable } from '../../../shared/core/aws.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { OWNER, UNROUTED } from '../../../shared/core/keys.ts';
import type { WayKind } from '../../../shared/providers/auth.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { githubWebhooks } from '../../../shared/providers/github/webhooks.ts';
import { webhooksOf } from '../../../shared/providers/senders.ts';
import { slackWebhooks } from '../../../shared/providers/slack/webhooks.ts';
import { type Webhooks, waysOf } from '../../../shared/providers/webhooks.ts';
import { tenantStore } from '../../../shared/tenants/store.ts';
import type { Delivery } from '../../../shared/webhooks/contract.ts';
import { toView } from '../../../shared/webhooks/event.ts';
import { inboxStore } from '../../../shared/webhooks/store.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { lambdaContext } from '../../support/http-event.ts';
import { captureOutput } from '../../support/output.ts';
import { startS3, type TestS3 } from '../../support/s3.ts';
import { readEvent, samplesOf, sign } from '../../support/samples.ts';

const bus = mockClient(EventBridgeClient);
const secretsManager = mockClient(SecretsManagerClient);
const SECRET = 'example-github-webhook-secret';

let dynamo: TestDynamo;
let s3: TestS3;
let handler: (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;
let output: ReturnType<typeof captureOutput>;

beforeAll(async () => {
  [dynamo, s3] = await Promise.all([startDynamo(), startS3()]);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    STAGE: 'prod',
    INBOX_TABLE: dynamo.tables.inbox,
    ENDPOINTS_TABLE: dynamo.tables.endpoints,
    ENDPOINT_KEY_ID: 'endpoint-key',
    TENANTS_TABLE: dynamo.tables.tenants,
    CONNECTIONS_TABLE: dynamo.tables.connections,
    PAYLOAD_BUCKET: 'payloads',
    PROVIDER_SECRETS: 'patchbay/prod/',
    BUS_NAME: 'hub',
    HANDLER_QUEUE_URL: 'http://127.0.0.1:9/handlers',
  });
});
beforeEach(async () => {
  bus.reset();
  bus.on(PutEventsCommand).callsFake(({ Entries }) => ({ Entries: Entries.map(() => ({ EventId: '1' })) }));
  secretsManager.reset();
  secretsManager.on(GetSecretValueCommand).resolves({ SecretString: JSON.stringify({ webhookSecrets: [SECRET] }) });
  s3.objects.clear();
  output = captureOutput();
  vi.resetModules();
  handler = (await import('../../../functions/webhooks/process.ts')).handler as unknown as typeof handler;
});
afterEach(() => output.restore());
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL_S3;
  await Promise.all([dynamo.stop(), s3.stop()]);
});

let count = 0;
/** Ids of this test alone: the tables live as long as the file. */
const fresh = (what: string) => `${what}-${++count}`;

const connections = () => connectionStore(openTable(dynamo.tables.connections));
/** A tenant without connections. */
async function freshTenant(): Promise<TenantId> {
  const tenantId = TenantId.parse(fresh('tenant'));
  await tenantStore(openTable(dynamo.tables.tenants)).create({
    ...{ tenantId, name: 'x', returnUrls: [], status: 'active', createdAtMs: 1, updatedAtMs: 1 },
  });
  return tenantId;
}
const inboxOf = async (tenantId: string) =>
  (await inboxStore(openTable(dynamo.tables.inbox)).forTenant(tenantId).list({ limit: 100 })).events;

async function connect(
  provider: string,
  accountId: string,
  name = 'default',
  tenant = fresh('tenant'),
  grantedAtMs = 1,
  kind?: WayKind,
): Promise<TenantId> {
  const tenantId = TenantId.parse(tenant);
  const about = {
    tenantId,
    id: { provider, name },
    account: { id: accountId },
    sourceSession: fresh('cs'),
    grantedAtMs,
    kind,
  };
  const grant = { generation: 1, sealed: { accessToken: 'sealed' }, scopes: [] };
  await connections()
    .forTenant(tenantId)
    .save(activated(about, grant, undefined, { nowMs: 1, chance: () => 0 }), undefined);
  return tenantId;
}

const message = (delivery: unknown, messageId = 'm1') => ({
  ...(readEvent('webhooks/process') as SQSEvent).Records[0],
  messageId,
  body: typeof delivery === 'string' ? delivery : JSON.stringify(delivery),
});
const run = (...deliveries: unknown[]) =>
  handler(
    { Records: deliveries.map((delivery, index) => message(delivery, `m${index}`)) } as SQSEvent,
    lambdaContext(),
  );
const settled = { batchItemFailures: [] };

function github(
  accountId: string,
  { id = fresh('delivery'), type = 'issues', ...body }: Record<string, unknown> = {},
  over: Partial<Delivery> = {},
): Delivery {
  const bytes = Buffer.from(JSON.stringify({ ...body, repository: { owner: { id: accountId } } }));
  return {
    provider: 'github',
    receivedAt: '2023-11-14T22:13:20.000Z',
    requestId: fresh('req'),
    headers: {
      'content-type': 'application/json',
      'x-github-event': String(type),
      'x-github-delivery': String(id),
      ...sign(githubWebhooks, SECRET, bytes),
    },
    body: { base64: bytes.toString('base64') },
    deferred: false,
    ...over,
  };
}

function slack(teamId: string, event: Record<string, unknown>, eventId = fresh('Ev')): Delivery {
  const bytes = Buffer.from(
    JSON.stringify({ type: 'event_callback', team_id: teamId, event_id: eventId, event_time: 1_699_999_999, event }),
  );
  return {
    provider: 'slack',
    receivedAt: '2023-11-14T22:13:20.000Z',
    requestId: fresh('req'),
    headers: { 'content-type': 'application/json', ...sign(slackWebhooks, SECRET, bytes) },
    body: { base64: bytes.toString('base64') },
    deferred: false,
  };
}

const published = () =>
  bus
    .commandCalls(PutEventsCommand)
    .flatMap(({ args: [command] }) => (command.input.Entries ?? []).map(({ Detail = '' }) => JSON.parse(Detail)));

test('an event says how often its provider had sent it before it came in', async () => {
  const tenantId = await connect('slack', 'T-retries');
  const sent = [undefined, '2', '0', 'often'].map((count) => {
    const delivery = slack('T-retries', { type: 'message' });
    return { ...delivery, headers: { ...delivery.headers, ...(count && { 'x-slack-retry-num': count }) } };
  });
  expect(await run(...sent)).toEqual(settled);
  const kept = (await inboxOf(tenantId)).map((event) => toView(event, null));
  expect(kept.flatMap(({ retries }) => retries ?? [])).toEqual([2]);
  expect(kept).toHaveLength(4);
});

describe('an event', () => {
  test('is written once in the inbox of the tenant whose account it is, and published', async () => {
    const tenantId = await connect('github', '6811672');
    expect(await handler(readEvent('webhooks/process') as SQSEvent, lambdaContext())).toEqual(settled);
    const events = await inboxOf(tenantId);
    expect(events).toMatchObject([
      {
        id: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
        type: 'issues.opened',
        outcome: 'routed',
        connection: { provider: 'github', name: 'default' },
      },
    ]);
    expect(published()).toMatchObject([
      {
        type: 'webhook.received',
        tenant: tenantId,
        provider: 'github',
        connection: 'github',
        time: '2023-11-14T22:13:20.000Z',
        data: { event: '72d3162e-cc78-11e3-81ab-4c9367dc0958', type: 'issues.opened', data: { action: 'opened' } },
      },
    ]);
  });

  test('costs one conditional put, and a batch shares one PutEvents', async () => {
    const account = fresh('account');
    await connect('github', account);
    const requests = vi.spyOn(DynamoDBClient.prototype, 'send');
    await run(...Array.from({ length: 10 }, () => github(account)));
    const writes = requests.mock.calls
      .map(([command]) => command.constructor.name)
      .filter((name) => name !== 'QueryCommand');
    requests.mockRestore();
    expect(writes).toEqual(Array(10).fill('PutItemCommand'));
    expect(published()).toHaveLength(10);
    expect(bus.commandCalls(PutEventsCommand).length).toBeLessThan(10);
  });

  test('that nobody owns is kept apart, and never shown to a tenant', async () => {
    const before = (await inboxOf(UNROUTED)).length;
    expect(await run(github(fresh('account')))).toEqual(settled);
    expect(await inboxOf(UNROUTED)).toHaveLength(before + 1);
    expect(published()).toMatchObject([{ type: 'webhook.received', tenant: UNROUTED }]);
  });

  test('of an account that several tenants have connected goes to each, once (D-13)', async () => {
    const account = fresh('account');
    const first = await connect('github', account);
    await connect('github', account, 'sales', first);
    const second = await connect('github', account);
    const bystander = await connect('github', fresh('account'));
    await run(github(account));
    expect([await inboxOf(first), await inboxOf(second), await inboxOf(bystander)].map(({ length }) => length)).toEqual(
      [1, 1, 0],
    );
    const received = published().filter(({ type }) => type === 'webhook.received');
    expect(new Set(received.map(({ id }) => id)).size).toBe(2);
    const [told, ...more] = published().filter(({ type }) => type === 'webhook.fanned_out');
    expect(more).toEqual([]);
    expect(told).toMatchObject({ tenant: OWNER, provider: 'github', data: { tenants: [first, second].sort() } });
    for (const { tenant, ...rest } of received) {
      const other = tenant === first ? second : first;
      expect(JSON.stringify(rest), 'a tenant learns nothing of another').not.toContain(other);
    }
  });

  test('goes nowhere by what a body says beside the account: 100 bodies that name other tenants', async () => {
    const victim = await connect('github', fresh('account'));
    const mine = fresh('account');
    const tenantId = await connect('github', mine);
    await run(
      ...Array.from({ length: 100 }, (_, n) => github(mine, { tenant: victim, tenantId: victim, account: victim, n })),
    );
    expect(await inboxOf(victim)).toEqual([]);
    expect(await inboxOf(tenantId)).toHaveLength(100);
  });

  test('is not routed by the same number at another provider', async () => {
    const account = fresh('account');
    const tenantId = await connect('slack', account);
    await run(github(account));
    expect(await inboxOf(tenantId)).toEqual([]);
  });

  test('without an id of its own is known by its body', async () => {
    const team = fresh('T');
    const tenantId = await connect('slack', team);
    const bytes = Buffer.from(JSON.stringify({ type: 'app_rate_limited', team_id: team, minute_rate_limited: 1 }));
    const delivery = { ...slack(team, {}), body: { base64: bytes.toString('base64') } };
    await run(delivery);
    await run({ ...delivery, requestId: fresh('req') });
    expect(await inboxOf(tenantId)).toMatchObject([
      { type: 'app_rate_limited', id: expect.stringMatching(/^[\w-]{43}$/) },
    ]);
    expect(published()).toHaveLength(1);
  });

  test('that is not JSON is kept as the text that it is', async () => {
    const delivery = { ...github('1'), body: { base64: Buffer.from('hello').toString('base64') } };
    await run(delivery);
    expect(published()).toMatchObject([{ data: { type: 'issues', data: 'hello' } }]);
  });

  test('with an own __proto__ pollutes nothing (D-12)', async () => {
    const account = fresh('account');
    const tenantId = await connect('github', account);
    const bytes = Buffer.from(
      `{"__proto__":{"isAdmin":true},"repository":{"owner":{"id":"${account}","__proto__":{"isAdmin":true}}}}`,
    );
    await run({ ...github(account), body: { base64: bytes.toString('base64') } });
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    expect((await inboxOf(tenantId))[0]?.content).toEqual({ json: `{"repository":{"owner":{"id":"${account}"}}}` });
  });
});

describe('a delivery with several events', () => {
  const delivery = (provider: string, body: unknown, over: Partial<Delivery> = {}): Delivery => ({
    provider,
    receivedAt: '2023-11-14T22:13:20.000Z',
    requestId: fresh('req'),
    headers: { 'content-type': 'application/json' },
    body: { base64: Buffer.from(JSON.stringify(body)).toString('base64') },
    deferred: false,
    ...over,
  });

  test("is taken apart: each company's tenant gets its own events, and nothing of the others'", async () => {
    const [one, other] = [fresh('realm'), fresh('realm')];
    const [first, second] = [await connect('quickbooks', one), await connect('quickbooks', other)];
    const cloudEvent = (realm: string, id: string) => ({
      ...{ specversion: '1.0', id, type: 'qbo.invoice.created.v1', time: '2026-11-20T10:00:00Z' },
      ...{ intuitentityid: '7', intuitaccountid: realm, data: {} },
    });
    await run(delivery('quickbooks', [cloudEvent(one, 'q1'), cloudEvent(other, 'q2'), cloudEvent(one, 'q3')]));
    expect((await inboxOf(first)).map(({ id }) => id).sort()).toEqual(['q1', 'q3']);
    expect((await inboxOf(second)).map(({ id }) => id)).toEqual(['q2']);
    expect(JSON.stringify(await inboxOf(second))).not.toContain(one);
  });

  test("costs one put for each, at a tenant's own address one read for all, and they share what is published", async () => {
    const tenantId = await freshTenant();
    const events = Array.from({ length: 200 }, (_, n) => ({ sg_event_id: `s${n}`, event: 'delivered', timestamp: 1 }));
    const requests = vi.spyOn(DynamoDBClient.prototype, 'send');
    await run(delivery('sendgrid', events, { owner: { tenantId } }));
    const [read, ...writes] = requests.mock.calls.map(([command]) => command.constructor.name);
    expect([read, writes]).toEqual(['GetItemCommand', Array(200).fill('PutItemCommand')]);
    requests.mockRestore();
    expect(new Set(published().map(({ id }) => id)).size).toBe(200);
    expect(bus.commandCalls(PutEventsCommand).length).toBeLessThanOrEqual(30);
  });
});

describe("a delivery to a tenant's own address (D-13)", () => {
  const endpoint = (owner: Delivery['owner'], account: string) => github(account, {}, { endpoint: 'made-up', owner });

  test('is that tenant, whatever account its body names: no row for another', async () => {
    const account = fresh('account');
    const victim = await connect('github', account);
    const tenantId = await freshTenant();
    await run(endpoint({ tenantId }, account));
    expect(await inboxOf(victim)).toEqual([]);
    const [event] = await inboxOf(tenantId);
    expect(event).toMatchObject({ outcome: 'routed' });
    expect(event?.connection).toBeUndefined();
    expect(published()).toMatchObject([{ type: 'webhook.received', tenant: tenantId }]);
  });

  test("is of the connection that the address names, or else of the tenant's own that has the account", async () => {
    const account = fresh('account');
    const tenantId = await connect('github', account, 'sales', await freshTenant(), 1, 'basic'); // however it was made
    await connect('github', account);
    await run(endpoint({ tenantId }, account));
    await run(endpoint({ tenantId, connection: { provider: 'github', name: 'other' } }, account));
    const kept = await inboxOf(tenantId);
    expect(kept.map(({ connection }) => connection?.name).sort()).toEqual(['other', 'sales']);
  });
});

test('a secret that a provider brings unsealed is told to nobody, and not kept', async () => {
  const token = `secret_${fresh('made-up-token')}`;
  const bytes = Buffer.from(JSON.stringify({ verification_token: token }));
  await run({ ...github('1'), provider: 'notion', body: { base64: bytes.toString('base64') } });
  expect(published()).toEqual([]);
  expect(JSON.stringify(await inboxOf(UNROUTED))).not.toContain(token);
  expect(JSON.stringify(output.lines())).not.toContain(token);
});

describe('a repeated delivery (D-08)', () => {
  test('is one row and one event: 1,000 at once, and again an hour, a day and 75 hours later', async () => {
    const account = fresh('account');
    const tenantId = await connect('github', account);
    const delivery = github(account, { id: fresh('delivery') });
    const again = (receivedAt: string) => ({ ...delivery, requestId: fresh('req'), receivedAt });
    for (let round = 0; round < 100; round++) {
      await run(...Array.from({ length: 10 }, () => again('2023-11-14T22:13:20.000Z')));
    }
    for (const later of ['2023-11-14T23:13:20.000Z', '2023-11-15T22:13:20.000Z', '2023-11-18T01:13:20.000Z'])
      await run(again(later));
    expect(await inboxOf(tenantId)).toHaveLength(1);
    expect(published()).toHaveLength(1);
  });

  test('with another body is kept beside the first and flagged', async () => {
    const account = fresh('account');
    const tenantId = await connect('github', account);
    const id = fresh('delivery');
    await run(github(account, { id, n: 1 }));
    const other = github(account, { id, n: 2 });
    await run(other);
    await run({ ...other, requestId: fresh('req') });
    const events = await inboxOf(tenantId);
    expect(events.map(({ outcome }) => outcome).sort()).toEqual(['conflicting', 'routed']);
    expect(published().map(({ type }) => type)).toEqual(['webhook.received', 'webhook.conflicting']);
    expect(published()[1]?.data.event).toBe(events.find(({ outcome }) => outcome === 'conflicting')?.id);
  });

  test('of the same message, when the bus failed the first time, is published with the same id', async () => {
    const account = fresh('account');
    await connect('github', account);
    const delivery = github(account);
    bus.reset();
    bus
      .on(PutEventsCommand)
      .rejectsOnce(new Error('down'))
      .callsFake(({ Entries }) => ({ Entries: Entries.map(() => ({ EventId: '1' })) }));
    expect(await run(delivery)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(await run(delivery)).toEqual(settled);
    expect(await run(delivery)).toEqual(settled);
    expect(new Set(published().map(({ id }) => id)).size).toBe(1);
  });
});

describe('a large body', () => {
  test('is fetched from the bucket, and lies in an object of its own for each tenant', async () => {
    const account = fresh('account');
    const tenants = [await connect('github', account), await connect('github', account)];
    const bytes = Buffer.from(JSON.stringify({ repository: { owner: { id: account } }, text: 'x'.repeat(1_000_000) }));
    s3.objects.set('/payloads/intake/r1', bytes);
    const delivery = { ...github(account), body: { object: 'intake/r1' } };
    expect(await run(delivery)).toEqual(settled);
    for (const tenantId of tenants) {
      const [event] = await inboxOf(tenantId);
      expect(event?.content).toEqual({ object: expect.stringMatching(`^inbox/${tenantId}/`), bytes: bytes.length });
      const object = event?.content && 'object' in event.content ? event.content.object : '';
      expect(s3.objects.get(`/payloads/${object}`)?.equals(bytes)).toBe(true);
    }
    const received = published().filter(({ type }) => type === 'webhook.received');
    expect(received).toMatchObject([{ data: { data: null } }, { data: { data: null } }]);
  });

  test('around the row limit is kept, whichever way', async () => {
    const account = fresh('account');
    const tenantId = await connect('github', account);
    for (const size of [299_000, 299_960, 300_100, 400_000])
      expect(await run(github(account, { text: 'ü'.repeat(size / 2) }))).toEqual(settled);
    const kept = await inboxOf(tenantId);
    expect(kept).toHaveLength(4);
    expect(kept.filter(({ content }) => 'object' in content).length).toBeGreaterThan(0);
  });

  test('whose object is missing comes back, and is not lost as if it were done', async () => {
    expect(await run({ ...github('1'), body: { object: 'intake/nothing' } })).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm0' }],
    });
  });
});

describe('a deferred delivery', () => {
  test('is judged by its time of arrival before anything else; forged ones and handshakes leave nothing', async () => {
    const account = fresh('account');
    const tenantId = await connect('github', account);
    const forged = github(account, {}, { deferred: true });
    const team = fresh('T');
    await connect('slack', team);
    const message = { ...slack(team, { type: 'message' }), deferred: true };
    const stale = { ...message, receivedAt: '2023-11-14T22:18:21.000Z' };
    const handshake = Buffer.from(JSON.stringify({ type: 'url_verification', challenge: 'x' }));
    expect(
      await run(
        { ...forged, headers: { ...forged.headers, ...sign(githubWebhooks, 'another-secret-of-this-hub', 'x') } },
        stale,
        {
          ...message,
          headers: { 'content-type': 'application/json', ...sign(slackWebhooks, SECRET, handshake) },
          body: { base64: handshake.toString('base64') },
        },
      ),
    ).toEqual(settled);
    expect(published()).toEqual([]);
    expect(await inboxOf(tenantId)).toEqual([]);

    expect(await run(github(account, {}, { deferred: true }), message)).toEqual(settled);
    expect(published().map(({ type }) => type)).toEqual(['webhook.received', 'webhook.received']);
  });

  test('waits while the secret still cannot be read, and is not a fault', async () => {
    secretsManager.reset();
    secretsManager.on(GetSecretValueCommand).rejects(new Error('down'));
    expect(await run(github('1', {}, { deferred: true }))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(published()).toEqual([]);
    expect(output.lines().filter(({ level }) => level === 'ERROR')).toEqual([]);
  });
});

describe('an event that ends the connection', () => {
  test.each([
    ['app_uninstalled', { type: 'app_uninstalled' }, 'uninstalled'],
    ['tokens_revoked', { type: 'tokens_revoked', tokens: { bot: ['U1'] } }, 'tokens_revoked'],
  ])('%s: needs_reauth, with its reason, for every tenant of the account', async (_name, event, reason) => {
    const team = fresh('T');
    const tenants = [await connect('slack', team), await connect('slack', team)];
    await run(slack(team, event));
    for (const tenantId of tenants) {
      const row = await connections().forTenant(tenantId).get({ provider: 'slack', name: 'default' });
      expect(row).toMatchObject({ status: 'needs_reauth', reason });
      expect(row?.sealed).toBeUndefined();
    }
    expect(published().filter(({ type }) => type === 'connection.needs_reauth')).toMatchObject([
      { data: { reason } },
      { data: { reason } },
    ]);
  });

  const endings = Object.keys(webhooksOf).flatMap((provider) =>
    samplesOf(provider).flatMap((sample) =>
      (sample.expect.events ?? []).filter(({ ending }) => ending).map((event) => ({ provider, sample, event })),
    ),
  );

  test('is known of each provider that tells of one', () => {
    const declared = Object.entries<Webhooks>(webhooksOf).flatMap(([id, { lifecycle = {} }]) =>
      Object.keys(lifecycle).map((type) => `${id} ${type}`),
    );
    expect(endings.map(({ provider, event }) => `${provider} ${event.type}`).sort()).toEqual(declared.sort());
  });

  /** Connects the account in each of the provider's ways, for a tenant each, and delivers the sample to the owner's app. */
  async function endOf({ provider, sample, event }: (typeof endings)[number]) {
    const kinds = (catalogue[provider]?.provider.auth ?? []).map(({ kind }) => kind);
    const tenants = new Map<WayKind, TenantId>();
    for (const kind of kinds)
      tenants.set(kind, await connect(provider, event.accounts[0] ?? '', 'default', fresh('tenant'), 1, kind));
    const { headers, body, url, sentAt } = sample;
    await run({
      ...{ provider, headers, url, receivedAt: sentAt, requestId: fresh('req'), deferred: false },
      body: { base64: Buffer.from(body).toString('base64') },
    });
    const ended = await Promise.all(
      [...tenants].map(async ([kind, tenantId]) => {
        const row = await connections().forTenant(tenantId).get({ provider, name: 'default' });
        if (row?.status === 'active') return [];
        expect(row).toMatchObject({ status: 'needs_reauth', reason: event.ending });
        expect(row?.announceAtMs).toBeUndefined();
        return [kind];
      }),
    );
    const told = await Promise.all(
      [...tenants].map(async ([kind, tenantId]) => ((await inboxOf(tenantId)).length > 0 ? [kind] : [])),
    );
    return { ended: ended.flat(), told: told.flat() };
  }

  test.each(endings)(
    '$provider: $event.type ends what was made with the app, and no key of a tenant (D-13)',
    async (one) => {
      const webhooks: Webhooks = webhooksOf[one.provider as keyof typeof webhooksOf];
      const { ended, told } = await endOf(one);
      expect(ended).toEqual(waysOf(webhooks.lifecycle?.[one.event.type] ?? {}));
      expect(told.sort()).toEqual([...waysOf(webhooks)].sort());
    },
  );

  test('that came late cannot end a connection that was authorized after it', async () => {
    const team = fresh('T');
    const tenantId = await connect('slack', team, 'default', fresh('tenant'), 1_699_999_999_001);
    await run(slack(team, { type: 'app_uninstalled' })); // at 1,699,999,999 s
    const row = () => connections().forTenant(tenantId).get({ provider: 'slack', name: 'default' });
    expect(await row()).toMatchObject({ status: 'active' });
    expect(published().map(({ type }) => type)).toEqual(['webhook.received']);
  });

  test("a person's token revoked, or any other event, changes nothing", async () => {
    const team = fresh('T');
    const tenantId = await connect('slack', team);
    await run(
      slack(team, { type: 'tokens_revoked', tokens: { oauth: ['U1'], bot: [] } }),
      slack(team, { type: 'message' }),
    );
    expect(await connections().forTenant(tenantId).get({ provider: 'slack', name: 'default' })).toMatchObject({
      status: 'active',
    });
  });
});

describe('a batch (G.4)', () => {
  test('gives back exactly what failed: unreadable, unknown, poison; none and all', async () => {
    const account = fresh('account');
    await connect('github', account);
    const good = () => github(account);
    expect(await run()).toEqual(settled);
    expect(await run(good(), good())).toEqual(settled);
    const answer = await run('not json', good(), { ...good(), provider: 'unknown' }, good(), '{}');
    expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort()).toEqual(['m0', 'm2', 'm4']);
    expect(await run('1', '2')).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }, { itemIdentifier: 'm1' }] });
  });
});
