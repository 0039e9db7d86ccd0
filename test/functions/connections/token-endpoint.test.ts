import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ConnectWorld, RETURN_URL, startConnectWorld } from '../../support/connect-world.ts';
import { type Answer, type StandIn, startProvider } from '../../support/provider.ts';

// A token endpoint that answers anything but tokens: the browser is back at the app with a word for it, and nothing is left.

let world: ConnectWorld;
let elsewhere: StandIn;
beforeAll(async () => {
  [world, elsewhere] = await Promise.all([startConnectWorld(), startProvider()]);
});
afterAll(() => Promise.all([world.stop(), elsewhere.stop()]));
beforeEach(() => {
  world.provider.reset();
  world.provider.alive.clear();
});
afterEach(() => void vi.useRealTimers());

const PATHS = { demo: '/login/token', github: '/github/login/oauth/access_token', slack: '/slack/api/oauth.v2.access' };
type Name = keyof typeof PATHS;

const json = (value: unknown, status = 200): Answer => ({
  ...{ status, headers: { 'content-type': 'application/json' } },
  body: typeof value === 'string' ? value : JSON.stringify(value),
});
const bearer = { access_token: 'at-made-up', token_type: 'bearer', scope: 'a' };

async function returning(provider: Name) {
  const { id, link } = await world.session({ provider });
  const browser = world.browser();
  const issuer = provider === 'demo' ? world.issuer : undefined;
  return { id, browser, query: world.provider.agree(await browser.begin(link), 'account-1', issuer) };
}

async function expectNothingLeft(id: string, location: string) {
  expect(location).toBe(`${RETURN_URL}?session=${id}&error=exchange_failed`);
  const row = await world.row(id);
  expect(row).toMatchObject({ status: 'ended', endedBecause: 'exchange_failed' });
  expect(row).not.toHaveProperty('grant');
  expect(row).not.toHaveProperty('ticketHash');
  expect(JSON.stringify(row)).not.toContain('at-made-up');
  expect(world.provider.alive.size).toBe(0);
  expect(world.provider.exchanges()).toBe(1);
}

const answers: readonly (readonly [string, () => Answer])[] = [
  ['a page', () => ({ headers: { 'content-type': 'text/html' }, body: '<!doctype html><h1>Sign in</h1>' })],
  ['a page that calls itself JSON', () => json('<html>')],
  ['nothing', () => ({ body: '' })],
  ['204', () => ({ status: 204, body: '' })],
  ['half a document', () => json('{"access_token":"at-made-up","token_ty')],
  ['a list', () => json([bearer])],
  ['a word', () => json('"at-made-up"')],
  ['null', () => json('null')],
  ['200 with an error', () => json({ error: 'bad_verification_code' })],
  ['an error beside a token', () => json({ ...bearer, ok: false, error: 'invalid_grant', access_token: 7 })],
  ['a token that is a number', () => json({ ...bearer, access_token: 12345 })],
  ['a token that is a list', () => json({ ...bearer, access_token: ['at-made-up'] })],
  ['an empty token', () => json({ ...bearer, access_token: '' })],
  ['no token', () => json({ token_type: 'bearer' })],
  ['a token with a line break', () => json({ ...bearer, access_token: 'at-made-up\r\nx-admin: 1' })],
  ['no type', () => json({ access_token: 'at-made-up' })],
  ['a type that is unknown', () => json({ ...bearer, token_type: 'mac' })],
  ['a type that is a number', () => json({ ...bearer, token_type: 1 })],
  ['201', () => json(bearer, 201)],
  ['401', () => json({ error: 'invalid_client' }, 401)],
  ['400 without a word', () => json({}, 400)],
  ['429', () => ({ ...json({}, 429), headers: { 'retry-after': '86400' } })],
  ['500', () => json({}, 500)],
  ['5 MB', () => json({ ...bearer, padding: 'x'.repeat(5_000_000) })],
  ['a body that claims to be compressed', () => ({ ...json(bearer), headers: { 'content-encoding': 'gzip' } })],
];

describe.each(['demo', 'github'] as const)('of %s', (provider) => {
  test.each(answers)('%s ends the session, the code is not sent again (A-16, A-23, E-04)', async (_name, answer) => {
    const { id, browser, query } = await returning(provider);
    world.provider.faults.set(PATHS[provider], answer);
    await expectNothingLeft(id, (await browser.back(query, provider)).location);
    world.provider.faults.clear();
    expect((await browser.back(query, provider)).status).toBe(409); // reload: a page, and no second exchange
    expect(world.provider.exchanges()).toBe(1);
  });
});

test('slack’s way to refuse, 200 with `ok: false`, is a refusal though a token stands beside it (A-16)', async () => {
  const { id, browser, query } = await returning('slack');
  world.provider.faults.set(PATHS.slack, () => json({ ok: false, error: 'invalid_code', ...bearer }));
  await expectNothingLeft(id, (await browser.back(query, 'slack')).location);
});

test.each([301, 302, 303, 307, 308])(
  'a redirect (%i) is not followed: code and secret go nowhere else (E-04)',
  async (status) => {
    elsewhere.reset();
    for (const to of [`${elsewhere.url}/token`, `${elsewhere.url}/login/token`, '/other', 'http://169.254.169.254/']) {
      world.provider.reset();
      const { id, browser, query } = await returning('demo');
      world.provider.faults.set(PATHS.demo, () => ({ status, headers: { location: to }, body: '' }));
      await expectNothingLeft(id, (await browser.back(query)).location);
      expect(world.provider.seen).toHaveLength(1);
    }
    expect(elsewhere.seen).toEqual([]);
  },
);

test('an endpoint that hangs up, and one that never answers, end the session (A-23)', async () => {
  const broken = await returning('demo');
  world.provider.faults.set(PATHS.demo, () => 'hang up');
  await expectNothingLeft(broken.id, (await broken.browser.back(broken.query)).location);

  world.provider.reset();
  const silent = await returning('demo');
  world.provider.faults.set(PATHS.demo, () => 'never');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const back = silent.browser.back(silent.query);
  while (world.provider.exchanges() === 0) await new Promise(setImmediate);
  vi.advanceTimersByTime(20_000);
  vi.useRealTimers();
  await expectNothingLeft(silent.id, (await back).location);
});

test('an answer that never comes to its end, a byte at a time, ends the session after 20 s (E-04, E-08)', async () => {
  const { id, browser, query } = await returning('demo');
  let bytes = 0;
  let left = false;
  world.provider.faults.set(PATHS.demo, () => (response) => {
    const drip = setInterval(() => response.write(++bytes === 1 ? '{' : ' '), 5);
    response.on('close', () => {
      clearInterval(drip);
      left = true;
    });
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const back = browser.back(query);
  while (bytes < 5) await new Promise(setImmediate);
  vi.advanceTimersByTime(20_000);
  vi.useRealTimers();
  await expectNothingLeft(id, (await back).location);
  await vi.waitFor(() => expect(left).toBe(true));
});

test('an answer of a gigabyte is left after 256 kB: none of it piles up (E-04, E-08)', async () => {
  const { id, browser, query } = await returning('demo');
  const chunk = Buffer.alloc(64 * 1024, ' ');
  let sent = 0;
  let left = false;
  world.provider.faults.set(PATHS.demo, () => (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(2 ** 30) });
    const pour = () => {
      while (!left && sent < 2 ** 30) {
        sent += chunk.length;
        if (!response.write(chunk)) return response.once('drain', pour);
      }
    };
    response.on('close', () => {
      left = true;
    });
    pour();
  });
  const before = process.memoryUsage().rss;
  await expectNothingLeft(id, (await browser.back(query)).location);
  await vi.waitFor(() => expect(left).toBe(true));
  expect(sent).toBeLessThan(50 * 2 ** 20); // what the sockets' buffers take
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
});
