import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openTable, type Table } from '../../../shared/core/aws.ts';
import { measure } from '../../../shared/core/metrics.ts';
import {
  type ConnectWorld,
  context,
  errorOf,
  RETURN_URL,
  startConnectWorld,
  ticketOf,
} from '../../support/connect-world.ts';
import { readEvent } from '../../support/samples.ts';

// A tenant that is being erased, and its end users who are just connecting something: nothing comes of it, and nothing is
// left, here or upstream.

vi.mock(import('../../../shared/core/metrics.ts'), { spy: true });

const ADA = 'ada@acme.example';
const operator = { kind: 'operator' };
type Handler = (event: unknown, context: Context) => Promise<unknown>;

let world: ConnectWorld;
let tenants: Table;
beforeAll(async () => {
  world = await startConnectWorld();
  tenants = openTable(world.dynamo.tables.tenants);
});
afterAll(() => world.stop());
beforeEach(() => {
  vi.useRealTimers();
  vi.mocked(measure).mockClear();
  world.provider.reset();
  world.provider.alive.clear();
});

let count = 0;
async function newTenant(id = `leaving${++count}`): Promise<string> {
  const profile = { tenantId: id, name: 'Leaving', returnUrls: [RETURN_URL], status: 'active' };
  await tenants.put({ pk: id, sk: 'profile', ...profile, createdAtMs: Date.now(), updatedAtMs: 1 });
  return id;
}
const removing = (tenant: string) =>
  tenants.update({ pk: tenant, sk: 'profile' }, { update: 'SET #status = :s', values: { ':s': 'removing' } });

/** A browser that is on its way back from the provider. */
async function returning(tenant: string) {
  const { id, link } = await world.session({}, tenant);
  const browser = world.browser();
  const query = world.provider.agree(await browser.begin(link), 'account-1', world.issuer);
  return { id, back: () => browser.back(query) };
}

/** A session whose grant waits for its confirmation. */
async function ready(tenant: string) {
  const { id, back } = await returning(tenant);
  const ticket = ticketOf(await back());
  return { id, confirm: () => world.confirm(id, { ticket, endUser: ADA }, tenant, operator) };
}

const rowsOf = async (tenant: string) =>
  (await world.connections.query({ where: 'pk = :tenant', values: { ':tenant': tenant } })).items;
const sessionsOf = async (tenant: string) =>
  (await world.sessions.scan({ filter: '#tenantId = :tenant', values: { ':tenant': tenant } })).items;
const givenUp = () => vi.mocked(measure).mock.calls.filter(([, { outcome }]) => outcome === 'given_up').length;

const begins: Readonly<Record<string, string>> = {
  'tenant.removing': 'connections/end-grants',
  'tenant.disconnected': 'tenants/erase',
  'tenant.removed': 'connections/clear',
};

async function run(name: string, event: object): Promise<unknown> {
  const [feature, verb] = name.split('/');
  const { handler } = (await import(`../../../functions/${feature}/${verb}.ts`)) as { handler: Handler };
  return handler(event, context);
}

/** The request, then all that the bus brings on its account. */
async function erase(tenant: string): Promise<void> {
  const event = readEvent('tenants/remove') as { requestContext: object };
  const requestContext = { ...event.requestContext, authorizer: { lambda: operator } };
  let at = world.events.length;
  await run('tenants/remove', { ...event, pathParameters: { tenant }, requestContext });
  for (; at < world.events.length; at++) {
    const detail = world.events[at];
    const name = begins[detail?.type ?? ''];
    if (name) await run(name, { ...(readEvent(name) as object), detail });
  }
}

describe('while a tenant is being erased', () => {
  test('no confirmation makes a connection, also with the operator’s key; the grant is ended upstream (B-12)', async () => {
    const tenant = await newTenant();
    const { id, confirm } = await ready(tenant);
    await removing(tenant);
    const { status, json } = await confirm();
    expect([status, json.code]).toEqual([404, 'not_found']);
    expect(await rowsOf(tenant)).toEqual([]);
    expect([...world.provider.alive]).toEqual([]);
    expect(await world.row(id)).toMatchObject({ status: 'ended', endedBecause: 'tenant_removed' });
    expect(await world.row(id)).not.toHaveProperty('grant');
  });

  test('nor does the sweep, of a confirmation that was cut off', async () => {
    const tenant = await newTenant();
    const { id } = await ready(tenant);
    await world.sessions.put({ ...(await world.row(id)), status: 'confirming', dueAt: Date.now() - 1 });
    await removing(tenant);
    await world.sweep();
    expect(await rowsOf(tenant)).toEqual([]);
    expect([...world.provider.alive]).toEqual([]);
    expect(await world.row(id)).toMatchObject({ status: 'ended', endedBecause: 'tenant_removed' });
  });

  test('no code is exchanged: whoever comes back from the provider hears that nothing was connected', async () => {
    const tenant = await newTenant();
    const { id, back } = await returning(tenant);
    await removing(tenant);
    expect(errorOf(await back())).toBe('exchange_failed');
    expect(world.provider.exchanges()).toBe(0);
    expect(await world.row(id)).toMatchObject({ status: 'ended' });
  });
});

describe('the erasure of a tenant', () => {
  test('ends the grants that wait for a confirmation, and leaves no session: 0 of 6 (B-12)', async () => {
    const tenant = await newTenant();
    const confirmed = await ready(tenant);
    await confirmed.confirm();
    const cutOff = await ready(tenant);
    await world.sessions.put({ ...(await world.row(cutOff.id)), status: 'confirming' });
    await ready(tenant);
    await returning(tenant);
    await world.session({}, tenant);
    const late = await world.session({}, tenant);
    await world.sessions.put({ ...(await world.row(late.id)), status: 'exchanging' });
    expect(await sessionsOf(tenant)).toHaveLength(6);
    expect(world.provider.alive.size).toBe(3);
    await erase(tenant);
    expect([...world.provider.alive]).toEqual([]);
    expect(await sessionsOf(tenant)).toEqual([]);
    expect(await rowsOf(tenant)).toEqual([]);
    expect(givenUp()).toBe(0);
  });

  test('that could not end one upstream calls somebody, and leaves none here', async () => {
    const tenant = await newTenant();
    await ready(tenant);
    world.provider.faults.set('/login/token/revocation', () => ({ status: 503, body: '' }));
    await erase(tenant);
    expect(world.provider.alive.size).toBe(1);
    expect(await sessionsOf(tenant)).toEqual([]);
    expect(givenUp()).toBe(1);
  });

  test('leaves the sessions of a new tenant of the same id alone, when its events come once more', async () => {
    const tenant = await newTenant();
    await erase(tenant);
    const old = world.events.filter((event) => event.tenant === tenant);
    await new Promise((resolve) => setTimeout(resolve, 2)); // not made in the same millisecond
    await newTenant(tenant);
    await openTable(world.dynamo.tables['tenant-keys']).remove({ pk: tenant, sk: 'x-erased' });
    const { confirm } = await ready(tenant);
    for (const detail of old) {
      const name = begins[detail.type];
      if (name) await run(name, { ...(readEvent(name) as object), detail });
    }
    expect((await confirm()).status).toBe(200);
  });
});

test('a grant that opens no more is given up by the sweep, and somebody is called', async () => {
  const tenant = await newTenant();
  const { id } = await ready(tenant);
  const row = await world.row(id);
  await world.sessions.put({ ...row, grant: { ...(row.grant as object), sealed: { accessToken: 'nonsense' } } });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * 60_000 + 1 });
  await world.sweep();
  expect(await world.row(id)).toMatchObject({ status: 'ended' });
  expect(givenUp()).toBe(1);
});
