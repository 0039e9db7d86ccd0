import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { create } from '../../../shared/connections/create.ts';
import { portsFromEnv } from '../../../shared/connections/ports.ts';
import { realMoment } from '../../../shared/core/clock.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import type { ProviderEntry } from '../../../shared/providers/provider.ts';
import { type ConnectWorld, startConnectWorld } from '../../support/connect-world.ts';

// Tokens that were granted elsewhere, brought by the owner's backend or by a tenant's key: whose account they open is not
// for the bearer to say.

const operator = { kind: 'operator' };
/** What the provider says of a token of the account `mine`, as its page has it. */
const told: Readonly<Record<string, { origin: string; path: string; says: unknown; mine: string }>> = {
  slack: {
    ...{ origin: 'https://slack.com', path: '/api/auth.test', mine: 'T0MINE' },
    says: { ok: true, team: 'Mine', team_id: 'T0MINE', user_id: 'U1', bot_id: 'B1', enterprise_id: 'E0MINE' },
  },
  hubspot: {
    ...{ origin: 'https://api.hubapi.com', path: '/account-info/v3/details', mine: '77' },
    says: { portalId: 77, accountType: 'STANDARD', uiDomain: 'app.hubspot.com' },
  },
  stripe: {
    ...{ origin: 'https://api.stripe.com', path: '/v1/account', mine: 'acct_mine' },
    says: { id: 'acct_mine', settings: { dashboard: { display_name: 'Mine' } } },
  },
  notion: {
    ...{ origin: 'https://api.notion.com', path: '/v1/users/me', mine: 'w-mine' },
    says: { object: 'user', type: 'bot', bot: { workspace_id: 'w-mine', workspace_name: 'Mine' } },
  },
};

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld();
  for (const [id, { origin }] of Object.entries(told)) {
    const origins = {
      [origin]: `${world.provider.url}/${id}`,
      'https://connect.stripe.com': `${world.provider.url}/c`,
    };
    world.secrets[`patchbay/local/${id}`] = { clientId: 'client-1', clientSecret: 'made-up', origins };
  }
});
afterAll(() => world.stop());
beforeEach(() => {
  world.provider.reset();
  for (const [id, { path, says }] of Object.entries(told)) {
    const headers = { 'content-type': 'application/json' };
    world.provider.faults.set(`/${id}${path}`, () => ({ headers, body: JSON.stringify(says) }));
  }
});

const rowOf = (provider: string, tenant: string) => world.connections.get({ pk: tenant, sk: `${provider}#default` });
const wish = (provider: string, account?: { id: string; name?: string }) => ({
  ...{ provider, credential: { kind: 'oauth2', accessToken: 'a-token-of-mine', account } },
});

describe.each(Object.entries(told))('a token of %s', (provider, { mine }) => {
  test.each([{ kind: 'tenant', tenantId: 'globex' }, operator])(
    'is no other account’s, whoever says so: $kind (D-13)',
    async (who) => {
      const reply = await world.create(wish(provider, { id: 'somebody-elses' }), 'globex', who);
      expect([reply.status, reply.json.code]).toEqual([400, 'invalid_request']);
      expect(reply.json.detail).toContain("is another account's");
      expect(reply.json.detail).not.toContain(mine);
      expect(await rowOf(provider, 'globex')).toBeUndefined();
    },
  );

  test('is the account’s that the provider names; nobody need say it', async () => {
    const reply = await world.create(wish(provider));
    expect([reply.status, reply.json.account]).toEqual([201, { id: mine }]);
    const named = await world.create(wish(provider, { id: mine, name: 'Ours' }));
    expect([named.status, named.json.account]).toEqual([201, { id: mine, name: 'Ours' }]);
  });

  test('of which the provider tells no account is not taken', async () => {
    world.provider.faults.set(`/${provider}${told[provider]?.path}`, () => ({ body: '{"ok":true}' }));
    expect((await world.create(wish(provider, { id: mine }), 'globex')).json.code).toBe('provider_error');
    expect(await rowOf(provider, 'globex')).toBeUndefined();
  });
});

test('a disconnection cuts off no account that the token was not proven to be of (D-13, A-18)', async () => {
  await world.create(wish('stripe', { id: 'acct_victim' }), 'globex');
  expect((await world.remove('stripe', 'globex')).status).toBe(404);
  const headers = { 'content-type': 'application/json' };
  world.provider.faults.set('/stripe/v1/account', () => ({ headers, body: '{"id":"acct_own"}' }));
  await world.create(wish('stripe'), 'globex');
  expect((await world.remove('stripe', 'globex')).json.status).toBe('revoked');
  const ended = world.provider.seen.filter(({ path }) => path === '/c/oauth/deauthorize').map(({ body }) => body);
  expect(ended).toEqual([expect.stringContaining('stripe_user_id=acct_own')]);
});

test('where nothing but the grant tells whose a token is, the operator’s word is taken, and no tenant’s (D-13)', async () => {
  const { auth, ...slack } = (catalogue.slack as ProviderEntry).provider;
  const mute = { ...slack, auth, api: { ...slack.api, whoami: { method: 'POST', path: '/auth.test' } } } as const;
  const real = portsFromEnv({
    ...{ STAGE: 'local', CONNECTIONS_TABLE: 'connections', TENANT_KEYS_TABLE: 'tenant-keys' },
    ...{ PROVIDER_SECRETS: 'patchbay/local/', VAULT_KEY_ID: 'vault-key', BUS_NAME: 'hub' },
  });
  const ports = {
    ...{ ...real, allowsHybrid: false, find: () => ({ provider: mute }) },
    tenants: { get: async () => ({}) as never },
  };
  const bring = (isOperator: boolean, account?: { id: string }) =>
    create(
      ports,
      { tenantId: TenantId.parse('globex'), isOperator },
      { provider: 'slack', name: 'mute', mode: 'live', credential: { kind: 'oauth2', accessToken: 'token', account } },
      realMoment,
    );
  expect(await bring(false, { id: 'T0VICTIM' })).toMatchObject({
    error: { code: 'forbidden', message: expect.stringContaining('Only the operator key may connect by oauth2') },
  });
  expect(await bring(true)).toMatchObject({ error: { code: 'invalid_request' } });
  expect(await bring(true, { id: 'T0SAID' })).toMatchObject({ ok: true, value: { account: { id: 'T0SAID' } } });
});
