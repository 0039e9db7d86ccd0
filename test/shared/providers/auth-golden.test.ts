import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { accountOf } from '../../../shared/connections/account.ts';
import { authorizeUrl } from '../../../shared/connections/authorization.ts';
import { checkFields } from '../../../shared/connections/fields.ts';
import { judgeTokenAnswer, tokenRequest } from '../../../shared/connections/oauth.ts';
import { obtain } from '../../../shared/connections/obtain.ts';
import { revokeUpstream } from '../../../shared/connections/revoke.ts';
import { oauthOf } from '../../../shared/connections/ways.ts';
import type { OutboundRequest, Send } from '../../../shared/core/fetch.ts';
import { ok } from '../../../shared/core/result.ts';
import { Secret } from '../../../shared/core/secret.ts';
import { variablesOf } from '../../../shared/providers/app.ts';
import type { Fixed, Minted } from '../../../shared/providers/auth.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import type { ProviderEntry } from '../../../shared/providers/provider.ts';
import { testMoment } from '../../support/moment.ts';
import { basic, enteredSamples, oauthSamples } from './auth-samples.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const app = {
  clientId: 'id-1',
  clientSecret: 'made-up',
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};
const redirectUri = 'https://hub.example.com/oauth/callback';
const grant = { accessToken: new Secret('at-1'), refreshToken: new Secret('rt-1') };
const ways = Object.values(catalogue).flatMap((entry) => entry.provider.auth.map((way) => ({ entry, way })));

function entryOf(id: string): ProviderEntry {
  const found = catalogue[id];
  if (!found) throw new Error(`there is no provider ${id}`);
  return found;
}

/** Answers each request with the next of these; keeps what was sent. */
function answering(...bodies: readonly unknown[]) {
  const sent: OutboundRequest[] = [];
  const send: Send = async (request) => {
    const body = bodies[sent.push(request) - 1];
    return ok({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
    });
  };
  return { send, sent };
}

function written({ headers, body }: OutboundRequest): unknown {
  const text = String(body ?? '');
  if (headers['content-type'] === 'application/json') return JSON.parse(text);
  return Object.fromEntries(new URLSearchParams(text));
}

test('every way of every provider has its sample', () => {
  const named = ways.map(({ entry, way }) =>
    way.kind === 'oauth2' ? entry.provider.id : `${entry.provider.id} ${way.kind}`,
  );
  const own = named.filter((name) => !/^demo ./.test(name));
  expect(own.sort()).toEqual([...Object.keys(oauthSamples), ...Object.keys(enteredSamples)].sort());
});

describe.each(Object.entries(oauthSamples))('%s, by OAuth', (id, sample) => {
  const entry = entryOf(id);
  const way = oauthOf(entry);

  test('the browser is sent to the documented address with the documented parameters (A-01, A-02)', () => {
    const codeVerifier = way.pkce === 'S256' ? new Secret('v'.repeat(43)) : undefined;
    const about = { state: 's-1', redirectUri, scopes: Object.keys(way.scopes), codeVerifier };
    const url = new URL(authorizeUrl(entry, app, about));
    expect(url.origin + url.pathname).toBe(sample.authorize[0]);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      ...{ response_type: 'code', client_id: 'id-1', redirect_uri: redirectUri, state: 's-1' },
      ...sample.authorize[1],
    });
  });

  const verifier = way.pkce === 'S256' ? { code_verifier: 'v-1' } : {};
  test.each([
    [
      'a code',
      {
        grantType: 'authorization_code',
        code: new Secret('c-1'),
        redirectUri,
        ...(way.pkce === 'S256' && { codeVerifier: new Secret('v-1') }),
      },
      { grant_type: 'authorization_code', code: 'c-1', redirect_uri: redirectUri, ...verifier },
    ],
    [
      'a refresh token',
      { grantType: 'refresh_token', refreshToken: new Secret('rt-1') },
      { grant_type: 'refresh_token', refresh_token: 'rt-1' },
    ],
  ] as const)('the token endpoint is asked with %s as its page says', (_what, params, fields) => {
    const { url, client, json, headers } = sample.token;
    const request = tokenRequest(entry, app, params);
    expect(request).toMatchObject({ method: 'POST', url });
    expect(request.headers).toEqual({
      accept: 'application/json',
      'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded',
      ...headers,
      ...(client === 'basic' && { authorization: basic }),
    });
    expect(written(request)).toEqual({ ...fields, ...(client !== 'basic' && client) });
  });

  const judge = ({ status = 200, body }: { status?: number; body: unknown }) =>
    judgeTokenAnswer(
      entry,
      { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) },
      testMoment().nowMs,
    );

  test.each(sample.given)('%j gives tokens (A-16)', async (said, { expiresInS, scopes, refresh }) => {
    const judged = await judge(said);
    if (!judged.ok) throw new Error(judged.error.cause);
    expect(judged.value.accessToken.reveal()).not.toBe('');
    expect(judged.value.refreshToken?.reveal()).toBe(refresh);
    expect([judged.value.expiresInS, judged.value.scopes]).toEqual([expiresInS, scopes]);
  });

  test.each(sample.refused)('%j: %s (A-17)', async (said, kind) => {
    expect(await judge(said)).toMatchObject({ ok: false, error: { kind } });
  });

  test('a grant is ended as its page says, or cannot be (A-18)', async () => {
    const { send, sent } = answering({ ok: true });
    const holder = { account: { id: 'account-1' }, settings: variablesOf(way, app) };
    const ended = await revokeUpstream({ send, moment: testMoment() }, entry, app, grant, holder);
    if (!sample.revoke) {
      expect([ended, sent]).toEqual([ok('none'), []]);
      return;
    }
    const { method, url, authorization, form, json } = sample.revoke;
    expect(ended).toEqual(ok('revoked'));
    expect(sent).toHaveLength(1);
    const [request] = sent as [OutboundRequest];
    expect([request.method, request.url, request.headers.authorization]).toEqual([method, url, authorization]);
    expect(written(request)).toEqual(json ?? form ?? {});
  });

  test('the account is the one that is documented', async () => {
    const { token, callback, asks, says, is } = sample.account;
    const { send, sent } = answering(says);
    const accessToken = (token as { access_token?: string } | undefined)?.access_token ?? 'at-1';
    const evidence = {
      values: { ...variablesOf(way, app), accessToken: new Secret(accessToken) },
      token,
      ...(callback && { callback: new URLSearchParams(callback) }),
    };
    expect(await accountOf({ entry, way, app }, evidence, send, 0)).toEqual(ok(is));
    expect(sent.map(({ url, headers }) => [url, headers.authorization])).toEqual(asks ? [[asks, 'Bearer at-1']] : []);
  });
});

describe.each(Object.entries(enteredSamples))('%s', (name, sample) => {
  const [id = '', kind] = name.split(' ');
  const entry = entryOf(id);
  const way = entry.provider.auth.find((one) => one.kind === kind) as Fixed | Minted;
  const check = (values: Readonly<Record<string, string>>) => checkFields(way, (field) => values[field]);

  test('what is entered is taken, minted where it must be, tried once, and placed as documented', async () => {
    const entered = check(sample.values);
    if (!entered.ok) throw new Error(JSON.stringify(entered.error));
    const { send, sent } = answering(...(sample.mint ? [sample.mint.answer] : []), sample.test?.says);
    const obtained = await obtain({ entry, way, app }, entered.value, send, testMoment().nowMs);
    expect(obtained).toMatchObject({ ok: true, value: { kind, account: sample.account, scopes: sample.scopes ?? [] } });
    const [minting, testing] = sample.mint ? sent : [undefined, ...sent];
    if (sample.mint && minting) {
      expect([minting.method, minting.url]).toEqual(['POST', sample.mint.url]);
      expect(written(minting)).toEqual(sample.mint.form ?? {});
    }
    expect(testing?.url).toBe(sample.test?.url);
    const { authorization } = sample.test ?? {};
    expect(testing?.headers.authorization).toEqual(
      authorization instanceof RegExp ? expect.stringMatching(authorization) : authorization,
    );
    expect(sent).toHaveLength((sample.mint ? 1 : 0) + (sample.test ? 1 : 0));
  });

  test('each field says what it is, and takes its example', () => {
    for (const field of way.fields) {
      expect(field.label).toMatch(/^\p{Lu}/u);
      expect(field.help).toMatch(/^[\p{Lu}].{10,}\.$/u);
      if (field.example) expect(check({ ...sample.values, [field.name]: field.example })).toMatchObject({ ok: true });
      for (const choice of Object.keys(field.choices ?? {})) {
        expect(check({ ...sample.values, [field.name]: choice })).toMatchObject({ ok: true });
      }
    }
  });

  const wrong = Object.entries(sample.wrong).flatMap(([field, values]) =>
    values.map((value) => [field, value] as const),
  );
  test.each(wrong)('%s is not %j', (field, value) => {
    const checked = check({ ...sample.values, [field]: value });
    expect(checked.ok).toBe(false);
    if (!checked.ok) expect(Object.keys(checked.error)).toEqual([field]);
  });

  test('every field has values that are refused', () => {
    expect(Object.keys(sample.wrong).sort()).toEqual(way.fields.map((field) => field.name).sort());
  });
});

test('an owner’s app for a sandbox, or for one directory, says so; anything else of the kind is refused (E-01)', () => {
  const quickbooks = oauthOf(entryOf('quickbooks'));
  const sandbox = { ...app, variables: { apiHost: 'sandbox-quickbooks.api.intuit.com' } };
  expect(variablesOf(quickbooks, sandbox)).toEqual({ apiHost: 'sandbox-quickbooks.api.intuit.com' });
  for (const apiHost of ['evil.example', 'quickbooks.api.intuit.com.evil.example', 'quickbooksxapi.intuit.com']) {
    expect(() => variablesOf(quickbooks, { ...app, variables: { apiHost } })).toThrow('does not fit');
  }
  const microsoft = entryOf('microsoft');
  const directory = '11111111-2222-3333-4444-555555555555';
  const params = { grantType: 'refresh_token', refreshToken: new Secret('rt-1') } as const;
  expect(tokenRequest(microsoft, { ...app, variables: { directory } }, params).url).toBe(
    `https://login.microsoftonline.com/${directory}/oauth2/v2.0/token`,
  );
  for (const other of ['acme.example', 'common/..', 'x', '']) {
    expect(() => tokenRequest(microsoft, { ...app, variables: { directory: other } }, params)).toThrow('does not fit');
  }
});

test('a company that the token is not for is not believed, whatever the browser brought', async () => {
  const entry = entryOf('quickbooks');
  const way = oauthOf(entry);
  const send: Send = async () => ok({ status: 403, headers: {}, body: Buffer.from('') });
  const evidence = {
    values: { ...variablesOf(way, app), accessToken: new Secret('at-1') },
    callback: new URLSearchParams({ realmId: '1' }),
  };
  expect(await accountOf({ entry, way, app }, evidence, send, 0)).toMatchObject({
    ok: false,
    error: { kind: 'refused' },
  });
});

test('Google says invalid_token of a grant that ended before: that is an end, too', async () => {
  const send: Send = async () => ok({ status: 400, headers: {}, body: Buffer.from('{"error":"invalid_token"}') });
  expect(await revokeUpstream({ send, moment: testMoment() }, entryOf('google'), app, grant)).toEqual(ok('revoked'));
});
