import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  formToken,
  newSession,
  SESSION_COOKIE,
  SESSION_MS,
  SIGN_IN_COOKIE,
  signInToken,
} from '../../../shared/console/session.ts';
import { isOwnPage } from '../../../shared/console/visit.ts';
import { realMoment } from '../../../shared/core/clock.ts';
import { makeApiKey } from '../../../shared/tenants/api-key.ts';
import { lambdaContext } from '../../support/http-event.ts';
import { readEvent } from '../../support/samples.ts';
import { type Browser, type Forged, type Handler, OPERATOR_KEY, openBrowser } from './browser.ts';
import { type Console, startConsole } from './hub.ts';

vi.hoisted(() => {
  process.env.POWERTOOLS_LOG_LEVEL = 'INFO'; // before the log is opened
});

let hub: Console;
let handler: Handler;
let browser: Browser;

beforeAll(async () => {
  hub = await startConsole();
  ({ handler } = await import('../../../functions/console/home.ts'));
});
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 120_000 }); // what the last test left in memory is old by now
  Object.assign(hub.operator, { key: OPERATOR_KEY, down: false });
  browser = hub.browser();
});
afterAll(async () => {
  vi.useRealTimers();
  await hub.stop();
});

const isHome = (body: string) => body.includes('Sign out');
const sessionOf = ({ jar }: Browser) => jar.get(SESSION_COOKIE) ?? '';
const withSession = (value: string) => browser.visit('/console', { cookies: [`${SESSION_COOKIE}=${value}`] });

describe('signing in', () => {
  test('who is not signed in gets the form, which no page may frame and nobody keeps (A-40)', async () => {
    const answer = await handler(readEvent('console/home') as APIGatewayProxyEventV2, lambdaContext());
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('Operator key');
    expect(isHome(answer.body ?? '')).toBe(false);
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
      ),
    });
    expect(answer.body).not.toContain('<script');
    expect(hub.secrets.commandCalls(GetSecretValueCommand)).toEqual([]);
  });

  test('with the operator key the browser gets a session of eight hours, which says nothing of the key', async () => {
    const answer = await browser.signIn();
    expect([answer.status, answer.goTo]).toEqual([303, '/console']);
    expect(answer.cookies).toEqual([
      expect.stringMatching(/^__Host-pb_console=[^;]+; Path=\/; Max-Age=28800; HttpOnly; Secure; SameSite=Strict$/),
    ]);
    for (const part of [
      OPERATOR_KEY,
      OPERATOR_KEY.split('_').at(-1) ?? '',
      Buffer.from(OPERATOR_KEY).toString('base64url'),
    ])
      expect(sessionOf(browser)).not.toContain(part);
    const home = await browser.visit('/console');
    expect(isHome(home.body)).toBe(true);
    expect(home.headers['cache-control']).toBe('no-store');
  });

  test.each([
    ['another key', `pb_local_operator_${'6'.repeat(32)}`],
    ['a part of it', OPERATOR_KEY.slice(0, -1)],
    ['more than it', `${OPERATOR_KEY}5`],
    ['nothing', ''],
    ['two', `${OPERATOR_KEY}, ${OPERATOR_KEY}`],
    ["a tenant's key", `pb_prod_acme.0123456789ab_${'a'.repeat(64)}`],
    ['far too much', 'x'.repeat(5_000)],
  ])('%s is refused: the form again, with what is wrong, and without what was entered', async (_what, key) => {
    const answer = await browser.signIn(key);
    expect(answer.status).toBe(401);
    expect(answer.body).toContain('That is not the operator key');
    if (key !== '') expect(answer.body).not.toContain(key);
    expect(browser.jar.has(SESSION_COOKIE)).toBe(false);
  });

  test("a tenant's own key, which the API knows, opens nothing here (A-50)", async () => {
    const tenantId = await hub.tenant('acme');
    const { row, text } = makeApiKey('prod', tenantId, {}, realMoment);
    await hub.stores.tenants.keysOf(tenantId).add(row);
    expect((await browser.signIn(text)).status).toBe(401);
  });

  test('who signed in is in the audit log, a refusal in the log alone, and a key in neither', async () => {
    const before = hub.output.lines().length;
    await browser.signIn('pb_prod_guessed_0123456789');
    const known = (await hub.acts()).length;
    await browser.signIn();
    expect((await hub.acts()).length).toBe(known + 1);
    expect((await hub.acts())[0]).toEqual({ action: 'console.signed_in', actor: 'operator', target: {} });
    const lines = hub.output.lines().slice(before);
    expect(lines).toMatchObject([
      { level: 'WARN', message: 'a sign-in to the console was refused', feature: 'console' },
    ]);
    expect(JSON.stringify([lines, await hub.acts()])).not.toMatch(/guessed|5555/);
  });

  test.each<[string, Forged]>([
    ['without the field of the page', { csrf: null }],
    ['with the field of another browser', { csrf: signInToken('B'.repeat(43)) }],
    ['with the field twice', { csrf: '' }],
    ["with a session's field", { csrf: formToken('B'.repeat(43)) }],
    ['from another origin', { headers: { origin: 'https://evil.example' } }],
    ['from another site', { headers: { 'sec-fetch-site': 'cross-site' } }],
    ['from a neighbour on the same site', { headers: { 'sec-fetch-site': 'same-site' } }],
    ['without the cookie of the form', { cookies: [] }],
    ['with an empty cookie', { cookies: [`${SIGN_IN_COOKIE}=`] }],
  ])('a form %s signs nobody in, and is not compared with the key', async (_what, forged) => {
    hub.secrets.resetHistory();
    const answer = await browser.signIn(OPERATOR_KEY, {}, forged);
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('load the page again');
    expect(browser.jar.has(SESSION_COOKIE)).toBe(false);
    expect(hub.secrets.commandCalls(GetSecretValueCommand).length).toBeLessThanOrEqual(1); // by the page before it
  });

  test('while the secret cannot be read nobody is signed in', async () => {
    hub.operator.down = true;
    vi.resetModules(); // as it starts, with no key in memory
    const { handler: cold } = (await import('../../../functions/console/home.ts')) as { handler: Handler };
    const other = openBrowser(() => cold);
    expect((await other.signIn()).status).toBe(500);
    expect(other.jar.has(SESSION_COOKIE)).toBe(false);
  });
});

describe('a session', () => {
  test('ends after eight hours, whatever was done meanwhile', async () => {
    await browser.signIn();
    vi.setSystemTime(Date.now() + SESSION_MS - 1_000);
    expect(isHome((await browser.visit('/console')).body)).toBe(true);
    vi.setSystemTime(Date.now() + 1_000);
    expect(isHome((await browser.visit('/console')).body)).toBe(false);
  });

  test('dies with the operator key, a minute after the secret was changed', async () => {
    await browser.signIn();
    hub.operator.key = `pb_local_operator_${'7'.repeat(32)}`;
    vi.setSystemTime(Date.now() + 61_000);
    expect(isHome((await browser.visit('/console')).body)).toBe(false);
    expect((await browser.signIn(hub.operator.key)).status).toBe(303);
  });

  test('is believed as it was made alone: every character is under the MAC', async () => {
    await browser.signIn();
    const session = sessionOf(browser);
    for (let at = 0; at < session.length; at++) {
      const bent = session.slice(0, at) + (session[at] === '1' ? '2' : '1') + session.slice(at + 1);
      if (bent === session) continue;
      expect([bent, isHome((await withSession(bent)).body)]).toEqual([bent, false]);
    }
  });

  test('is no other thing that the hub hands out, made by no other key, and longer than none', async () => {
    await browser.signIn();
    const session = sessionOf(browser);
    const { csrf, signIn } = { csrf: formToken(session), signIn: browser.jar.get(SIGN_IN_COOKIE) ?? '' };
    const early = { nowMs: Date.now() + 60_000, token: realMoment.token };
    const others = [
      ...['', '1', 'true', csrf, signIn, signInToken(signIn), OPERATOR_KEY],
      ...[session.split('.').slice(0, 2).join('.'), `${session}.`, ` ${session}`, `${session}%00`],
      newSession(`pb_local_operator_${'6'.repeat(32)}`, realMoment),
      newSession(OPERATOR_KEY, early), // of a clock that nobody has: it would outlast eight hours
    ];
    for (const value of others) expect([value, isHome((await withSession(value)).body)]).toEqual([value, false]);
    const twice = await browser.visit('/console', {
      cookies: [`${SESSION_COOKIE}=${session}`, `${SESSION_COOKIE}=${session}`],
    });
    expect(isHome(twice.body)).toBe(false);
    expect(isHome((await withSession(session)).body)).toBe(true);
  });

  test('is forgotten by signing out, which only the page itself can ask for', async () => {
    await browser.signIn();
    const foreign = { headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' } };
    expect((await browser.press('/console', { action: 'sign-out' }, foreign)).status).toBe(403);
    expect((await browser.press('/console', { action: 'sign-out' }, { csrf: null })).status).toBe(403);
    expect(browser.jar.has(SESSION_COOKIE)).toBe(true);
    const out = await browser.press('/console', { action: 'sign-out' });
    expect([out.status, out.goTo]).toEqual([303, '/console']);
    expect(out.cookies).toEqual(
      expect.arrayContaining([expect.stringMatching(/^__Host-pb_console=; Path=\/; Max-Age=0; HttpOnly; Secure; /)]),
    );
    expect(isHome((await browser.visit('/console')).body)).toBe(false);
  });
});

describe('the page that was wanted', () => {
  const wanted = '/console/tenants/acme/calls?status=failed';

  test('comes after the sign-in', async () => {
    const form = await browser.visit(`/console?${new URLSearchParams({ to: wanted })}`);
    expect(form.body).toContain(`name="to" value="${wanted}"`);
    expect((await browser.signIn(OPERATOR_KEY, { to: wanted })).goTo).toBe(wanted);
  });

  test('is kept where the key was wrong', async () => {
    expect((await browser.signIn('not-the-key', { to: wanted })).body).toContain(`name="to" value="${wanted}"`);
  });

  test.each([
    ...['https://evil.example', '//evil.example', '/\\evil.example', '/console//evil.example/..//', '\\/evil.example'],
    ...['/console/../connect/x', '/console/%2e%2e/', '/console/./x', '/consolevil', '/v1/tenants', '/', '', 'console'],
    ...['javascript:alert(1)', ' /console', '/console ', '/console\n//evil.example', '/console\t', '/console/\u0000'],
    ...['/console#x', '/console@evil.example', '/console:80', `/console/${'x'.repeat(2_000)}`, '/console?x="><script>'],
    ...['https:/console', 'http://hub.example.com/console', '/console/tenants/<b>', '///console', '/console\\..\\x'],
  ])('is the console’s own or none: not %j', async (to) => {
    expect(isOwnPage(to)).toBe(false);
    const form = await browser.visit(`/console?${new URLSearchParams({ to })}`);
    expect(form.body).not.toContain('name="to"');
    expect((await browser.signIn(OPERATOR_KEY, { to })).goTo).toBe('/console');
  });
});
