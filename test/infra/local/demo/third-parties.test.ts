import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../../../../infra/local/demo/browser.ts';
import {
  signedAsGithub,
  signedAsSlack,
  startThirdParties,
  type ThirdParties,
} from '../../../../infra/local/demo/third-parties.ts';

let others: ThirdParties;
beforeAll(async () => {
  others = await startThirdParties();
});
afterAll(() => others.stop());

const verifier = 'v'.repeat(43);
const back = 'http://127.0.0.1:8787/oauth/github/callback';
const github = () => others.providers.github;
const origin = () => github().origins?.['https://github.com'] ?? '';

async function code(): Promise<string> {
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const query = new URLSearchParams({ state: 's', redirect_uri: back, code_challenge: challenge });
  const browser = openBrowser();
  const page = await browser.visit(`${origin()}/login/oauth/authorize?${query}`);
  const answer = await browser.press(page, 'Authorize', { stopAt: back });
  expect(new URL(answer.url).searchParams.get('state')).toBe('s');
  return new URL(answer.url).searchParams.get('code') ?? '';
}

async function exchange(fields: Record<string, string>) {
  const { clientId = '', clientSecret = '' } = github();
  const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...fields }).toString();
  const response = await fetch(`${origin()}/login/oauth/access_token`, { method: 'POST', body });
  return { status: response.status, body: (await response.json()) as { access_token?: string; error?: string } };
}

test('GitHub gives a token for a code and its verifier, and answers errors with 200 as the real one does', async () => {
  const wrong = await exchange({ code: await code(), code_verifier: 'w'.repeat(43) });
  expect(wrong).toEqual({ status: 200, body: { error: 'bad_verification_code' } });
  const stranger = await exchange({ code: await code(), code_verifier: verifier, client_secret: 'x' });
  expect(stranger).toEqual({ status: 200, body: { error: 'incorrect_client_credentials' } });
  const good = await exchange({ code: await code(), code_verifier: verifier });
  expect(good.body.access_token).toMatch(/^gho_/);
});

test("GitHub's API knows its tokens, opens issues, and forgets a token that is deleted", async () => {
  const { body } = await exchange({ code: await code(), code_verifier: verifier });
  const headers = { authorization: `Bearer ${body.access_token}`, 'content-type': 'application/json' };
  const user = await fetch(`${origin()}/user`, { headers });
  expect(await user.json()).toMatchObject({ id: 21031067, login: 'Codertocat' });
  const issue = { method: 'POST', headers, body: JSON.stringify({ title: 'It works' }) };
  expect((await fetch(`${origin()}/repos/Codertocat/Hello-World/issues`, issue)).status).toBe(201);
  expect(others.issues.at(-1)?.title).toBe('It works');

  const grant = { method: 'DELETE', body: JSON.stringify({ access_token: body.access_token }) };
  expect((await fetch(`${origin()}/applications/${github().clientId}/token`, grant)).status).toBe(204);
  expect((await fetch(`${origin()}/user`, { headers })).status).toBe(401);
});

test("webhooks are signed like the vendors' own published examples", () => {
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
  expect(signedAsGithub("It's a Secret to Everybody", 'ping', 'd', 'Hello, World!')['x-hub-signature-256']).toBe(
    'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  );
  // https://docs.slack.dev/authentication/verifying-requests-from-slack
  const body =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V' +
    '&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=' +
    '&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN' +
    '&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
  const signed = signedAsSlack('8f742231b10e8888abcd99yyyzzz85a5', body, 1_531_420_618_000);
  expect(signed['x-slack-request-timestamp']).toBe('1531420618');
  expect(signed['x-slack-signature']).toBe('v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503');
});

test('GitHub fails as often as it is told to, in its own words, and what it was asked is on record', async () => {
  const { body } = await exchange({ code: await code(), code_verifier: verifier });
  const headers = { authorization: `Bearer ${body.access_token}` };
  const fault = { method: 'POST', body: JSON.stringify({ status: 502, path: '/user' }) };
  await fetch(`${others.githubUrl}/_reset`, { method: 'POST' });
  await fetch(`${others.githubUrl}/_faults`, fault);
  const bad = await fetch(`${others.githubUrl}/user`, { headers });
  expect([bad.status, await bad.json()]).toEqual([502, { message: 'This 502 was asked for' }]);
  expect((await fetch(`${others.githubUrl}/user`, { headers })).status).toBe(200);
  const log = (await (await fetch(`${others.githubUrl}/_log`)).json()) as { path: string; status: number }[];
  expect(log.map(({ path, status }) => `${path} ${status}`)).toEqual(['/user 502', '/user 200']);
});
