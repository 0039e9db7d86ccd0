import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { handler as Handler } from '../../../functions/connections/callback.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { wayOf } from '../../../shared/providers/provider.ts';
import {
  type ConnectWorld,
  context,
  errorOf,
  RETURN_URL,
  type Reply,
  startConnectWorld,
  ticketOf,
} from '../../support/connect-world.ts';
import { readEvent } from '../../support/samples.ts';

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld();
  for (const id of byOAuth) {
    world.secrets[`patchbay/local/${id}`] ??= { clientId: 'client-1', clientSecret: 'secret-of-the-client' };
  }
});
afterAll(() => world.stop());
beforeEach(() => {
  vi.useRealTimers();
  world.provider.reset();
});

const byOAuth = Object.values(catalogue)
  .map(({ provider }) => provider)
  .filter((provider) => wayOf(provider, 'oauth2'))
  .map(({ id }) => id);
const issuerOf = (provider: string) => (provider === 'demo' ? world.issuer : undefined);

/** A browser that is on its way back from the provider, with what it brings. */
async function returning(provider = 'demo', wish: Record<string, unknown> = {}) {
  const { id, link } = await world.session({ provider, ...wish });
  const browser = world.browser();
  const authorize = await browser.begin(link);
  return { id, link, browser, authorize, query: world.provider.agree(authorize, 'account-1', issuerOf(provider)) };
}

/** Nothing was exchanged and the session is as it was. */
async function expectUntouched(id: string, reply: Reply, status: number) {
  expect(reply.status).toBe(status);
  expect(reply.location).toBe('');
  expect(world.provider.seen).toEqual([]);
  expect(await world.row(id)).toMatchObject({ status: 'started' });
}

test('the sample event of a stranger is a page with status 400', async () => {
  const { handler }: { handler: typeof Handler } = await import('../../../functions/connections/callback.ts');
  const answer = await handler(readEvent('connections/callback') as Parameters<typeof handler>[0], context);
  expect(answer.statusCode).toBe(400);
  expect(answer.body).toContain('This sign-in attempt is not known');
});

describe('the state', () => {
  test('is consumed once: of 50 callbacks at the same time one exchanges the code (A-05, A-20)', {
    timeout: 60_000,
  }, async () => {
    for (let round = 0; round < 6; round++) {
      world.provider.reset();
      const { browser, query } = await returning();
      const replies = await Promise.all(Array.from({ length: 50 }, () => browser.back(query)));
      expect(world.provider.exchanges()).toBe(1);
      expect(replies.filter(({ status }) => status === 303)).toHaveLength(1);
      expect(replies.filter(({ status }) => status === 409)).toHaveLength(49);
    }
  });

  test('with any bit flipped is unknown (A-06)', async () => {
    const { id, browser, query } = await returning();
    const state = new URLSearchParams(query).get('state') ?? '';
    for (let at = 0; at < state.length; at++) {
      const flipped = state.slice(0, at) + String.fromCharCode(state.charCodeAt(at) ^ 1) + state.slice(at + 1);
      const changed = new URLSearchParams(query);
      changed.set('state', flipped);
      const reply = await browser.back(changed.toString());
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(reply.status).toBeLessThan(404);
    }
    expect(world.provider.seen).toEqual([]);
    expect(await world.row(id)).toMatchObject({ status: 'started' });
    expect((await browser.back(query)).status).toBe(303);
  });

  test('expires after 10 minutes in the condition, the row still there (A-21)', async () => {
    const { id, browser, query } = await returning();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * 60_000 });
    const reply = await browser.back(query);
    await expectUntouched(id, reply, 410);
    expect(reply.body).toContain('This link has expired');
  });

  test('of an older start in the same browser is no longer good, the newest wins', async () => {
    const { link, browser, query } = await returning();
    const second = await browser.begin(link);
    expect((await browser.back(query)).status).toBe(400);
    expect((await browser.back(world.provider.agree(second, 'a', world.issuer))).status).toBe(303);
  });

  test.each([
    ['none', ''],
    ['an empty one', 'state=&code=c'],
    ['another tagged secret: the link', 'link'],
    ['two of them', 'twice'],
    ['two codes', 'codes'],
    ['one written STATE', 'upper'],
    ['one written state[]', 'array'],
  ])('%s: refused before anything is written (A-14)', async (_name, how) => {
    const { id, link, browser, query } = await returning();
    const state = new URLSearchParams(query).get('state') ?? '';
    const variants: Record<string, string> = {
      link: `code=c&state=${link}`,
      twice: `${query}&state=${state}`,
      codes: `${query}&code=other`,
      upper: `code=c&STATE=${state}`,
      array: `code=c&state[]=${state}`,
    };
    await expectUntouched(id, await browser.back(variants[how] ?? how), 400);
  });

  test('ignores parameters it does not know, also repeated ones (A-14)', async () => {
    const { browser, query } = await returning();
    expect(errorOf(await browser.back(`${query}&session_state=1&x=1&x=2`))).toBeNull();
  });
});

describe('the browser', () => {
  test('must be the one that began: only the diagonal of 3 × 3 cookie jars passes (A-30)', async () => {
    for (let start = 0; start < 3; start++) {
      for (let finish = 0; finish < 3; finish++) {
        const browsers = [world.browser(), world.browser(), world.browser()] as const;
        const flows = await Promise.all(browsers.map(async (browser) => ({ browser, ...(await world.session()) })));
        const urls = await Promise.all(flows.map(({ browser, link }) => browser.begin(link)));
        const query = world.provider.agree(urls[start] ?? '', 'account-1', world.issuer);
        const reply = await browsers[finish]?.back(query);
        expect(reply?.status).toBe(start === finish ? 303 : 403);
      }
    }
    expect(world.provider.exchanges()).toBe(3);
  });

  test.each(['1', '', 'other flow', 'two', 'longer', 'none'])(
    'with the cookie "%s" is not it (A-31)',
    async (which) => {
      const { id, browser, query } = await returning();
      const other = await returning();
      world.provider.reset();
      const name = `__Host-pb_${id}`;
      const own = browser.jar.get(name) ?? '';
      const foreign = other.browser.jar.get(`__Host-pb_${other.id}`) ?? '';
      const values: Record<string, string> = { 'other flow': foreign, two: own, longer: `${own}A` };
      if (which === 'none') browser.jar.delete(name);
      else browser.jar.set(name, values[which] ?? which);
      await expectUntouched(id, await browser.back(query, 'demo', which === 'two' ? [`${name}=${own}`] : []), 403);
    },
  );

  test('may have two flows at once, but not with swapped states (A-32)', async () => {
    const browser = world.browser();
    const [first, second] = [await world.session(), await world.session({ provider: 'github' })];
    const [a, b] = [await browser.begin(first.link), await browser.begin(second.link)];
    const [backA, backB] = [world.provider.agree(a, 'x', world.issuer), world.provider.agree(b, 'y')];
    const swapped = new URLSearchParams(backA);
    swapped.set('state', new URLSearchParams(backB).get('state') ?? '');
    expect((await browser.back(swapped.toString())).status).toBe(400);
    expect(world.provider.exchanges()).toBe(0);
    expect(ticketOf(await browser.back(backB, 'github'))).not.toBe('');
    expect(ticketOf(await browser.back(backA))).not.toBe('');
  });
});

describe('the provider', () => {
  test.each(byOAuth)(
    'a callback of %s at the address of any other is refused before any request (A-08)',
    async (from) => {
      const { id, browser, query } = await returning(from);
      const others = byOAuth.filter((to) => to !== from);
      expect(others.length).toBeGreaterThan(10);
      for (const to of others) await expectUntouched(id, await browser.back(query, to), 400);
    },
  );

  test('an unknown one is 404', async () => {
    const { browser, query } = await returning();
    for (const name of ['nobody', 'constructor', '__proto__'])
      expect((await browser.back(query, name)).status).toBe(404);
  });

  const issuers: readonly [string, (issuer: string) => string | undefined][] = [
    ['none', () => undefined],
    ['an empty one', () => ''],
    ['another', () => 'https://evil.example'],
    ['a slash more', (issuer) => `${issuer}/`],
    ['other case', (issuer) => issuer.toUpperCase()],
    ['another port', (issuer) => issuer.replace(/:\d+/, ':1')],
    ['an escape', (issuer) => issuer.replace('login', '%6cogin')],
  ];
  test.each(issuers)('that names itself wrongly, with %s, gets no code (A-07)', async (_name, write) => {
    const { id, browser, authorize } = await returning();
    const iss = write(world.issuer);
    const query = new URLSearchParams(world.provider.agree(authorize));
    if (iss !== undefined) query.set('iss', iss);
    const reply = await browser.back(query.toString());
    expect(errorOf(reply)).toBe('issuer_mismatch');
    expect(world.provider.exchanges()).toBe(0);
    expect(await world.row(id)).toMatchObject({ status: 'ended' });
  });

  test('that names itself twice changes nothing (A-07)', async () => {
    const { id, browser, query } = await returning();
    await expectUntouched(id, await browser.back(`${query}&iss=${world.issuer}`), 400);
  });

  test('that is not known to name itself may do so within its own origin, and not as another', async () => {
    const own = await returning('github');
    expect(errorOf(await own.browser.back(`${own.query}&iss=${world.provider.url}/github`, 'github'))).toBeNull();
    const foreign = await returning('github');
    expect(errorOf(await foreign.browser.back(`${foreign.query}&iss=https://evil.example`, 'github'))).toBe(
      'issuer_mismatch',
    );
  });

  test('whose app changed since the start gets no code (A-37)', async () => {
    const { id, browser, query } = await returning('slack');
    await world.sessions.update(
      { pk: `session#${id}` },
      { update: 'SET #attempt.#context = :other', values: { ':other': 'digest of another app' } },
    );
    await expectUntouched(id, await browser.back(query, 'slack'), 400);
  });

  test.each(['tenantId', 'provider', 'name'])(
    'a session whose %s changed since the start is refused (A-37)',
    async (field) => {
      const { id, browser, query } = await returning();
      await world.sessions.update(
        { pk: `session#${id}` },
        { update: `SET #${field} = :x`, values: { ':x': 'github' } },
      );
      const reply = await browser.back(query);
      expect(reply.status).toBe(400);
      expect(world.provider.seen).toEqual([]);
    },
  );

  test('a redirect URI of another start is refused (A-37)', async () => {
    const { id, browser, query } = await returning();
    await world.sessions.update(
      { pk: `session#${id}` },
      { update: 'SET #attempt.#redirectUri = :x', values: { ':x': 'https://old.example.com/oauth/demo/callback' } },
    );
    await expectUntouched(id, await browser.back(query), 400);
  });
});

describe('what the provider answers', () => {
  test.each([
    ['denied', 'error=access_denied&error_description=no'],
    ['provider_error', 'error=server_error'],
    ['provider_error', 'error=%3Cscript%3E'],
    ['no_code', ''],
    ['no_code', 'code='],
    ['no_code', 'CODE=abc'],
    ['provider_error', 'code=c&id_token=x'],
  ])('%s: %s', async (error, answer) => {
    const { id, browser, query } = await returning();
    const state = new URLSearchParams(query).get('state');
    const reply = await browser.back(`state=${state}&iss=${encodeURIComponent(world.issuer)}&${answer}`);
    expect(reply.location).toBe(`${RETURN_URL}?session=${id}&error=${error}`);
    expect(await world.row(id)).toMatchObject({ status: 'ended', endedBecause: error });
    expect(world.provider.exchanges()).toBe(0);
  });
});

describe('the exchange', () => {
  const token = '/login/token';
  test.each([
    ['hangs up', () => 'hang up' as const],
    [
      'refuses',
      () => ({ status: 400, body: '{"error":"invalid_grant"}', headers: { 'content-type': 'application/json' } }),
    ],
    ['is down', () => ({ status: 503, body: '' })],
    ['sends a page', () => ({ status: 200, body: '<html>' })],
  ])('is never repeated: the token endpoint %s (A-23)', async (_name, fault) => {
    const { id, browser, query } = await returning();
    world.provider.faults.set(token, fault);
    const reply = await browser.back(query);
    expect(errorOf(reply)).toBe('exchange_failed');
    expect(world.provider.exchanges()).toBe(1);
    expect(await world.row(id)).toMatchObject({ status: 'ended' });
    world.provider.faults.clear();
    expect((await browser.back(query)).status).toBe(409); // reload
    expect(world.provider.exchanges()).toBe(1);
  });

  test.each([
    ['asking whose account it is fails', { status: 500, body: '' }],
    ['the account has no id', { status: 200, body: '{"name":"x"}' }],
    ['the account has an id beyond reason', { status: 200, body: `{"id":"${'x'.repeat(501)}"}` }],
  ])('is undone upstream when %s', async (_name, answer) => {
    const { id, browser, query } = await returning();
    world.provider.faults.set('/api/me', () => answer);
    const before = new Set(world.provider.alive);
    expect(errorOf(await browser.back(query))).toBe('exchange_failed');
    expect([...world.provider.alive].filter((one) => !before.has(one))).toEqual([]);
    expect(await world.row(id)).not.toHaveProperty('grant');
  });

  test('is undone upstream when the vault cannot be reached; the page names the request alone', async () => {
    const { browser, query } = await returning('slack', {}); // no verifier to open: the vault is first asked to seal
    const { id, link } = await world.session({ provider: 'slack' }, 'globex');
    const other = world.browser();
    const back = world.provider.agree(await other.begin(link), 'T9');
    world.throttleKms();
    const before = new Set(world.provider.alive);
    const reply = await other.back(back, 'slack');
    expect(reply.status).toBe(500);
    expect(reply.body).toContain('req-1');
    expect(reply.body).not.toContain('throttled');
    expect([...world.provider.alive].filter((one) => !before.has(one))).toEqual([]);
    expect(await world.row(id)).not.toHaveProperty('grant');
    expect((await browser.back(query, 'slack')).status).toBe(303);
  });

  test('fits the verifier: a provider that checks PKCE gives the token for the right one alone (A-03)', async () => {
    const { browser, authorize } = await returning();
    const foreign = new URL(authorize);
    foreign.searchParams.set('code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
    expect(errorOf(await browser.back(world.provider.agree(foreign.href, 'a', world.issuer)))).toBe('exchange_failed');
  });
});

test('a dump of the table completes no flow, and shows no token (A-24)', async () => {
  const { id, browser, query } = await returning();
  const dumped = JSON.stringify(await world.row(id));
  for (const secret of [new URLSearchParams(query).get('state'), browser.jar.get(`__Host-pb_${id}`)]) {
    expect(dumped).not.toContain((secret ?? '').split('.').at(-1));
  }
  const { stateHash, browserHash } = JSON.parse(dumped).attempt;
  const thief = world.browser();
  thief.jar.set(`__Host-pb_${id}`, browserHash);
  expect((await thief.back(`code=c&state=${id}.${stateHash}`)).status).toBe(400);

  const done = await browser.back(query);
  const ready = JSON.stringify(await world.row(id));
  expect(ready).not.toMatch(/at-|rt-/);
  expect(ready).not.toContain(ticketOf(done));
  expect((await world.confirm(id, { ticket: JSON.parse(ready).ticketHash, endUser: 'ada@acme.example' })).status).toBe(
    404,
  );
});

test('every answer keeps the address bar to itself: no store, no referrer, no frame, no foreign content (A-11, A-12)', async () => {
  const { browser, query } = await returning();
  const replies = [
    await browser.back('state=x'),
    await world.browser().back(query),
    await browser.back(query),
    await browser.back(query),
    await browser.back(query, 'nobody'),
  ];
  expect(replies.map(({ status }) => status)).toEqual([400, 403, 303, 409, 404]);
  for (const { headers } of replies) {
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; .*frame-ancestors 'none'; base-uri 'none'$/,
    );
  }
});
