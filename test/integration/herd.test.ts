import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../../infra/local/demo/browser.ts';
import { type DemoProvider, startDemoProvider } from '../../infra/local/demo/provider.ts';
import { activated, nextGeneration } from '../../shared/connections/connection.ts';
import { openCredentials } from '../../shared/connections/credential.ts';
import { sealGrant } from '../../shared/connections/grant.ts';
import { portsFromEnv } from '../../shared/connections/ports.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { Secret } from '../../shared/core/secret.ts';
import { fakeBus, fakeKms, fakeSecrets } from '../support/aws-fakes.ts';
import { startDynamo, type TestDynamo } from '../support/dynamo.ts';

// Many at once, on a real DynamoDB engine, before a real authorization server that rotates refresh tokens and ends the whole
// grant when a used one comes again.

const PROCESSES = 20;
const CALLERS_EACH = 10;
const tenantId = TenantId.parse('acme');
const id = { provider: 'demo', name: 'default' };

let dynamo: TestDynamo;
let demo: DemoProvider;
beforeAll(async () => {
  [dynamo, demo] = await Promise.all([startDynamo(), startDemoProvider()]);
  fakeKms();
  fakeBus();
  fakeSecrets({ 'patchbay/local/demo': demo.providers.demo });
});
afterAll(() => Promise.all([dynamo.stop(), demo.stop()]));

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** What an end user grants, by the authorization code grant. */
async function authorize(): Promise<Tokens> {
  const { clientId = '', clientSecret = '' } = demo.providers.demo ?? {};
  const verifier = 'a-verifier-of-this-test-that-is-long-enough-for-pkce';
  const redirectUri = 'http://127.0.0.1:9/oauth/demo/callback';
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, prompt: 'consent', state: 'state' },
    ...{ scope: 'openid offline_access contacts', code_challenge_method: 'S256' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  });
  const browser = openBrowser();
  const signIn = await browser.visit(`${demo.issuer}/auth?${query}`);
  const back = await browser.press(await browser.press(signIn, 'Ada Lovelace'), 'Allow', { stopAt: redirectUri });
  const code = new URL(back.url).searchParams.get('code') ?? '';
  const answer = await fetch(`${demo.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    }),
  });
  return (await answer.json()) as Tokens;
}

test(`${PROCESSES * CALLERS_EACH} callers at expiry make one token request, and the grant lives on (C-01, C-09)`, {
  timeout: 60_000,
}, async () => {
  const env = {
    ...{ STAGE: 'local', PROVIDER_SECRETS: 'patchbay/local/', VAULT_KEY_ID: 'key', BUS_NAME: 'bus' },
    ...{ CONNECTIONS_TABLE: dynamo.tables.connections, TENANT_KEYS_TABLE: dynamo.tables['tenant-keys'] },
  };
  let tokenRequests = 0;
  const processes = Array.from({ length: PROCESSES }, () => {
    const { send, ...ports } = portsFromEnv(env);
    const counted: typeof send = (request) => {
      if (request.url.endsWith('/token')) tokenRequests += 1;
      return send(request);
    };
    return { ...ports, send: counted };
  });
  const [{ store, vault }] = processes as [(typeof processes)[number]];
  const granted = await authorize();
  const generation = nextGeneration(undefined, Date.now());
  const grant = { accessToken: new Secret(granted.access_token), refreshToken: new Secret(granted.refresh_token) };
  const sealed = await sealGrant(vault, tenantId, id, generation, grant);
  const about = { tenantId, id, account: { id: 'acc_ada' }, sourceSession: 'cs_1' };
  const ended = { generation, sealed, scopes: ['contacts'], expiresInS: 1 };
  await store.forTenant(tenantId).save(activated(about, ended, undefined, realMoment), undefined);

  const everybody = (refusedGeneration?: number) =>
    Promise.all(
      processes.flatMap((ports) =>
        Array.from({ length: CALLERS_EACH }, async () => {
          const live = await openCredentials(ports).live(tenantId, id, { refusedGeneration });
          return live.ok ? live.value.secrets.accessToken?.reveal() : live.error.code;
        }),
      ),
    );
  const works = async (token = '') =>
    (await fetch(`${demo.apiUrl}/me`, { headers: { authorization: `Bearer ${token}` } })).status;

  const [first, ...others] = new Set(await everybody());
  expect(others).toEqual([]);
  expect(tokenRequests).toBe(1);
  expect(await works(first)).toBe(200);

  // The family is alive: the same once more, because every call was refused.
  const refused = (await store.forTenant(tenantId).get(id))?.generation;
  const [second, ...more] = new Set(await everybody(refused));
  expect(more).toEqual([]);
  expect(tokenRequests).toBe(2);
  expect(second).not.toBe(first);
  expect(await works(second)).toBe(200);
});
