import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { handler as Handler } from '../../../functions/connections/open.ts';
import { type ConnectWorld, context, startConnectWorld } from '../../support/connect-world.ts';
import { readEvent } from '../../support/samples.ts';

let world: ConnectWorld;
beforeAll(async () => {
  world = await startConnectWorld({
    name: 'Freightly',
    colour: '#ffd400',
    logoUrl: 'https://cdn.example.com/logo.svg',
    supportUrl: 'https://help.example.com',
  });
});
afterAll(() => world.stop());
beforeEach(() => void vi.useRealTimers());

test('the sample event of an unknown link is a page with status 404', async () => {
  const { handler }: { handler: typeof Handler } = await import('../../../functions/connections/open.ts');
  const answer = await handler(readEvent('connections/open') as Parameters<typeof handler>[0], context);
  expect(answer.statusCode).toBe(404);
  expect(answer.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8' });
});

describe('the page that asks', () => {
  test('names owner, tenant, provider, end user and scopes in words, unknown ones as they are', async () => {
    const { link } = await world.session({
      provider: 'github',
      endUser: 'Ada <ada@acme>',
      scopes: ['repo', 'admin:org'],
    });
    const { status, body } = await world.browser().open(link);
    expect(status).toBe(200);
    for (const text of [
      'Connect GitHub to Freightly',
      'acme Ltd',
      'Ada &lt;ada@acme&gt;',
      'Read and write your repositories and their issues',
      'The permission <code>admin:org</code>',
      'Continue to GitHub',
      'Cancel',
      'https://help.example.com',
    ]) {
      expect(body).toContain(text);
    }
    expect(body).not.toContain('Read your profile'); // not asked for
    expect(body).not.toMatch(/<script|http-equiv/i);
  });

  test('cannot be framed, stored or run anything, and its form leads on to the provider alone (A-11, A-40)', async () => {
    const { link } = await world.session();
    const { headers } = await world.browser().open(link);
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src https:\/\/cdn\.example\.com; /,
    );
    expect(policy).toContain(`form-action 'self' ${world.provider.url} https://app.example.com https:`);
    expect(policy).toContain("frame-ancestors 'none'; base-uri 'none'");
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    });
  });

  test('sets a cookie that only this host and no script can read', async () => {
    const { id, link } = await world.session();
    const [cookie] = (await world.browser().open(link)).cookies;
    expect(cookie).toMatch(
      new RegExp(`^__Host-pb_${id}=[A-Za-z0-9_-]{43}; Path=/; Max-Age=1500; HttpOnly; Secure; SameSite=Lax$`),
    );
  });

  test('changes nothing, however often it is looked at: mail scanners open links (A-36)', async () => {
    const { id, link } = await world.session();
    const before = await world.row(id);
    await Promise.all(Array.from({ length: 5 }, () => world.browser().open(link)));
    expect(await world.row(id)).toEqual(before);
  });

  test('keeps the cookie that a browser has, and replaces one that it cannot have set', async () => {
    const { id, link } = await world.session();
    const browser = world.browser();
    await browser.open(link);
    const first = browser.jar.get(`__Host-pb_${id}`);
    await browser.open(link);
    expect(browser.jar.get(`__Host-pb_${id}`)).toBe(first);
    browser.jar.set(`__Host-pb_${id}`, '1');
    await browser.open(link);
    expect(browser.jar.get(`__Host-pb_${id}`)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});

describe('a link', () => {
  test.each([
    '',
    'x',
    'cs_1.2',
    '../../etc/passwd',
    `cs_${'0'.repeat(26)}.${'A'.repeat(43)}`,
    '<script>',
    'a'.repeat(5_000),
  ])('that is none of ours is 404: %s', async (link) => {
    const { status, body } = await world.browser().open(link);
    expect(status).toBe(404);
    expect(body).not.toContain('<script>');
  });

  test('with another secret looks like one that does not exist', async () => {
    const { link } = await world.session();
    const other = `${link.slice(0, -1)}${link.endsWith('A') ? 'B' : 'A'}`;
    const [wrong, missing] = [await world.browser().open(other), await world.browser().open('x')];
    expect([wrong.status, wrong.body]).toEqual([missing.status, missing.body]);
  });

  test('expires after 15 minutes', async () => {
    const { link } = await world.session();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 15 * 60_000 });
    const { status, body } = await world.browser().open(link);
    expect(status).toBe(410);
    expect(body).toContain('begin again');
  });

  test('that another browser has begun is 403, one that is done 409', async () => {
    const { link } = await world.session();
    const browser = world.browser();
    const authorize = await browser.begin(link);
    expect((await world.browser().open(link)).status).toBe(403);
    expect((await browser.open(link)).status).toBe(200); // back button
    await browser.back(world.provider.agree(authorize, 'a', world.issuer));
    expect((await browser.open(link)).status).toBe(409);
    expect((await world.browser().open(link)).status).toBe(409);
  });
});
