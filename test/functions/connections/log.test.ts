import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ConnectWorld, RETURN_URL, startConnectWorld, ticketOf } from '../../support/connect-world.ts';
import { captureOutput } from '../../support/output.ts';

// What the connect protocol writes to the log, with the log switched on.

let world: ConnectWorld;
let output: ReturnType<typeof captureOutput>;
beforeAll(async () => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'DEBUG');
  world = await startConnectWorld();
});
afterAll(() => world.stop());
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => {
  output.restore();
  vi.useRealTimers();
});

const written = () => JSON.stringify(output.lines());

describe('an error text of the provider, or of anybody (A-15)', () => {
  test.each([
    '<img src=x onerror=alert(1)>',
    '"><script>alert(1)</script>',
    'a\r\nset-cookie: x=1\r\n\r\n<h1>',
    'x'.repeat(20_000),
    '\u202egpj.exe',
    'javascript:alert(1)',
  ])('is inert wherever it stands: %s', async (text) => {
    const { id, link } = await world.session();
    const browser = world.browser();
    const state = new URL(await browser.begin(link)).searchParams.get('state') ?? '';
    const parameters = { error: text, error_description: text, error_uri: text, iss: world.issuer };
    const shown = JSON.stringify(text.slice(0, 200)).slice(1, -1);

    const stranger = await world.browser().back(new URLSearchParams({ ...parameters, state: 'x' }).toString());
    expect(stranger.status).toBe(400);
    expect(await world.row(id)).toMatchObject({ status: 'started' }); // without its state an error changes nothing
    const reply = await browser.back(new URLSearchParams({ ...parameters, state }).toString());
    expect(reply.location).toBe(`${RETURN_URL}?session=${id}&error=provider_error`);
    expect(JSON.stringify([stranger, reply])).not.toContain(shown);

    expect(output.lines()).toMatchObject([
      { session: id, outcome: 'provider_error', cause: 'an unreadable error code' },
    ]);
    expect(written()).not.toContain(shown);
  });
});

test('a whole flow, refusals and a sweep write no token, ticket, state, link, cookie or code (A-55)', async () => {
  const { id, link } = await world.session();
  const browser = world.browser();
  const authorize = await browser.begin(link);
  const query = new URLSearchParams(world.provider.agree(authorize, 'account-1', world.issuer));
  const back = await browser.back(query.toString());
  await browser.back(query.toString());
  await world.confirm(id, { ticket: ticketOf(back), endUser: 'somebody@else.example' });
  await world.sweep();
  expect(
    output
      .lines()
      .map(({ outcome }) => outcome)
      .sort(),
  ).toEqual(['end_user_mismatch', 'ready', 'revoked']);
  const secrets = [
    ...[link, query.get('state') ?? ''].map((handle) => handle.split('.')[1] ?? ''),
    ...[ticketOf(back), query.get('code') ?? '', browser.jar.get(`__Host-pb_${id}`) ?? ''],
    ...['secret-of-the-client', 'ada@acme.example', 'somebody@else.example'],
  ];
  for (const secret of secrets) {
    expect(secret).not.toBe('');
    expect(written()).not.toContain(secret);
  }
  expect(written()).not.toMatch(/[ar]t-[0-9a-f]{8}/);
});

test('one session that breaks is logged, and does not keep the others waiting', async () => {
  const sessions = await Promise.all(
    ['a', 'b', 'c', 'd', 'e', 'f'].map(async (name) => {
      const { id, link } = await world.session({ name });
      const browser = world.browser();
      await browser.back(world.provider.agree(await browser.begin(link), 'account-1', world.issuer));
      return id;
    }),
  );
  const [broken = '', ...others] = sessions;
  await world.sessions.put({ ...(await world.row(broken)), status: 'confirming', grant: undefined, dueAt: 1 });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * 60_000 + 1 });
  await world.sweep();
  expect(output.lines().filter(({ level }) => level === 'ERROR')).toMatchObject([{ session: broken }]);
  for (const id of others) expect(await world.row(id)).toMatchObject({ status: 'ended' });
});
