import { openBrowser } from '../browser.ts';
import { startOwnerApp } from '../owner-app.ts';
import { all, ask, type Scene, type Step, TENANT, until } from './scene.ts';

const connections = async (scene: Scene) => (await all(scene, `/v1/tenants/${TENANT}/connections`)).length;

/** A user signs in to the owner's app and presses "Connect Demo". */
async function beginAs(scene: Scene, user: string) {
  const browser = openBrowser();
  const signIn = await browser.visit(scene.ownerApp.url);
  return { browser, home: await browser.press(signIn, user) };
}

export const tenantSteps: readonly Step[] = [
  {
    step: 'the hub answers',
    expected: '200 ok, stage local',
    async happen(scene) {
      const { status, body } = await ask(scene, 'GET /health');
      return `${status} ${body.status}, stage ${body.stage}`;
    },
  },
  {
    step: 'a tenant, its key, its return URL',
    expected: '201, 201, 200',
    async happen(scene) {
      const key = scene.hub.operatorKey;
      const created = await ask(scene, 'POST /v1/tenants', { key, body: { id: TENANT, name: 'Acme' } });
      const issued = await ask(scene, `POST /v1/tenants/${TENANT}/keys`, { key, body: {} });
      scene.tenantKey = issued.body.key;
      scene.ownerApp = await startOwnerApp({ hub: { url: scene.hub.url, tenant: TENANT, key: scene.tenantKey } });
      const body = { returnUrls: [scene.ownerApp.returnUrl] };
      const registered = await ask(scene, `PATCH /v1/tenants/${TENANT}`, { key, body });
      return [created, issued, registered].map(({ status }) => status).join(', ');
    },
  },
  {
    step: 'no key, a forged key, another tenant',
    expected: '401, 401, 404 as if missing',
    async happen(scene) {
      const key = scene.hub.operatorKey;
      await ask(scene, 'POST /v1/tenants', { key, body: { id: 'rival', name: 'Rival' } });
      const none = await ask(scene, `GET /v1/tenants/${TENANT}`, { key: '' });
      const forged = await ask(scene, `GET /v1/tenants/${TENANT}`, { key: `${scene.tenantKey.slice(0, -4)}0000` });
      const foreign = await ask(scene, 'GET /v1/tenants/rival');
      const missing = await ask(scene, 'GET /v1/tenants/nobody');
      const alike = foreign.status === missing.status && foreign.body.detail === missing.body.detail;
      return `${none.status}, ${forged.status}, ${foreign.status} ${alike ? 'as if missing' : 'unlike a missing one'}`;
    },
  },
];

export const connectSteps: readonly Step[] = [
  {
    step: 'the end user says no',
    expected: 'told so, 0 connections',
    async happen(scene) {
      const { browser, home } = await beginAs(scene, 'ada@acme.example');
      const hosted = await browser.press(home, 'Connect Demo');
      const signIn = await browser.press(hosted, 'Continue');
      const consent = await browser.press(signIn, 'Ada Lovelace');
      const back = await browser.press(consent, 'Deny');
      const told = back.text.includes('You did not allow it') ? 'told so' : back.text;
      return `${told}, ${await connections(scene)} connections`;
    },
  },
  {
    step: 'a link sent to somebody else',
    expected: 'not_found, 0 connections',
    async happen(scene) {
      const ada = await beginAs(scene, 'ada@acme.example');
      const link = (await ada.browser.press(ada.home, 'Connect Demo', { stopAt: `${scene.hub.url}/connect/` })).url;
      const bob = await beginAs(scene, 'bob@acme.example');
      const hosted = await bob.browser.visit(link);
      const signIn = await bob.browser.press(hosted, 'Continue');
      const back = await bob.browser.press(await bob.browser.press(signIn, 'Grace Hopper'), 'Allow');
      return `${/\((\w+)\)/.exec(back.text)?.[1]}, ${await connections(scene)} connections`;
    },
  },
  {
    step: 'connect Demo through the hosted pages',
    expected: 'demo active as Ada Lovelace',
    async happen(scene) {
      const { browser, home } = await beginAs(scene, 'ada@acme.example');
      scene.browser = browser;
      const hosted = await browser.press(home, 'Connect Demo');
      const signIn = await browser.press(hosted, 'Continue');
      await browser.press(await browser.press(signIn, 'Ada Lovelace'), 'Allow');
      const { body } = await ask(scene, `GET /v1/tenants/${TENANT}/connections/demo`);
      return `${body.provider} ${body.status} as ${body.account?.name}`;
    },
  },
  {
    step: 'connect GitHub without the sample app',
    expected: '201, 200: github active as Codertocat',
    async happen(scene) {
      const { returnUrl } = scene.ownerApp;
      const wish = { provider: 'github', endUser: 'ada@acme.example', returnUrl };
      const session = await ask(scene, `POST /v1/tenants/${TENANT}/connect-sessions`, { body: wish });
      const browser = openBrowser();
      const consent = await browser.press(await browser.visit(session.body.url), 'Continue');
      const back = await browser.press(consent, 'Authorize', { stopAt: returnUrl });
      const body = { ticket: new URL(back.url).searchParams.get('ticket'), endUser: 'ada@acme.example' };
      const confirmed = await ask(scene, `POST /v1/tenants/${TENANT}/connect-sessions/${session.body.id}/confirm`, {
        body,
      });
      const { provider, status, account } = confirmed.body;
      return `${session.status}, ${confirmed.status}: ${provider} ${status} as ${account?.name}`;
    },
  },
];

export const lastSteps: readonly Step[] = [
  {
    step: 'restart: stop clean, start on the same data',
    expected: 'exit 0; 3 connections, 200 succeeded',
    async happen(scene) {
      const code = await scene.hub.stop();
      scene.hub = await scene.startHub();
      const call = { body: { request: { method: 'GET', path: '/me' } } };
      const { status, body } = await ask(scene, `POST /v1/tenants/${TENANT}/connections/demo/calls`, call);
      return `exit ${code}; ${await connections(scene)} connections, ${status} ${body.status}`;
    },
  },
  {
    step: 'disconnect: the token is dead upstream',
    expected: 'live before, 200 revoked, dead after',
    async happen(scene) {
      const lastToken = async () => {
        const { live } = (await (await fetch(`${scene.demo.apiUrl}/_last-token`)).json()) as { live: boolean };
        return live ? 'live' : 'dead';
      };
      const before = await lastToken();
      const { status, body } = await ask(scene, `DELETE /v1/tenants/${TENANT}/connections/demo`);
      return `${before} before, ${status} ${body?.status}, ${await lastToken()} after`;
    },
  },
  {
    step: 'a call on what is disconnected',
    expected: '404 not_found',
    async happen(scene) {
      const call = { body: { request: { method: 'GET', path: '/me' } } };
      const { status, body } = await ask(scene, `POST /v1/tenants/${TENANT}/connections/demo/calls`, call);
      return `${status} ${body.code}`;
    },
  },
  {
    step: 'erase the tenant',
    expected: '204, 404; then its id is free again',
    async happen(scene) {
      const key = scene.hub.operatorKey;
      const erased = await ask(scene, `DELETE /v1/tenants/${TENANT}`, { key });
      const gone = await ask(scene, `GET /v1/tenants/${TENANT}`, { key });
      const body = { id: TENANT, name: 'Acme' };
      await until(async () => (await ask(scene, 'POST /v1/tenants', { key, body })).status === 201);
      return `${erased.status}, ${gone.status}; then its id is free again`;
    },
  },
];
