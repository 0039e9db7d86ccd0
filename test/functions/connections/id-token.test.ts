import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { nonceOf } from '../../../shared/connections/id-token.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { wayOf } from '../../../shared/providers/provider.ts';
import { type ConnectWorld, errorOf, RETURN_URL, startConnectWorld, ticketOf } from '../../support/connect-world.ts';

// Identity tokens (OpenID Connect): where one comes with the tokens of a sign-in, it must be for that sign-in.

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.provider.reset());

type Claims = Readonly<Record<string, unknown>>;

function signed(claims: Claims): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}

/** A sign-in whose token answer has this identity token besides. */
async function signIn(make: (claims: Claims) => unknown) {
  const { id, link } = await world.session();
  const browser = world.browser();
  const authorize = await browser.begin(link);
  const nowS = Math.floor(Date.now() / 1000);
  const nonce = new URL(authorize).searchParams.get('nonce');
  const right = { iss: world.issuer, aud: 'client-1', sub: 'account-1', exp: nowS + 300, iat: nowS, nonce };
  world.provider.faults.set('/login/token', () => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ access_token: 'at-with-id', token_type: 'bearer', id_token: make(right) }),
  }));
  world.provider.faults.set('/api/me', () => ({ body: '{"id":"account-1"}' }));
  const reply = await browser.back(world.provider.agree(authorize, 'account-1', world.issuer));
  return { id, nonce, reply };
}

const nowS = () => Math.floor(Date.now() / 1000);

describe('an identity token that comes with the tokens', () => {
  test.each<[string, (claims: Claims) => unknown]>([
    ['is for this sign-in', signed],
    [
      'names several audiences, and us as the one it was issued to',
      (right) => signed({ ...right, aud: ['x', 'client-1'], azp: 'client-1' }),
    ],
    ['does not come at all', () => undefined],
  ])('that %s: the session waits for its confirmation', async (_says, make) => {
    const { id, nonce, reply } = await signIn(make);
    expect(ticketOf(reply)).not.toBe('');
    const row = await world.row(id);
    expect(nonce).toBe(nonceOf(String((row.attempt as { stateHash: string }).stateHash)));
    expect(JSON.stringify(row)).not.toContain('c2lnbmF0dXJl'); // it is not kept
  });

  test.each<[string, (claims: Claims) => unknown]>([
    ['another issuer', (right) => signed({ ...right, iss: 'https://evil.example' })],
    ['the issuer with a slash more', (right) => signed({ ...right, iss: `${right.iss}/` })],
    ['another audience', (right) => signed({ ...right, aud: 'client-2' })],
    ['our audience among others, issued to another', (right) => signed({ ...right, aud: ['client-1', 'x'], azp: 'x' })],
    ['no audience', ({ aud: _, ...right }) => signed(right)],
    ['an end that is over', (right) => signed({ ...right, exp: nowS() - 120 })],
    ['no end', ({ exp: _, ...right }) => signed(right)],
    ['a beginning that is to come', (right) => signed({ ...right, iat: nowS() + 120 })],
    ['the nonce of another sign-in', (right) => signed({ ...right, nonce: nonceOf('another') })],
    ['no nonce', ({ nonce: _, ...right }) => signed(right)],
    ['no shape of a token', () => 'not-a-token'],
    ['a number in its place', () => 7],
  ])('with %s ends the session, and the grant upstream', async (_says, make) => {
    const { id, reply } = await signIn(make);
    expect(reply.location.startsWith(RETURN_URL)).toBe(true);
    expect(errorOf(reply)).toBe('exchange_failed');
    expect(await world.row(id)).toMatchObject({ status: 'ended' });
    expect(world.provider.seen.filter(({ path }) => path === '/login/token/revocation')).toHaveLength(1);
  });
});

test('every provider that is asked for openid says who issues its identity tokens, or that it is not known', () => {
  const silent = Object.values(catalogue).filter(({ provider }) => {
    const way = wayOf(provider, 'oauth2');
    const isKnown = way?.idTokenIssuers ?? way?.unconfirmed?.some((what) => what.includes('identity tokens'));
    return way && 'openid' in way.scopes && !isKnown;
  });
  expect(silent.map(({ provider }) => provider.id)).toEqual([]);
});
