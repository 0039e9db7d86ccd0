import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { handler as Handler } from '../../../functions/connections/start.ts';
import { type ConnectWorld, context, HUB, RETURN_URL, startConnectWorld } from '../../support/connect-world.ts';
import { readEvent } from '../../support/samples.ts';

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld();
});
afterAll(() => world.stop());
beforeEach(() => void vi.useRealTimers());

test('the sample event of an unknown link is a page with status 404', async () => {
  const { handler }: { handler: typeof Handler } = await import('../../../functions/connections/start.ts');
  const answer = await handler(readEvent('connections/start') as Parameters<typeof handler>[0], context);
  expect(answer.statusCode).toBe(404);
});

describe('going on', () => {
  test.each([
    ['demo', 'openid offline_access contacts', 'S256'],
    ['github', 'read:user user:email repo', 'S256'],
    ['slack', 'chat:write,channels:read,users:read', null],
  ])('to %s redirects with 303, the provider’s own spelling of scopes and PKCE', async (provider, scope, method) => {
    const { id, link } = await world.session({ provider });
    const browser = world.browser();
    const reply = await browser.submit(link, await browser.open(link));
    expect(reply.status).toBe(303);
    const asked = new URL(reply.location).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      ...{ response_type: 'code', client_id: 'client-1', scope },
      redirect_uri: `${HUB}/oauth/${provider}/callback`,
    });
    expect(asked.get('state')).toMatch(new RegExp(`^${id}\\.[A-Za-z0-9_-]{43}$`));
    expect(asked.get('code_challenge_method')).toBe(method);
    expect(reply.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  });

  test('claims the link for this browser: of two at once one goes on, the other is refused', async () => {
    for (let round = 0; round < 10; round++) {
      const { link } = await world.session();
      const browsers = [world.browser(), world.browser()];
      const pages = await Promise.all(browsers.map((browser) => browser.open(link)));
      const replies = await Promise.all(
        browsers.map((browser, index) => browser.submit(link, pages[index] as (typeof pages)[number])),
      );
      const statuses = replies.map(({ status }) => status).sort();
      expect([
        [303, 403],
        [303, 409],
      ]).toContainEqual(statuses);
    }
  });

  test('twice in the same browser (double click, back button) works, the newest counts', async () => {
    const { link } = await world.session();
    const browser = world.browser();
    const page = await browser.open(link);
    const [first, second] = [await browser.submit(link, page), await browser.submit(link, page)];
    expect([first.status, second.status]).toEqual([303, 303]);
    expect(first.location).not.toBe(second.location);
  });

  test('is impossible after 15 minutes, the row still there (A-21)', async () => {
    const { link } = await world.session();
    const browser = world.browser();
    const page = await browser.open(link);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 15 * 60_000 });
    expect((await browser.submit(link, page)).status).toBe(410);
  });

  test('ignores whatever host a request names (A-09)', async () => {
    const { link } = await world.session();
    const browser = world.browser();
    const evil = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example',
      'x-forwarded-proto': 'http',
    };
    const reply = await browser.submit(link, await browser.open(link), 'continue', evil);
    expect(new URL(reply.location).searchParams.get('redirect_uri')).toBe(`${HUB}/oauth/demo/callback`);
    expect(reply.location).not.toContain('evil');
  });
});

describe('a form that is not from this browser’s page', () => {
  async function send(change: { csrf?: string; cookie?: string; headers?: Record<string, string>; body?: string }) {
    const { id, link } = await world.session();
    const browser = world.browser();
    const page = await browser.open(link);
    const csrf = change.csrf ?? /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const reply = await world.ask('start', {
      path: { link },
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...change.headers },
      cookies: change.cookie === '' ? [] : [`__Host-pb_${id}=${change.cookie ?? browser.jar.get(`__Host-pb_${id}`)}`],
      body: change.body ?? new URLSearchParams({ csrf, action: 'continue' }).toString(),
    });
    return { status: reply.status, row: await world.row(id) };
  }

  test.each([
    ['no field', { body: 'action=continue' }, 403],
    ['two fields', { body: 'csrf=a&csrf=b' }, 403],
    ['another field', { csrf: 'A'.repeat(43) }, 403],
    ['no cookie', { cookie: '' }, 403],
    ['another cookie', { cookie: 'A'.repeat(43) }, 403],
    ['the origin of another site', { headers: { origin: 'https://evil.example' } }, 403],
    ['a look-alike origin', { headers: { origin: `${HUB}.evil.example` } }, 403],
    ['a fetch from another site', { headers: { 'sec-fetch-site': 'cross-site' } }, 403],
    ['a fetch from a sister site', { headers: { 'sec-fetch-site': 'same-site' } }, 403],
    ['JSON', { headers: { 'content-type': 'application/json' } }, 415],
    ['plain text', { headers: { 'content-type': 'text/plain' } }, 415],
    ['no content type', { headers: { 'content-type': '' } }, 415],
    ['too much', { body: `csrf=${'a'.repeat(20_000)}` }, 413],
  ])('with %s is refused and changes nothing', async (_name, change, status) => {
    const sent = await send(change);
    expect(sent.status).toBe(status);
    expect(sent.row).toMatchObject({ status: 'created' });
  });

  test('with the right field and another one is refused: which one counts must not be in doubt', async () => {
    const { id, link } = await world.session();
    const browser = world.browser();
    const csrf = /name="csrf" value="([^"]+)"/.exec((await browser.open(link)).body)?.[1] ?? '';
    const reply = await world.ask('start', {
      path: { link },
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      cookies: [`__Host-pb_${id}=${browser.jar.get(`__Host-pb_${id}`)}`],
      body: `csrf=${csrf}&csrf=other`,
    });
    expect(reply.status).toBe(403);
  });

  const own: Record<string, string>[] = [{ origin: HUB }, { origin: 'null' }, { 'sec-fetch-site': 'same-origin' }, {}];
  test.each(own)('is told from one that is: %o', async (headers) => {
    expect(await send({ headers })).toMatchObject({ status: 303, row: { status: 'started' } });
  });
});

test('Cancel goes back to the app with `denied`, and ends the session', async () => {
  const { id, link } = await world.session();
  const browser = world.browser();
  const page = await browser.open(link);
  const reply = await browser.submit(link, page, 'cancel');
  expect([reply.status, reply.location]).toEqual([303, `${RETURN_URL}?session=${id}&error=denied`]);
  expect(await world.row(id)).toMatchObject({ status: 'ended', endedBecause: 'denied' });
  expect((await browser.submit(link, page)).status).toBe(409);
});
