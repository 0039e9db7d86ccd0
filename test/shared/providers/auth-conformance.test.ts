import { describe, expect, test } from 'vitest';
import { isConfigured, judgeTokenAnswer, tokenRequest } from '../../../shared/connections/oauth.ts';
import { Secret } from '../../../shared/core/secret.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';

// What every provider's `auth` must be, whoever adds it. A skip would need a reason; there is none.

const entries = Object.entries(catalogue);
const app = { clientId: 'client', clientSecret: 'secret' };

test('providers without PKCE are few, and each says why (A-02)', () => {
  const without = entries.flatMap(([id, { provider }]) => {
    const { pkce } = provider.auth;
    return typeof pkce === 'string' ? [] : [[id, pkce.none]];
  });
  expect(without).toEqual([['slack', 'switching PKCE on makes a Slack app a public client, which loses its secret']]);
});

describe.each(entries)('%s', (id, entry) => {
  const { provider } = entry;
  const { auth, api } = provider;

  test('is called like its folder, and has a page on authorization', () => {
    expect(provider.id).toBe(id);
    expect(URL.parse(provider.docs)?.protocol).toBe('https:');
    expect(provider.name).toMatch(/^\p{Lu}/u);
  });

  test('is reached by https alone, without user, query or fragment', () => {
    const urls = [
      auth.authorizeUrl,
      auth.tokenUrl,
      auth.issuer,
      api.baseUrl,
      'url' in auth.revoke ? auth.revoke.url : undefined,
    ];
    for (const text of urls.filter((url) => url !== undefined)) {
      const url = new URL(text.replace('{client_id}', 'x'));
      expect(url.protocol).toBe('https:');
      expect([url.username, url.password, url.search, url.hash]).toEqual(['', '', '', '']);
    }
    expect(api.baseUrl).not.toMatch(/\/$/);
  });

  test('asks by the code grant alone, and no parameter of the protocol can be overridden (A-01)', () => {
    expect(auth.kind).toBe('oauth2');
    const own = [
      'response_type',
      'client_id',
      'redirect_uri',
      'state',
      'scope',
      'code_challenge',
      'code_challenge_method',
    ];
    expect(Object.keys(auth.authorizeParams ?? {}).filter((name) => own.includes(name))).toEqual([]);
    const grants = [
      tokenRequest(entry, app, { grantType: 'authorization_code', code: new Secret('c'), redirectUri: 'https://h/cb' }),
      tokenRequest(entry, app, { grantType: 'refresh_token', refreshToken: new Secret('r') }),
    ].map(({ body }) => new URLSearchParams(String(body)).get('grant_type'));
    expect(grants).toEqual(['authorization_code', 'refresh_token']);
  });

  test('says each scope in words, and as the standard spells scopes', () => {
    for (const [scope, words] of Object.entries(auth.scopes)) {
      expect(scope).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
      expect(scope).not.toContain(auth.scopeSeparator);
      expect(words).toMatch(/^\p{Lu}[^.]{4,}$/u);
    }
  });

  test('knows whose account it is', () => {
    expect(auth.account.id.length).toBeGreaterThan(0);
    if (auth.account.from === 'whoami') expect(api.whoami).toBeDefined();
  });

  test('has a way to end a grant, or a reason why not (A-18)', () => {
    if (auth.revoke.style === 'none') expect(auth.revoke.reason).not.toBe('');
    else expect(auth.revoke.url).toMatch(/^https:/);
  });

  test('sends the client’s secret to the token endpoint alone, within 20 s', () => {
    const request = tokenRequest(entry, app, { grantType: 'refresh_token', refreshToken: new Secret('r') });
    expect(request).toMatchObject({ method: 'POST', url: auth.tokenUrl, timeoutMs: 20_000 });
    const inForm = String(request.body).includes('client_secret=secret');
    expect([inForm, request.headers.authorization !== undefined]).toEqual(
      auth.clientAuth === 'body' ? [true, false] : [false, true],
    );
    expect(isConfigured(app)).toBe(true);
    expect(isConfigured({ clientId: 'client' })).toBe(false);
  });

  const codes = [
    ...(auth.grantGone ?? []).map((code) => [code, 'grant_gone']),
    ...(auth.clientWrong ?? []).map((code) => [code, 'client_wrong']),
  ];
  test.each([...codes, ['invalid_grant', 'grant_gone'], ['invalid_client', 'client_wrong'], ['anything_else', 'odd']])(
    'tells what the refusal %s does: %s (A-17)',
    async (error, kind) => {
      const status = auth.tokenErrors === 'status' ? 400 : 200;
      const body = Buffer.from(JSON.stringify({ ok: false, error }));
      const answer = { status, headers: { 'content-type': 'application/json' }, body };
      expect(await judgeTokenAnswer(entry, answer, 0)).toMatchObject({ ok: false, error: { kind, cause: error } });
    },
  );
});
