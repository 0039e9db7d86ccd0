import { openBrowser } from '../browser.ts';
import { bucket } from '../bucket.ts';
import { ask, rehearse, type Scene, type Step, TENANT } from './scene.ts';

const tenant = `/v1/tenants/${TENANT}` as const;
const endUser = 'ada@acme.example';

type Fields = Readonly<Record<string, string>>;

/** A connection by what the end user enters on the hosted page; the first try is wrong. */
async function enter(scene: Scene, name: string, wrong: Fields, right: Fields, provider = 'demo') {
  const { returnUrl } = scene.ownerApp;
  const wish = { body: { provider, name, endUser, returnUrl } };
  const session = await ask(scene, `POST ${tenant}/connect-sessions`, wish);
  const browser = openBrowser();
  const form = await browser.visit(`${session.body.url}?way=${name}`);
  const again = await browser.press(form, 'Connect', { fill: wrong });
  const back = await browser.press(again, 'Connect', { fill: right, stopAt: returnUrl });
  const body = { ticket: new URL(back.url).searchParams.get('ticket'), endUser };
  const { status } = await ask(scene, `POST ${tenant}/connect-sessions/${session.body.id}/confirm`, { body });
  return `${again.text.includes('did not accept') ? 'refused' : again.text}, ${status}`;
}

/** A connection by what the owner's backend has. */
async function give(scene: Scene, kind: string, fields: Fields) {
  const body = { provider: 'demo', name: kind, credential: { kind, ...fields } };
  const { status } = await ask(scene, `POST ${tenant}/connections`, { body, key: scene.hub.operatorKey });
  return String(status);
}

/** What the connection is good for: a call, a call once its token has ended, its end. */
async function use(scene: Scene, name: string): Promise<string> {
  const call = { body: { request: { method: 'GET', path: '/me' } } };
  const path = `${tenant}/connections/demo:${name}` as const;
  const first = await ask(scene, `POST ${path}/calls`, call);
  await rehearse(scene, '/_expire');
  const second = await ask(scene, `POST ${path}/calls`, call);
  const ended = await ask(scene, `DELETE ${path}`);
  return `${first.body.status}, ${second.body.status}, ${ended.body.status}`;
}

const wholeLife = 'succeeded, succeeded, revoked';

export const kindSteps: readonly Step[] = [
  {
    step: 'an API key, entered on the hosted page',
    expected: `refused, 200; ${wholeLife}`,
    happen: async (scene) =>
      `${await enter(scene, 'api_key', { apiKey: 'demo-key-nobody' }, { apiKey: 'demo-key-ada' })}; ${await use(scene, 'api_key')}`,
  },
  {
    step: 'a user and password for tokens, entered',
    expected: `refused, 200; ${wholeLife}`,
    async happen(scene) {
      const username = 'ada@analytical.example';
      const wrong = { username, password: 'guessed' };
      const entered = await enter(scene, 'password', wrong, { username, password: 'made-up-password' });
      return `${entered}; ${await use(scene, 'password')}`;
    },
  },
  {
    step: 'HTTP Basic, from the backend',
    expected: `201; ${wholeLife}`,
    async happen(scene) {
      const fields = { email: 'grace@compilers.example', password: 'made-up-password' };
      return `${await give(scene, 'basic', fields)}; ${await use(scene, 'basic')}`;
    },
  },
  {
    step: 'client credentials, from the backend',
    expected: `201; ${wholeLife}`,
    async happen(scene) {
      const fields = { clientId: 'client-grace', clientSecret: 'made-up-client-secret' };
      return `${await give(scene, 'client_credentials', fields)}; ${await use(scene, 'client_credentials')}`;
    },
  },
  {
    step: 'a key pair that signs each request, entered',
    expected: 'refused, 200; succeeded: all is well, revoked',
    async happen(scene) {
      const wrong = { ...bucket, secretAccessKey: '0'.repeat(40) };
      const entered = await enter(scene, 'sigv4', wrong, bucket, 's3');
      const path = `${tenant}/connections/s3:sigv4` as const;
      const call = { body: { request: { method: 'GET', path: '/reports/2026%20%C3%BC.txt' } } };
      const { body } = await ask(scene, `POST ${path}/calls`, call);
      const ended = await ask(scene, `DELETE ${path}`);
      return `${entered}; ${body.status}: ${body.result}, ${ended.body.status}`;
    },
  },
  {
    step: 'an app’s JWT for an installation',
    expected: `201; ${wholeLife}`,
    happen: async (scene) =>
      `${await give(scene, 'app_jwt', { installationId: '1001' })}; ${await use(scene, 'app_jwt')}`,
  },
];
