import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openBrowser } from '../../../../infra/local/demo/browser.ts';
import { type OwnerApp, startOwnerApp } from '../../../../infra/local/demo/owner-app.ts';
import { bodyOf, type Served, sendJson, sendPage, serve } from '../../../../infra/local/demo/server.ts';

// The hub as the sample app sees it: what it was asked, and what it shall answer.
let asked: { route: string; key: string | undefined; body: unknown }[] = [];
let answers: Record<string, { status: number; body: object }> = {};
let hub: Served;
let app: OwnerApp;

beforeAll(async () => {
  hub = await serve(0, () => async (request, response, url) => {
    if (url.pathname === '/connect/a-link') return sendPage(response, 200, '<p>hosted page</p>');
    const route = `${request.method} ${url.pathname}`;
    const body = await bodyOf(request);
    asked.push({ route, key: request.headers.authorization, body: body && JSON.parse(body) });
    const { status, body: answer } = answers[route] ?? { status: 200, body: { items: [] } };
    sendJson(response, status, answer);
  });
  app = await startOwnerApp({ hub: { url: hub.url, tenant: 'acme', key: 'pb_local_key' } });
});
afterAll(() => Promise.all([hub.stop(), app.stop()]));
beforeEach(() => {
  asked = [];
  answers = {};
});

async function signedIn(user = 'ada@acme.example') {
  const browser = openBrowser();
  return { browser, home: await browser.press(await browser.visit(app.url), user) };
}

test('asks the hub for a link in the name of the signed-in user and sends the browser there', async () => {
  answers['POST /v1/tenants/acme/connect-sessions'] = { status: 201, body: { url: `${hub.url}/connect/a-link` } };
  const { browser, home } = await signedIn();
  expect((await browser.press(home, 'Connect Demo')).text).toBe('hosted page');
  expect(asked.at(-1)).toEqual({
    route: 'POST /v1/tenants/acme/connect-sessions',
    key: 'Bearer pb_local_key',
    body: { provider: 'demo', endUser: 'ada@acme.example', returnUrl: app.returnUrl },
  });
});

test('confirms with its own signed-in user, whoever the link was made for', async () => {
  const { browser } = await signedIn('bob@acme.example');
  await browser.visit(`${app.returnUrl}?session=cs_1&ticket=a-ticket&endUser=ada@acme.example`);
  expect(asked[1]).toMatchObject({
    route: 'POST /v1/tenants/acme/connect-sessions/cs_1/confirm',
    body: { ticket: 'a-ticket', endUser: 'bob@acme.example' },
  });
});

test('confirms nothing for a browser that is not signed in', async () => {
  const page = await openBrowser().visit(`${app.returnUrl}?session=cs_1&ticket=a-ticket`);
  expect(page.text).toContain('Sign in');
  expect(asked).toEqual([]);
});

test('says what happened when the user denied or the hub refused', async () => {
  answers['POST /v1/tenants/acme/connect-sessions/cs_1/confirm'] = {
    status: 404,
    body: { code: 'not_found', detail: '<b>Nothing here</b>' },
  };
  const { browser } = await signedIn();
  expect((await browser.visit(`${app.returnUrl}?session=cs_1&error=denied`)).text).toContain('You did not allow it.');
  const refused = await browser.visit(`${app.returnUrl}?session=cs_1&ticket=a-ticket`);
  expect(refused.status).toBe(403);
  expect(refused.text).toContain('<b>Nothing here</b> (not_found)');
});

test('shows a connection and disconnects it', async () => {
  const connection = { provider: 'demo', status: 'active', account: { id: 'acc_ada', name: 'Ada Lovelace' } };
  answers['GET /v1/tenants/acme/connections'] = { status: 200, body: { items: [connection] } };
  const { browser, home } = await signedIn();
  expect(home.text).toContain('demo Ada Lovelace active');
  await browser.press(home, 'Disconnect');
  expect(asked.map(({ route }) => route)).toContain('DELETE /v1/tenants/acme/connections/demo');
});
