import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TenantId } from '../../../shared/core/ids.ts';
import { setEnv } from '../../support/dynamo.ts';
import { httpEvent, lambdaContext } from '../../support/http-event.ts';
import { startCalls } from './hub.ts';

// A connection's mode: live, mock (answers from the examples), hybrid (live, and a mock while the provider is down).

let hub: Awaited<ReturnType<typeof startCalls>>;
type Handler = (event: unknown, context: Context) => Promise<{ statusCode: number; body?: string }>;
let handlers: Record<'create' | 'remove', Handler>;

beforeAll(async () => {
  hub = await startCalls();
  setEnv({ TENANTS_TABLE: hub.dynamo.tables.tenants ?? '', HYBRID_MODE: 'on' });
  const { openTable } = await import('../../../shared/core/aws.ts');
  const { tenantStore } = await import('../../../shared/tenants/store.ts');
  const times = { createdAtMs: 1, updatedAtMs: 1 };
  await tenantStore(openTable(hub.dynamo.tables.tenants ?? '')).create({
    ...{ tenantId: TenantId.parse('acme'), name: 'Acme', returnUrls: [], status: 'active', ...times },
  });
  const load = async (verb: string) => (await import(`../../../functions/connections/${verb}.ts`)).handler as Handler;
  handlers = { create: await load('create'), remove: await load('remove') };
});
afterAll(() => hub.stop());
beforeEach(() => {
  hub.seen.length = 0;
  hub.script.length = 0;
});

async function connect(body: Record<string, unknown>) {
  const event = httpEvent('POST', '/v1/tenants/{tenant}/connections', {
    path: { tenant: 'acme' },
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    principal: { kind: 'tenant', tenantId: 'acme' },
  });
  const answer = await handlers.create(event, lambdaContext('req-1', 29_000));
  return { status: answer.statusCode, json: JSON.parse(answer.body ?? '{}') };
}
const key = { kind: 'api_key', apiKey: 'demo-key-ada' } as const;
const call = (connection: string, action: string, input: unknown, headers = {}) =>
  hub.submit({ action, input }, headers, 'acme', connection);

describe('mock', () => {
  test('needs no credential, of any provider, and asks none', async () => {
    const { status, json } = await connect({ provider: 'stripe', mode: 'mock' });
    expect([status, json]).toEqual([
      201,
      expect.objectContaining({
        provider: 'stripe',
        status: 'active',
        mode: 'mock',
        account: { id: 'mock', name: 'Mock' },
      }),
    ]);
    const made = await call('stripe', 'customers.create', { email: 'grace@example.com', name: 'Grace' });
    expect(made.json).toMatchObject({ status: 'succeeded', mocked: true, attempts: [{ status: 200 }] });
    const customer = made.json.result.id;
    const read = await call('stripe', 'customers.retrieve', { customer });
    expect(read.json.result).toEqual({ id: customer, email: 'grace@example.com', name: 'Grace' });
    expect(hub.seen).toEqual([]);
  });

  test('a change that names a version reads it from the mock, too', async () => {
    await connect({ provider: 'quickbooks', mode: 'mock' });
    const made = await call('quickbooks', 'customers.create', { displayName: 'Acme' });
    const { Id } = made.json.result.Customer;
    const changed = await call('quickbooks', 'customers.update', { id: Id, companyName: 'Acme GmbH' });
    expect(changed.json).toMatchObject({ status: 'succeeded', mocked: true, result: { Customer: { Id } } });
    const read = await call('quickbooks', 'customers.get', { id: Id });
    expect(read.json.result.Customer).toMatchObject({ Id, DisplayName: 'Acme' });
    const missed = await call('quickbooks', 'customers.update', { id: '404', companyName: 'x' });
    expect(missed.json).toMatchObject({ status: 'failed', error: { code: 'not_found' } });
  });

  test('the same idempotency key makes one object, another key another', async () => {
    await connect({ provider: 'hubspot', mode: 'mock' });
    const input = { properties: { email: 'a@b.example' } };
    const ids = [];
    for (const name of ['k1', 'k1', 'k2']) {
      ids.push((await call('hubspot', 'contacts.create', input, { 'idempotency-key': name })).json.result.id);
    }
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  test('what nobody made is not found; another connection does not see it', async () => {
    await connect({ provider: 'demo', name: 'one', mode: 'mock' });
    await connect({ provider: 'demo', name: 'two', mode: 'mock' });
    const { json } = await call('demo:one', 'contacts.create', { name: 'Ada', email: 'ada@example.com' });
    expect((await call('demo:one', 'contacts.get', { id: json.result.id })).json.result.name).toBe('Ada');
    const missed = await call('demo:two', 'contacts.get', { id: json.result.id });
    expect(missed.json).toMatchObject({ status: 'failed', error: { status: 404, retryable: false } });
  });

  test('a raw request has no example to be answered from', async () => {
    await connect({ provider: 'notion', mode: 'mock' });
    const { json } = await hub.submit({ request: { method: 'GET', path: '/users/me' } }, {}, 'acme', 'notion');
    expect(json).toMatchObject({ status: 'failed', error: { code: 'not_found' } });
    expect(hub.seen).toEqual([]);
  });

  test('is disconnected without a word to the provider', async () => {
    await connect({ provider: 'github', mode: 'mock' });
    const event = httpEvent('DELETE', '/v1/tenants/{tenant}/connections/{connection}', {
      path: { tenant: 'acme', connection: 'github' },
      principal: { kind: 'tenant', tenantId: 'acme' },
    });
    const answer = await handlers.remove(event, lambdaContext('req-1', 29_000));
    expect([answer.statusCode, JSON.parse(answer.body ?? '{}').status]).toEqual([200, 'revoked']);
    expect((await call('github', 'user.get', {})).status).toBe(404);
  });

  test('a live connection of the same name stays one', async () => {
    expect((await connect({ provider: 'demo', mode: 'mock' })).json).toMatchObject({ code: 'account_mismatch' });
  });

  test.each([
    ['a mock with a credential', { mode: 'mock', credential: key }],
    ['a live one without', {}],
    ['a hybrid one without', { mode: 'hybrid' }],
    ['another mode', { mode: 'sandbox', credential: key }],
  ])('%s is refused', async (_what, body) => {
    const { status, json } = await connect({ provider: 'demo', name: 'odd', ...body });
    expect([status, json.code]).toEqual([400, 'invalid_request']);
  });
});

describe('hybrid', () => {
  const contact = { name: 'Ada', email: 'ada@example.com' };
  beforeAll(async () => {
    const { status } = await connect({ provider: 'demo', name: 'both', mode: 'hybrid', credential: key });
    expect(status).toBe(201);
  });

  test('answers live while the provider does', async () => {
    const { json } = await call('demo:both', 'contacts.create', contact);
    expect(json).toMatchObject({ status: 'succeeded', result: { id: 'c1' } });
    expect(json).not.toHaveProperty('mocked');
    expect(hub.seen).toHaveLength(1);
  });

  test('answers from the example when the provider fails, and says so', async () => {
    hub.script.push([503], [500]);
    const made = await call('demo:both', 'contacts.create', contact);
    expect(made.json).toMatchObject({ status: 'succeeded', mocked: true, result: { name: 'Ada' } });
    const read = await call('demo:both', 'contacts.get', { id: made.json.result.id });
    expect(read.json).toMatchObject({ status: 'succeeded', mocked: true, result: { name: 'Ada' } });
  });

  test('answers from the example while an outage holds calls back: the provider is not asked', async () => {
    await connect({ provider: 'demo', name: 'down', mode: 'hybrid', credential: key });
    hub.seen.length = 0;
    hub.script.push([503], [503], [503], [503], [503], [503]); // the sixth confirms what five let suspect
    for (let turn = 0; turn < 8; turn++) {
      const { json } = await call('demo:down', 'contacts.create', contact);
      expect(json).toMatchObject({ status: 'succeeded', mocked: true, result: { name: 'Ada' } });
    }
    expect(hub.seen).toHaveLength(6);
  });

  test.each([400, 403, 404, 409, 422])('what the provider refuses with %i is its answer', async (status) => {
    hub.script.push([status, { error: { code: 'no', message: 'No.' } }]);
    const { json } = await call('demo:both', 'contacts.create', contact);
    expect(json).toMatchObject({ status: 'failed', error: { status, code: 'no' } });
  });

  test('is refused where the stage does not allow it', async () => {
    const { create } = await import('../../../shared/connections/create.ts');
    const { createPorts } = await import('../../../shared/connections/connect-ports.ts');
    const { realMoment } = await import('../../../shared/core/clock.ts');
    const tables = { CONNECTIONS_TABLE: 'x', TENANT_KEYS_TABLE: 'x', TENANTS_TABLE: hub.dynamo.tables.tenants ?? '' };
    const names = { STAGE: 'prod', VAULT_KEY_ID: 'x', BUS_NAME: 'x', PROVIDER_SECRETS: 'patchbay/prod/' };
    const ports = createPorts({ ...tables, ...names, HYBRID_MODE: 'off' });
    const wanted = { provider: 'github', name: 'default', mode: 'hybrid', credential: key } as const;
    const refused = await create(ports, { tenantId: TenantId.parse('acme'), isOperator: true }, wanted, realMoment);
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'invalid_request', message: expect.stringMatching('hybrid') },
    });
  });
});
