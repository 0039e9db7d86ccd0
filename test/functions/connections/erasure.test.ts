import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { endGrants } from '../../../shared/connections/end-grants.ts';
import { openGrant } from '../../../shared/connections/grant.ts';

import { openVault } from '../../../shared/connections/vault.ts';
import { realMoment } from '../../../shared/core/clock.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { type CredentialWorld, startCredentialWorld } from '../../support/credential-world.ts';
import { readEvent } from '../../support/samples.ts';

// A tenant's erasure with its connections: what happens upstream, and what is left for whoever holds a copy.

let world: CredentialWorld;
beforeAll(async () => {
  world = await startCredentialWorld();
});
afterAll(() => world.stop());
let usual: CredentialWorld['provider'] | undefined;
beforeEach(() => {
  usual ??= world.provider;
  world.provider = usual;
  world.heard.length = 0;
  world.events.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let tenants = 0;
async function newTenant(): Promise<string> {
  tenants += 1;
  return create(`erased${tenants}`);
}

async function create(tenant: string): Promise<string> {
  const event = { ...(readEvent('tenants/create') as object), body: JSON.stringify({ id: tenant, name: tenant }) };
  const { statusCode } = await world.run<{ statusCode: number }>('tenants/create', asOperator(event));
  expect(statusCode).toBe(201);
  return tenant;
}

/** The request, then what the bus brings on its account: each event up to three times, as Lambda runs it. */
async function erase(tenant: string): Promise<number> {
  const event = { ...(readEvent('tenants/remove') as object), pathParameters: { tenant } };
  const before = world.events.length;
  const { statusCode } = await world.run<{ statusCode: number }>('tenants/remove', asOperator(event));
  for (let at = before; at < world.events.length; at++) await bring(world.events[at]);
  return statusCode;
}

const begins: Readonly<Record<string, `${string}/${string}`>> = {
  'tenant.removing': 'connections/end-grants',
  'tenant.disconnected': 'tenants/erase',
  'tenant.removed': 'connections/clear',
};

async function bring(detail: CredentialWorld['events'][number] | undefined, tries = 3): Promise<void> {
  const name = begins[detail?.type ?? ''];
  if (!name) return;
  const failed = await world.run(name, { ...(readEvent(name) as object), detail }).then(
    () => false,
    () => true,
  );
  if (failed && tries > 1) await bring(detail, tries - 1);
}

function asOperator(event: object) {
  const { requestContext } = event as { requestContext: object };
  return { ...event, requestContext: { ...requestContext, authorizer: { lambda: { kind: 'operator' } } } };
}

const token = (tenant: string) => world.run('connections/token', { tenant, connection: 'demo' });
const coldVault = () => openVault({ keyId: 'key', keysTable: world.keyRows, moment: realMoment });

describe('the erasure of a tenant (B-12)', () => {
  test('ends its grants at their providers first, while there is a key to open them with', async () => {
    const tenant = await newTenant();
    await world.connect(tenant);
    await world.connect(tenant, { provider: 'demo', name: 'second' });
    const keysWhenAsked: number[] = [];
    world.provider = async (path) => {
      keysWhenAsked.push((await world.keysOf(tenant)).length);
      return usual?.(path) ?? { status: 500 };
    };
    expect(await erase(tenant)).toBe(204);
    expect(world.heard.every((line) => line.startsWith('/token/revocation'))).toBe(true);
    expect(keysWhenAsked).toEqual([1, 1]);
    expect(await world.keysOf(tenant)).toEqual([]);
    expect(world.events.map(({ type, data }) => [type, data.revocation])).toEqual([
      ['tenant.removing', undefined],
      ['connection.removed', 'revoked'],
      ['connection.removed', 'revoked'],
      ['tenant.disconnected', undefined],
      ['tenant.removed', undefined],
    ]);
  });

  test('is not held up by a provider that fails, or one that never answers', async () => {
    const tenant = await newTenant();
    await world.connect(tenant);
    world.provider = () => ({ status: 503 });
    expect(await erase(tenant)).toBe(204);
    expect(await world.keysOf(tenant)).toEqual([]);

    const { tenantId } = await world.connect(await newTenant());
    world.provider = () => new Promise(() => {});
    const began = performance.now();
    await endGrants(world.ports, tenantId, Date.now(), 100);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await world.ports.store.forTenant(tenantId).get({ provider: 'demo', name: 'default' })).toMatchObject({
      status: 'revocation_pending',
    });
  });

  test('begins with a table that answers: until then it is done again', async () => {
    const { tenantId } = await world.connect(await newTenant());
    const list = vi.spyOn(DynamoDBClient.prototype, 'send').mockRejectedValue(new Error('down') as never);
    await expect(endGrants(world.ports, tenantId, Date.now(), 1_000)).rejects.toThrow('down');
    expect(list).toHaveBeenCalledOnce();
    expect(world.events).toEqual([]);
  });

  test('leaves a new tenant of the same id alone when the bus brings its events once more', async () => {
    const tenant = await newTenant();
    await erase(tenant);
    const old = [...world.events];
    await new Promise((resolve) => setTimeout(resolve, 2)); // not made in the same millisecond
    await create(tenant);
    const row = await world.connect(tenant);
    for (const event of old) await bring(event);
    expect(world.heard).toEqual([]);
    expect(await world.keysOf(tenant)).toHaveLength(1);
    expect(await world.ports.store.forTenant(row.tenantId).get(row)).toMatchObject({ status: 'active' });
  });

  test('kills copies of its rows: restored from a backup, no process opens them; the others stay readable', async () => {
    const tenant = await newTenant();
    const other = await newTenant();
    const row = await world.connect(tenant);
    const theirs = await world.connect(other);
    const copy = await world.rows.get({ pk: tenant, sk: 'demo#default' });
    await erase(tenant);

    await create(tenant); // even under a new tenant of the same id
    await world.rows.put({ ...copy });
    expect(await coldVault().open(row.tenantId, placeOf(row), String(row.sealed?.accessToken))).toMatchObject({
      error: { code: 'needs_reauth' },
    });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5 * 60_000 + 1 }); // processes that held the key have let go of it
    expect(await token(tenant)).toMatchObject({ error: { code: 'needs_reauth' } });
    expect(await token(other)).toMatchObject({ value: {} });
    const opened = await openGrant(coldVault(), theirs.tenantId, theirs, theirs.generation, theirs.sealed ?? {});
    expect(opened.ok).toBe(true);
  });

  test('that broke off before its keys were gone goes on by itself, and asks no provider twice', async () => {
    const tenant = await newTenant();
    await world.connect(tenant);
    const send = DynamoDBClient.prototype.send as (command: unknown) => Promise<unknown>;
    let broken = 0;
    vi.spyOn(DynamoDBClient.prototype, 'send').mockImplementation(function (
      this: DynamoDBClient,
      command: { readonly input: { readonly Item?: { readonly sk?: { readonly S?: string } } } },
    ) {
      if (command.input.Item?.sk?.S === 'x-erased' && ++broken <= 2) return Promise.reject(new Error('down'));
      return send.call(this, command);
    } as never);
    expect(await erase(tenant)).toBe(204);
    expect(broken).toBe(3);
    expect(await world.keysOf(tenant)).toEqual([]);
    expect(world.heard).toHaveLength(1);
    expect(world.events.map(({ type }) => type)).toEqual([
      ...['tenant.removing', 'connection.removed', 'tenant.disconnected', 'tenant.removed'],
    ]);
  });

  test('ends its connect sessions: a link that was handed out leads nowhere', async () => {
    const { findLink } = await import('../../../shared/connections/open-link.ts');
    const { createSession } = await import('../../../shared/connections/create-session.ts');
    const { createSessionPorts, linkPorts } = await import('../../../shared/connections/connect-ports.ts');
    const tables = { TENANTS_TABLE: 'tenants', SESSIONS_TABLE: 'sessions', CONNECTIONS_TABLE: 'connections' };
    const env = {
      STAGE: 'local',
      PROVIDER_SECRETS: 'patchbay/local/',
      PUBLIC_URL: 'https://hub.example.com',
      ...tables,
    };
    const tenant = await newTenant();
    await world.tenants.update(
      { pk: tenant, sk: 'profile' },
      { update: 'SET #returnUrls = :urls', values: { ':urls': ['https://app.example.com/'] } },
    );
    const wish = { provider: 'demo', name: 'default', endUser: 'ada', returnUrl: 'https://app.example.com/' };
    const made = await createSession(createSessionPorts(env), TenantId.parse(tenant), wish, realMoment);
    const link = made.ok ? made.value.url.split('/connect/')[1] : '';
    const find = () => findLink(linkPorts(env), link ?? '', undefined, Date.now());
    expect(await find()).toMatchObject({ ok: true });
    await erase(tenant);
    expect(await find()).toMatchObject({ error: { code: 'link_invalid' } });
  });

  test('a token that a refresh brings meanwhile is sealed by nobody', async () => {
    const tenant = await newTenant();
    const row = await world.connect(tenant, { provider: 'demo', name: 'default' }, -60);
    let erased: number | undefined;
    world.provider = async (path) => {
      if (path === '/token' && erased === undefined) erased = await erase(tenant);
      return usual?.(path) ?? { status: 500 };
    };
    vi.spyOn(realMoment, 'sleep').mockImplementation(async () => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 26_000 });
    });
    expect(await token(tenant)).toMatchObject({ error: {} });
    expect(erased).toBe(204);
    expect(await world.keysOf(tenant)).toEqual([]);
    expect((await world.ports.store.forTenant(TenantId.parse(tenant)).get(row))?.generation ?? row.generation).toBe(
      row.generation,
    );
  });
});

function placeOf({ provider, name, generation }: { provider: string; name: string; generation: number }) {
  return { provider, name, generation, field: 'accessToken' };
}
