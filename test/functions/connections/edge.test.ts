import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectionsContract } from '../../../shared/connections/contract.ts';
import type { HttpEntry } from '../../../shared/core/contract.ts';
import { type ConnectWorld, context, RETURN_URL, startConnectWorld } from '../../support/connect-world.ts';

// Every route of the feature that a tenant's key may use, from the contract: who asks, and for whom.

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.provider.reset());

type Handler = (event: unknown, about: typeof context) => Promise<{ statusCode?: number; body?: string }>;

const routes = Object.entries(connectionsContract).flatMap(([verb, { entry }]) =>
  entry.kind === 'http' && entry.access === 'tenant' ? [[verb, entry] as const] : [],
);
const load = async (verb: string) =>
  ((await import(`../../../functions/connections/${verb}.ts`)) as { handler: Handler }).handler;

const wish = { provider: 'demo', endUser: 'ada@acme.example', returnUrl: RETURN_URL };
const bodies: Readonly<Record<string, unknown>> = {
  'create-session': wish,
  confirm: { ticket: 'A'.repeat(43), endUser: 'ada@acme.example' },
  create: { provider: 'demo', credential: { kind: 'oauth2', accessToken: 'a-made-up-token' } },
};

function eventOf(verb: string, entry: HttpEntry, tenant: unknown, principal: unknown, body = bodies[verb]) {
  const [method = ''] = entry.routes[0]?.split(' ') ?? [];
  const pathParameters = { tenant, session: `cs_${'0'.repeat(26)}`, connection: 'demo', provider: 'demo' };
  return {
    ...{ version: '2.0', rawPath: '/', rawQueryString: '', headers: { 'content-type': 'application/json' } },
    ...{ pathParameters, isBase64Encoded: false, ...(body !== undefined && { body: JSON.stringify(body) }) },
    requestContext: { http: { method, path: '/' }, ...(principal !== undefined && { authorizer: principal }) },
  };
}

describe.each(routes)('%s', (verb, entry) => {
  const of = (principal: unknown) => ({ lambda: principal });
  test.each([
    ['nobody', undefined, 401],
    ['an empty authorizer', {}, 401],
    ['no principal', of(null), 401],
    ['a principal of no kind', of({ tenantId: 'acme' }), 401],
    ['a kind of another spelling', of({ kind: 'Operator' }), 401],
    ['two kinds', of({ kind: ['operator', 'tenant'], tenantId: 'acme' }), 401],
    ['a tenant without an id', of({ kind: 'tenant' }), 401],
    ['a tenant with an empty id', of({ kind: 'tenant', tenantId: '' }), 401],
    ['a tenant with two ids', of({ kind: 'tenant', tenantId: ['acme', 'globex'] }), 401],
    ['an unknown key', of({ kind: 'unknown' }), 401],
    ['another tenant', of({ kind: 'tenant', tenantId: 'globex' }), 404],
    ['a tenant whose id begins alike', of({ kind: 'tenant', tenantId: 'acm' }), 404],
    ['a tenant whose id goes on', of({ kind: 'tenant', tenantId: 'acmeacme' }), 404],
    ['a tenant of another spelling', of({ kind: 'tenant', tenantId: 'ACME' }), 404],
    ['a tenant of look-alike letters', of({ kind: 'tenant', tenantId: 'аcme' }), 404],
  ])('asked by %s reads nothing (A-50, A-51, A-52)', async (_name, principal, status) => {
    const handler = await load(verb);
    const read = vi.spyOn(DynamoDBClient.prototype, 'send');
    const answer = await handler(eventOf(verb, entry, 'acme', principal), context);
    expect(answer.statusCode).toBe(status);
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
    expect(world.provider.seen).toEqual([]);
  });

  test.each(['', ' ', 'acme ', 'a#b', 'acme/globex', '../acme', '*', undefined, 'x'.repeat(300)])(
    'for no tenant that could be (%j) is not found, whoever asks (A-50, A-51)',
    async (tenant) => {
      const handler = await load(verb);
      const answer = await handler(eventOf(verb, entry, tenant, of({ kind: 'operator' })), context);
      expect(answer.statusCode).toBe(404);
      expect(world.provider.seen).toEqual([]);
    },
  );

  if (bodies[verb] === undefined) return;
  test.each(['tenantId', 'tenant', 'status', 'confirmed', 'ownerId', 'constructor', 'account', 'generation'])(
    'takes no field of its own choosing: %s (A-54)',
    async (field) => {
      const handler = await load(verb);
      const text = JSON.stringify(bodies[verb]).replace(/^\{/, `{"${field}":"globex",`);
      const event = { ...eventOf(verb, entry, 'acme', of({ kind: 'tenant', tenantId: 'acme' })), body: text };
      const answer = await handler(event, context);
      expect([answer.statusCode, JSON.parse(answer.body ?? '').code]).toEqual([400, 'invalid_request']);
      expect(world.provider.seen).toEqual([]);
    },
  );
});

test('no field of a session makes a link that works without the owner’s app: there is no invite mode (A-35)', async () => {
  for (const extra of [
    { mode: 'invite' },
    { invite: true },
    { confirm: false },
    { shareable: true },
    { endUser: undefined },
  ]) {
    expect((await world.createSession({ ...wish, ...extra })).status).toBe(400);
  }
  const { link, id } = await world.session();
  const browser = world.browser();
  await browser.back(world.provider.agree(await browser.begin(link), 'account-1', world.issuer));
  expect(await world.row(id)).toMatchObject({ status: 'ready' }); // and no further, without the confirmation
});

test('no sequence of calls sends the owner’s client, or anybody, to a URL of a tenant’s choice (A-38)', async () => {
  const names = [
    'authorizeUrl',
    'tokenUrl',
    'authorization_endpoint',
    'token_endpoint',
    'revocation_endpoint',
    'origins',
  ];
  const field = fc.constantFrom(
    ...names,
    'url',
    'baseUrl',
    'issuer',
    'host',
    'redirectUri',
    'variables',
    'app',
    'returnUrl',
  );
  const value = fc.constantFrom<unknown>(
    'https://evil.example/token',
    '//evil.example',
    { 'https://login.demo.invalid': 'https://evil.example' },
    ['https://evil.example'],
  );
  const call = fc.record({ verb: fc.constantFrom('create-session', 'create'), field, value, inner: fc.boolean() });
  const handlers = { 'create-session': await load('create-session'), create: await load('create') };
  const sent = vi.spyOn(globalThis, 'fetch');
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 5 }), async (calls) => {
      for (const { verb, field: name, value: chosen, inner } of calls) {
        const body = structuredClone(bodies[verb]) as Record<string, Record<string, unknown>>;
        if (inner && body.credential) body.credential[name] = chosen;
        else Object.assign(body, { [name]: chosen });
        const entry = connectionsContract[verb as 'create'].entry;
        const principal = { lambda: { kind: 'tenant', tenantId: 'acme' } };
        const answer = await handlers[verb as 'create'](eventOf(verb, entry, 'acme', principal, body), context);
        expect(answer.statusCode).toBe(400);
      }
      const { link } = await world.session();
      const authorize = await world.browser().begin(link);
      expect(authorize.startsWith(`${world.provider.url}/login/auth?`)).toBe(true);
      expect(authorize).not.toContain('evil');
    }),
    { numRuns: 60 },
  );
  expect(sent).not.toHaveBeenCalled();
  expect(world.provider.seen).toEqual([]);
});
