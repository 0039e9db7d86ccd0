import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ConnectWorld, errorOf, startConnectWorld, ticketOf } from '../../support/connect-world.ts';

// QuickBooks names the company in the callback alone, where whoever holds the browser can write another.

const TOKEN = '/login/oauth2/v1/tokens/bearer';
const company = (id: string) => `/sandbox/v3/company/${id}/companyinfo/${id}`;
const json = (status: number, value: unknown) => ({
  ...{ status, headers: { 'content-type': 'application/json' } },
  body: JSON.stringify(value),
});

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld();
  world.secrets['patchbay/local/quickbooks'] = {
    ...{ clientId: 'client-1', clientSecret: 'secret-of-the-client' },
    variables: { apiHost: 'sandbox-quickbooks.api.intuit.com' },
    origins: {
      'https://oauth.platform.intuit.com': `${world.provider.url}/login`,
      'https://developer.api.intuit.com': `${world.provider.url}/login`,
      'https://sandbox-quickbooks.api.intuit.com': `${world.provider.url}/sandbox`,
    },
  };
});
afterAll(() => world.stop());
beforeEach(() => {
  world.provider.reset();
  world.provider.faults.set(TOKEN, () =>
    json(200, { access_token: 'at-1', refresh_token: 'rt-1', token_type: 'bearer', expires_in: 3_600 }),
  );
  world.provider.faults.set(company('77'), () => json(200, { CompanyInfo: { CompanyName: 'Acme Bakery' } }));
  world.provider.faults.set(company('88'), () => json(403, { Fault: { Error: [{ code: '3100' }] } }));
});

async function back(realmId: string | undefined) {
  const { id, link } = await world.session({ provider: 'quickbooks' });
  const browser = world.browser();
  const query = new URLSearchParams(world.provider.agree(await browser.begin(link)));
  if (realmId !== undefined) query.set('realmId', realmId);
  return { id, reply: await browser.back(query.toString(), 'quickbooks') };
}

test('the company is the one that the token is for, with its name, in the sandbox where the app says so', async () => {
  const { id, reply } = await back('77');
  const { status, json: connection } = await world.confirm(id, {
    ...{ ticket: ticketOf(reply), endUser: 'ada@acme.example' },
  });
  expect([status, connection.account]).toEqual([200, { id: '77', name: 'Acme Bakery' }]);
  expect(world.provider.seen.find(({ path }) => path === company('77'))?.headers.authorization).toBe('Bearer at-1');
  expect(await world.connections.get({ pk: 'acme', sk: 'quickbooks#default' })).toMatchObject({
    settings: { apiHost: 'sandbox-quickbooks.api.intuit.com' },
  });
});

test.each([
  ['another company', '88'],
  ['none', undefined],
  ['a way out of the path', '../../oauth'],
  ['another host', '77@evil.example/'],
])(
  '%s in the callback makes no connection; no grant is ended of a company that nobody knows',
  async (_what, realmId) => {
    const { id, reply } = await back(realmId);
    expect(errorOf(reply)).toBe('exchange_failed');
    expect(await world.row(id)).toMatchObject({ status: 'ended' });
    expect(await world.row(id)).not.toHaveProperty('grant');
    expect(world.provider.seen.map(({ path }) => path)).not.toContain('/login/v2/oauth2/tokens/revoke');
    for (const { path } of world.provider.seen) expect(path).toMatch(/^\/(login|sandbox\/v3\/company)\//);
  },
);
