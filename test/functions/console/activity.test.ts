import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SealedCall } from '../../../shared/calls/call.ts';
import { callStore } from '../../../shared/calls/store.ts';
import { auditedEvents } from '../../../shared/core/audit.ts';
import { auditLog } from '../../../shared/core/audit-log.ts';
import { openTable } from '../../../shared/core/aws.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { UNROUTED } from '../../../shared/core/keys.ts';
import type { InboxEvent } from '../../../shared/webhooks/event.ts';
import { inboxStore } from '../../../shared/webhooks/store.ts';
import { setEnv, startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { httpEvent, lambdaContext } from '../../support/http-event.ts';
import { readEvent } from '../../support/samples.ts';

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

let dynamo: TestDynamo;
let record: typeof import('../../../functions/console/record.ts')['handler'];
const handlers = {} as Record<'activity' | 'usage' | 'create' | 'create-key', Handler>;
beforeAll(async () => {
  dynamo = await startDynamo();
  const { tenants, calls, inbox, activity } = dynamo.tables;
  setEnv({ TENANTS_TABLE: tenants, TENANT_KEYS_TABLE: dynamo.tables['tenant-keys'], STAGE: 'test' });
  setEnv({ CALLS_TABLE: calls, INBOX_TABLE: inbox, ACTIVITY_TABLE: activity });
  ({ handler: record } = await import('../../../functions/console/record.ts'));
  ({ handler: handlers.activity } = (await import('../../../functions/console/activity.ts')) as { handler: Handler });
  ({ handler: handlers.usage } = (await import('../../../functions/console/usage.ts')) as { handler: Handler });
  ({ handler: handlers.create } = (await import('../../../functions/tenants/create.ts')) as { handler: Handler });
  ({ handler: handlers['create-key'] } = (await import('../../../functions/tenants/create-key.ts')) as {
    handler: Handler;
  });
});
afterAll(() => dynamo.stop());

const OPERATOR = { kind: 'operator' };
const keyOf = (tenantId: string) => ({ kind: 'tenant', tenantId, keyId: `${tenantId}.k1` });

async function ask(verb: 'activity' | 'usage', query: string, principal: Record<string, string>) {
  const answer = await handlers[verb](httpEvent('GET', `/v1/${verb}`, { query, principal }), lambdaContext());
  return { status: answer.statusCode, json: JSON.parse(String(answer.body)) };
}

async function post(verb: 'create' | 'create-key', path: Record<string, string>, body: object) {
  const headers = { 'content-type': 'application/json' };
  const event = httpEvent('POST', '/v1', { path, headers, body: JSON.stringify(body), principal: OPERATOR });
  return handlers[verb](event, lambdaContext('req-tenant'));
}

async function newTenant(id: string) {
  await post('create', {}, { id, name: 'Acme' });
  return TenantId.parse(id);
}

const connection = { provider: 'slack', name: 'sales' };

async function called(tenantId: TenantId, id: string, atMs: number, more: Partial<SealedCall> = {}) {
  const made: SealedCall = {
    ...{ tenantId, id, connection, endpoint: 'GET /v1/users/*', lane: 'interactive', status: 'succeeded', tries: 1 },
    ...{ attempts: [{ atMs, ms: 40, status: 200, bytes: 900 }], createdAtMs: atMs, expiresAtMs: atMs + 1 },
    ...{ requestId: 'req-call', sealed: Buffer.from('what it brought').toString('base64url') },
    ...more,
  };
  await callStore(openTable('calls')).forTenant(tenantId).putOnce(made);
}

async function received(tenantId: string, id: string, atMs: number) {
  const event: InboxEvent = {
    ...{ id, tenantId, provider: 'github', type: 'push', receivedAtMs: atMs, outcome: 'routed' },
    ...{ bodyHash: 'h', requestId: 'req-hook', content: { json: '{"text":"what came in"}' } },
  };
  await inboxStore(openTable('inbox')).forTenant(tenantId).keepOnce(event);
}

describe('GET /v1/activity', () => {
  test('has who did what, what was called and what came in, in one list, newest first', async () => {
    const tenant = await newTenant('acme');
    await post('create-key', { tenant }, { name: 'backend' });
    const nowMs = Date.now();
    await called(tenant, 'call_1', nowMs + 10);
    await called(tenant, 'call_2', nowMs + 30, {
      ...{ endpoint: 'messages.send', status: 'failed', connection: { provider: 'slack', name: 'default' } },
      attempts: [],
      error: { provider: 'slack', code: 'not_in_channel', message: 'A text.', retryable: false },
    });
    await received(tenant, 'ev-1', nowMs + 20);
    const to = new Date(nowMs + 1_000).toISOString();
    const { status, json } = await ask('activity', `tenant=acme&to=${to}`, OPERATOR);
    expect(status).toBe(200);
    expect(json.items).toEqual([
      {
        ...{ id: 'call_2', at: expect.any(String), kind: 'call', action: 'api.request', provider: 'slack' },
        ...{ connection: 'slack', endpoint: 'messages.send', status: 'failed', attempts: 0, ms: 0 },
        ...{ error: 'not_in_channel', requestId: 'req-call' },
      },
      {
        ...{ id: 'ev-1', at: expect.any(String), kind: 'webhook', action: 'webhook.received', type: 'push' },
        ...{ provider: 'github', status: 'routed', bytes: 23, requestId: 'req-hook' },
      },
      {
        ...{ id: 'call_1', at: expect.any(String), kind: 'call', action: 'api.request', provider: 'slack' },
        ...{ connection: 'slack:sales', endpoint: '/v1/users/*', method: 'GET', status: 'succeeded' },
        ...{ attempts: 1, ms: 40, bytes: 900, httpStatus: 200, requestId: 'req-call' },
      },
      {
        ...{ id: expect.stringMatching(/^aud_/), at: expect.any(String), kind: 'audit', action: 'key.created' },
        ...{ actor: OPERATOR, target: { key: expect.stringMatching(/^acme\./) }, status: 'done' },
        requestId: 'req-tenant',
      },
      expect.objectContaining({ action: 'tenant.created', target: { tenant: 'acme' } }),
    ]);
    expect(JSON.stringify(json)).not.toMatch(/what it brought|what came in|A text/);
    const calls = await ask('activity', `tenant=acme&kind=call&to=${to}`, OPERATOR);
    expect(calls.json.items.map(({ id }: { id: string }) => id)).toEqual(['call_2', 'call_1']);
  });

  test('walked in pages has each once, though a batch of calls and a delivery of events share their milliseconds', async () => {
    const atMs = Date.now() - 5;
    const tenant = await newTenant('batch');
    await openTable('tenants').update(
      { pk: tenant, sk: 'profile' },
      { update: 'SET createdAtMs = :at', values: { ':at': atMs } },
    );
    for (let at = 0; at < 7; at++) {
      await called(tenant, `call_${at}`, atMs);
      await received(tenant, `ev-${at}`, atMs);
    }
    for (const limit of [1, 3, 5]) {
      const ids: string[] = [];
      for (let cursor = ''; ; ) {
        const { json } = await ask('activity', `limit=${limit}${cursor && `&cursor=${cursor}`}`, keyOf(tenant));
        ids.push(...json.items.map(({ id }: { id: string }) => id));
        cursor = json.cursor;
        if (!cursor) break;
      }
      expect(ids).toHaveLength(15); // and the entry of the tenant itself
      expect(new Set(ids).size).toBe(15);
    }
  });

  test("shows a tenant's key its own alone: another tenant is like one that does not exist (A-50, A-52)", async () => {
    await newTenant('own');
    await newTenant('foreign');
    expect((await ask('activity', '', keyOf('own'))).json.items).toMatchObject([{ action: 'tenant.created' }]);
    expect((await ask('activity', 'tenant=own', keyOf('own'))).status).toBe(200);
    const answers = [];
    for (const query of ['tenant=foreign', 'tenant=nobody']) answers.push(await ask('activity', query, keyOf('own')));
    answers.push(await ask('usage', 'month=2026-11&tenant=foreign', keyOf('own')));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.status).toBe(404);
    expect((await ask('activity', '', { kind: 'unknown' })).status).toBe(401);
    const { json } = await ask('activity', 'limit=1&tenant=foreign', OPERATOR);
    expect(json.items).toHaveLength(1);
    const walked = await ask('activity', `limit=1&cursor=${json.cursor}`, keyOf('own')); // another's place in its list
    expect(JSON.stringify(walked.json)).not.toContain('foreign');
  });

  test('shows a tenant nothing of the one that had its id before; the operator sees all', async () => {
    const tenant = await newTenant('again');
    await openTable('tenants').update(
      { pk: tenant, sk: 'profile' },
      { update: 'SET createdAtMs = :at', values: { ':at': Date.now() + 60_000 } },
    );
    expect((await ask('activity', `to=${new Date(Date.now() + 120_000).toISOString()}`, keyOf(tenant))).json).toEqual({
      items: [],
    });
    expect((await ask('activity', `tenant=${tenant}`, OPERATOR)).json.items).toHaveLength(1);
  });

  test("shows the operator, who names no tenant, what is nobody's", async () => {
    await received(UNROUTED, 'ev-nobody', Date.now() - 1);
    const { json } = await ask('activity', '', OPERATOR);
    expect(json.items).toMatchObject([{ id: 'ev-nobody', status: 'routed' }]);
  });

  test('takes a span of time in which nothing can be, and refuses what is no cursor', async () => {
    const tenant = await newTenant('span');
    const query = 'from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z';
    expect((await ask('activity', query, keyOf(tenant))).json).toEqual({ items: [] });
    expect((await ask('activity', 'cursor=nonsense', keyOf(tenant))).status).toBe(400);
    const odd = Buffer.from(JSON.stringify({ audit: '0', call: 'x', webhook: '!' })).toString('base64url');
    expect((await ask('activity', `cursor=${odd}`, keyOf(tenant))).status).toBe(200);
  });

  test('the sample events run as they are', async () => {
    await newTenant('acme');
    for (const verb of ['activity', 'usage'] as const) {
      const answer = await handlers[verb](readEvent(`console/${verb}`) as APIGatewayProxyEventV2, lambdaContext());
      expect(answer.statusCode, verb).toBe(200);
    }
    await record(readEvent('console/record') as never, lambdaContext());
  });
});

describe('GET /v1/usage', () => {
  test('sums what a tenant used in a month, by provider; a day that is over is read once', async () => {
    const tenant = await newTenant('used');
    const last = new Date();
    last.setUTCDate(0); // the last day of the month before
    const month = last.toISOString().slice(0, 7);
    const atMs = Date.parse(`${month}-03T12:00:00Z`);
    await openTable('tenants').update(
      { pk: tenant, sk: 'profile' },
      { update: 'SET createdAtMs = :at', values: { ':at': atMs - 86_400_000 * 5 } },
    );
    await called(tenant, 'call_1', atMs);
    await called(tenant, 'call_2', atMs + 1, { status: 'failed' });
    await received(tenant, 'ev-1', atMs);
    const used = await ask('usage', `month=${month}`, keyOf(tenant));
    const slack = {
      provider: 'slack',
      calls: 2,
      succeeded: 1,
      failed: 1,
      attempts: 2,
      ms: 80,
      bytes: 1_800,
      webhooks: 0,
    };
    expect(used.json).toMatchObject({
      tenant,
      month,
      complete: true,
      items: [{ provider: 'github', webhooks: 1 }, slack],
    });
    expect(await openTable('activity').get({ pk: 'used#usage', sk: `${month}-03` })).toMatchObject({ version: 1 });
    await called(tenant, 'call_3', atMs + 2); // cannot be any more
    expect((await ask('usage', `month=${month}&tenant=used`, OPERATOR)).json).toEqual(used.json);
    expect((await ask('usage', '', OPERATOR)).json).toMatchObject({
      complete: true,
      month: new Date().toISOString().slice(0, 7),
    });
    expect((await ask('usage', 'month=2026-13', keyOf(tenant))).status).toBe(400);
  });
});

describe('what the hub does by itself', () => {
  const entriesOf = (tenant: string) =>
    auditLog(openTable('activity')).list(tenant, { fromMs: Date.now() - 3_600_000, toMs: Date.now() + 1, limit: 100 });

  test('is entered once under its event, however often that comes', async () => {
    const tenant = 'by-itself';
    const told = (detail: object) => ({ detail: { id: 'evt_1', version: 1, tenant, ...detail } }) as never;
    const time = new Date().toISOString();
    const about = { time, provider: 'slack', connection: 'slack' };
    const lost = told({ type: 'connection.needs_reauth', ...about, data: { reason: 'revoked' } });
    await record(lost, lambdaContext());
    await record(lost, lambdaContext());
    expect(await entriesOf(tenant)).toMatchObject([
      {
        ...{ action: 'connection.needs_reauth', actor: { kind: 'hub' }, reason: 'revoked' },
        target: { connection: 'slack', event: 'evt_1' },
      },
    ]);
    await record(told({ type: 'tenant.removed', time, data: {} }), lambdaContext());
    expect((await entriesOf('_owner'))[0]).toMatchObject({ action: 'tenant.removed', target: { tenant } });
    await record(told({ type: 'webhook.received', time, data: { data: 'made-up' } }), lambdaContext());
    expect(await entriesOf(tenant)).toHaveLength(1);
    expect(auditedEvents).toContain('subscription.disabled');
  });
});
