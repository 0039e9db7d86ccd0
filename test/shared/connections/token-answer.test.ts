import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { judgeTokenAnswer, tokenRequest } from '../../../shared/connections/oauth.ts';
import { claimsOf, idTokenIn, normalize } from '../../../shared/connections/token-answer.ts';
import { isMinted } from '../../../shared/connections/ways.ts';
import { Secret } from '../../../shared/core/secret.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { type ProviderEntry, wayOf } from '../../../shared/providers/provider.ts';

const NOW = Date.parse('2026-11-20T10:00:00Z');
const entry = (id: string): ProviderEntry => {
  const found = catalogue[id];
  if (!found) throw new Error(id);
  return found;
};

interface Given {
  readonly provider?: 'demo' | 'github' | 'slack';
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

async function judge({ provider = 'demo', status = 200, headers = {}, body }: Given) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return judgeTokenAnswer(
    entry(provider),
    { status, headers: { 'content-type': 'application/json', ...headers }, body: bytes },
    NOW,
  );
}

/** A JWT that nobody signed: what it says is used as a hint alone. */
function jwt(claims: object): string {
  const [head, body] = [{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return `${head}.${body}.x`;
}

const good = { access_token: 'at-1', token_type: 'Bearer' };
const slack = { ok: true, ...good, token_type: 'bot', scope: 'chat:write,users:read', team: { id: 'T1' } };

/** Answer → the tokens it gives. A-16 */
const accepted: readonly [string, Given, Record<string, unknown>][] = [
  ['the least there can be', { body: good }, { accessToken: 'at-1' }],
  ['token_type in any case', { body: { ...good, token_type: 'BEARER' } }, { accessToken: 'at-1' }],
  ['a lifetime', { body: { ...good, expires_in: 3600 } }, { expiresInS: 3600 }],
  ['a lifetime as text', { body: { ...good, expires_in: '3600' } }, { expiresInS: 3600 }],
  ['a lifetime of zero: not said', { body: { ...good, expires_in: 0 } }, { expiresInS: undefined }],
  ['a negative lifetime: not said', { body: { ...good, expires_in: -5 } }, { expiresInS: undefined }],
  ['an endless lifetime: not said', { body: { ...good, expires_in: 1e15 } }, { expiresInS: undefined }],
  ['a lifetime of ten years', { body: { ...good, expires_in: 315_360_000 } }, { expiresInS: 315_360_000 }],
  ['a lifetime of more: not said', { body: { ...good, expires_in: 315_360_001 } }, { expiresInS: undefined }],
  ['a lifetime as text with spaces and parts', { body: { ...good, expires_in: ' 60.5 ' } }, { expiresInS: 60.5 }],
  ['a lifetime as text with more: not said', { body: { ...good, expires_in: '60 s' } }, { expiresInS: undefined }],
  ['a lifetime as hexadecimal text: not said', { body: { ...good, expires_in: '0x60' } }, { expiresInS: undefined }],
  [
    'an infinite lifetime: not said',
    { body: JSON.stringify(good).replace('}', ',"expires_in":1e999}') },
    { expiresInS: undefined },
  ],
  ['a lifetime that is no number: not said', { body: { ...good, expires_in: [60] } }, { expiresInS: undefined }],
  ['201 instead of 200', { status: 201, body: good }, { accessToken: 'at-1' }],
  [
    'a refresh token that is no text: keep the old one',
    { body: { ...good, refresh_token: 7 } },
    { refreshToken: undefined },
  ],
  ['a scope that is no text: as asked', { body: { ...good, scope: ['a'] } }, { scopes: undefined }],
  ['a lifetime in words: not said', { body: { ...good, expires_in: 'soon' } }, { expiresInS: undefined }],
  ['a lifetime of null: not said', { body: { ...good, expires_in: null } }, { expiresInS: undefined }],
  [
    'no lifetime, but a JWT that says it',
    { body: { ...good, access_token: jwt({ exp: NOW / 1000 + 900 }) } },
    { expiresInS: 900 },
  ],
  [
    'a lifetime beside a JWT: the answer counts',
    { body: { ...good, access_token: jwt({ exp: 1 }), expires_in: 60 } },
    { expiresInS: 60 },
  ],
  [
    'a JWT that is over: not said',
    { body: { ...good, access_token: jwt({ exp: NOW / 1000 - 5 }) } },
    { expiresInS: undefined },
  ],
  ['a JWT without an end: not said', { body: { ...good, access_token: jwt({}) } }, { expiresInS: undefined }],
  [
    'a JWT with an end in words: not said',
    { body: { ...good, access_token: jwt({ exp: 'soon' }) } },
    { expiresInS: undefined },
  ],
  ['two dots that are no JWT: not said', { body: { ...good, access_token: 'a.b.c' } }, { expiresInS: undefined }],
  ['a refresh token', { body: { ...good, refresh_token: 'rt-1' } }, { refreshToken: 'rt-1' }],
  ['no refresh token: keep the old one', { body: good }, { refreshToken: undefined }],
  ['an empty refresh token: keep the old one', { body: { ...good, refresh_token: '' } }, { refreshToken: undefined }],
  [
    'a refresh token of null: keep the old one',
    { body: { ...good, refresh_token: null } },
    { refreshToken: undefined },
  ],
  ['scopes', { body: { ...good, scope: 'a b' } }, { scopes: ['a', 'b'] }],
  ['fewer scopes than asked', { body: { ...good, scope: '' } }, { scopes: [] }],
  ['a scope of null: as asked', { body: { ...good, scope: null } }, { scopes: undefined }],
  [
    'an identity token, which is not among what is kept',
    { body: { ...good, id_token: 'not.a.jwt' } },
    { accessToken: 'at-1' },
  ],
  ['unknown fields', { body: { ...good, realm: { id: 7 } } }, { raw: { token_type: 'Bearer', realm: { id: 7 } } }],
  ['a byte order mark', { body: `\ufeff${JSON.stringify(good)}` }, { accessToken: 'at-1' }],
  ['a token of 600 characters with dots', { body: { ...good, access_token: `${'a.'.repeat(300)}` } }, {}],
  [
    'GitHub: scopes by comma',
    { provider: 'github', body: { ...good, scope: 'repo,read:user' } },
    { scopes: ['repo', 'read:user'] },
  ],
  [
    'GitHub: a form',
    {
      provider: 'github',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: 'access_token=gho_1&scope=repo%2Cgist&token_type=bearer&expires_in=28800',
    },
    { accessToken: 'gho_1', scopes: ['repo', 'gist'], expiresInS: 28_800 },
  ],
  ['Slack: a bot', { provider: 'slack', body: slack }, { accessToken: 'at-1', scopes: ['chat:write', 'users:read'] }],
  [
    "Slack: the person's own token is not kept in the rest",
    { provider: 'slack', body: { ...slack, authed_user: { id: 'U1', access_token: 'xoxp-canary' } } },
    { raw: { ok: true, token_type: 'bot', scope: slack.scope, team: { id: 'T1' }, authed_user: { id: 'U1' } } },
  ],
];

/** Answer → why it gives none, and what that does to the connection. */
const refused: readonly [string, Given, Record<string, unknown>][] = [
  [
    'the grant is gone',
    { status: 400, body: { error: 'invalid_grant' } },
    { kind: 'grant_gone', cause: 'invalid_grant' },
  ],
  ['the grant is gone, as a 401', { status: 401, body: { error: 'invalid_grant' } }, { kind: 'grant_gone' }],
  ['the client is wrong', { status: 401, body: { error: 'invalid_client' } }, { kind: 'client_wrong' }],
  ['the client is wrong, as a 400', { status: 400, body: { error: 'invalid_client' } }, { kind: 'client_wrong' }],
  ['the client may not', { status: 400, body: { error: 'unauthorized_client' } }, { kind: 'client_wrong' }],
  ['a bare 401', { status: 401, body: '' }, { kind: 'client_wrong', cause: 'status 401' }],
  [
    'a 401 with a challenge',
    { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' }, body: 'no' },
    { kind: 'client_wrong' },
  ],
  [
    'too many requests',
    { status: 429, headers: { 'retry-after': '30' }, body: '' },
    { kind: 'unavailable', retryAfterMs: 30_000 },
  ],
  ['429 that says invalid_grant', { status: 429, body: { error: 'invalid_grant' } }, { kind: 'unavailable' }],
  [
    'an error of the server',
    { status: 500, body: { error: 'invalid_grant' } },
    { kind: 'unavailable', cause: 'status 500' },
  ],
  [
    'a gateway page',
    { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad gateway' },
    { kind: 'unavailable' },
  ],
  [
    'unavailable until a date',
    { status: 503, headers: { 'retry-after': 'Fri, 20 Nov 2026 10:01:00 GMT' }, body: '' },
    { kind: 'unavailable', retryAfterMs: 60_000 },
  ],
  ['a slow client', { status: 408, body: '' }, { kind: 'unavailable' }],
  ['temporarily unavailable', { status: 400, body: { error: 'temporarily_unavailable' } }, { kind: 'unavailable' }],
  ['an unknown error', { status: 400, body: { error: 'teapot' } }, { kind: 'odd', cause: 'teapot' }],
  [
    'an error with markup',
    { status: 400, body: { error: '<script>' } },
    { kind: 'odd', cause: 'an unreadable error code' },
  ],
  [
    'an error of a novel',
    { status: 400, body: { error: 'x'.repeat(20_000) } },
    { kind: 'odd', cause: 'an unreadable error code' },
  ],
  ['an error that is no text', { status: 400, body: { error: { code: 7 } } }, { kind: 'odd', cause: 'status 400' }],
  ['forbidden', { status: 403, body: 'no' }, { kind: 'odd', cause: 'status 403' }],
  ['a page with 200', { headers: { 'content-type': 'text/html' }, body: '<html>' }, { kind: 'odd' }],
  ['nothing with 200', { body: '' }, { kind: 'odd' }],
  ['204', { status: 204, body: '' }, { kind: 'odd', cause: 'status 204' }],
  [
    'a redirect',
    { status: 302, headers: { location: 'https://evil.example' }, body: '' },
    { kind: 'odd', cause: 'status 302' },
  ],
  ['a list', { body: [good] }, { kind: 'odd' }],
  ['a text', { body: '"at-1"' }, { kind: 'odd' }],
  ['null', { body: 'null' }, { kind: 'odd' }],
  ['cut off', { body: '{"access_token":"at-1","tok' }, { kind: 'odd' }],
  ['bytes that are still compressed', { body: gzipSync(JSON.stringify(good)) }, { kind: 'odd' }],
  ['bytes compressed otherwise', { body: brotliCompressSync(JSON.stringify(good)) }, { kind: 'odd' }],
  ['no access token', { body: { token_type: 'Bearer' } }, { kind: 'odd' }],
  ['an empty access token', { body: { ...good, access_token: '' } }, { kind: 'odd' }],
  ['an access token that is a number', { body: { ...good, access_token: 7 } }, { kind: 'odd' }],
  ['an access token with a line break', { body: { ...good, access_token: 'a\r\nx-evil: 1' } }, { kind: 'odd' }],
  ['an access token beyond reason', { body: { ...good, access_token: 'a'.repeat(20_000) } }, { kind: 'odd' }],
  ['a refresh token with a line break', { body: { ...good, refresh_token: 'a\nb' } }, { kind: 'odd' }],
  ['no token type', { body: { access_token: 'at-1' } }, { kind: 'odd' }],
  ['a token type nobody knows', { body: { ...good, token_type: 'mac' } }, { kind: 'odd' }],
  ["another provider's token type", { body: { ...good, token_type: 'bot' } }, { kind: 'odd' }],
  [
    '__proto__ for an access token',
    { body: '{"__proto__":{"access_token":"at-1"},"token_type":"bearer"}' },
    { kind: 'odd' },
  ],
  [
    'GitHub: 200 with an error',
    { provider: 'github', body: { error: 'bad_verification_code' } },
    { kind: 'grant_gone' },
  ],
  [
    'GitHub: 200, refresh token gone',
    { provider: 'github', body: { error: 'bad_refresh_token' } },
    { kind: 'grant_gone' },
  ],
  [
    'GitHub: 200, wrong client',
    { provider: 'github', body: { error: 'incorrect_client_credentials' } },
    { kind: 'client_wrong' },
  ],
  [
    'GitHub: error and token together',
    { provider: 'github', body: { ...good, error: 'x' } },
    { kind: 'odd', cause: 'x' },
  ],
  [
    'GitHub: a form with an error',
    {
      provider: 'github',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'error=bad_refresh_token',
    },
    { kind: 'grant_gone' },
  ],
  [
    'a form that says it twice',
    {
      provider: 'github',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'access_token=a&access_token=b&token_type=bearer',
    },
    { kind: 'odd' },
  ],
  ['Slack: not ok', { provider: 'slack', body: { ok: false, error: 'invalid_code' } }, { kind: 'grant_gone' }],
  [
    'Slack: refresh token gone',
    { provider: 'slack', body: { ok: false, error: 'invalid_refresh_token' } },
    { kind: 'grant_gone' },
  ],
  [
    'Slack: wrong secret',
    { provider: 'slack', body: { ok: false, error: 'bad_client_secret' } },
    { kind: 'client_wrong' },
  ],
  [
    'Slack: too many requests',
    { provider: 'slack', body: { ok: false, error: 'ratelimited' } },
    { kind: 'unavailable' },
  ],
  ['Slack: not ok, no reason', { provider: 'slack', body: { ok: false } }, { kind: 'odd', cause: 'status 400' }],
  ['Slack: a token but not ok', { provider: 'slack', body: { ...slack, ok: 'true' } }, { kind: 'odd' }],
  [
    'Slack: no bot, only a person',
    { provider: 'slack', body: { ok: true, authed_user: { access_token: 'x' } } },
    { kind: 'odd' },
  ],
];

describe('a token answer (A-16, A-17)', () => {
  test.each(accepted)('gives tokens: %s', async (_name, given, expected) => {
    const result = await judge(given);
    if (!result.ok) throw new Error(result.error.cause);
    const { accessToken, refreshToken, ...rest } = result.value;
    const plain: Record<string, unknown> = {
      ...rest,
      accessToken: accessToken.reveal(),
      refreshToken: refreshToken?.reveal(),
    };
    for (const [field, value] of Object.entries(expected)) expect(plain[field]).toEqual(value);
    expect(JSON.stringify(result.value.raw)).not.toMatch(/at-1|xoxp|gho_|rt-1/);
  });

  test.each(refused)('gives none: %s', async (_name, given, expected) => {
    const result = await judge(given);
    expect(result).toMatchObject({ ok: false, error: expected });
  });
});

describe('an answer in the words of the standard', () => {
  const answer = (body: unknown, { status = 200, type = 'application/json' } = {}) => ({
    ...{ status, headers: { 'content-type': type } },
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  });
  const way = (provider: string, kind: 'oauth2' | 'app_jwt' | 'client_credentials') => {
    const found = wayOf(entry(provider).provider, kind);
    if (!found || !(found.kind === 'oauth2' || isMinted(found))) throw new Error(kind);
    return found;
  };
  const json = (body: unknown, kind: 'oauth2' | 'app_jwt' | 'client_credentials' = 'oauth2', provider = 'demo') =>
    normalize(way(provider, kind), answer(body), NOW).json;

  test('is that of a provider with other words, with the life that its end leaves', () => {
    const end = (offS: number) => new Date(NOW + offS * 1000).toISOString();
    expect(json({ token: 'at-1', expires_at: end(90) }, 'app_jwt')).toMatchObject({
      ...{ access_token: 'at-1', token_type: 'bearer', expires_in: 90 },
    });
    for (const expires_at of [undefined, 'soon', end(0), end(-5)])
      expect(json({ token: 'at-1', expires_at }, 'app_jwt')).not.toHaveProperty('expires_in');
    expect(json({ token: 'at-1', expires_at: end(90) }, 'client_credentials')).not.toHaveProperty('access_token');
  });

  test('has nothing where the body is none', () => {
    for (const body of ['', '7', '"at-1"', 'null', '[]', [good]]) expect(json(body)).toBe(null);
    for (const body of ['[]', 'null']) expect(json(body, 'app_jwt')).toBe(null);
  });

  test('has no identity token, which may be had apart', () => {
    const body = { ...good, id_token: 'a.b.c' };
    expect(json(body)).toEqual(good);
    expect(idTokenIn(answer(body))).toBe('a.b.c');
    expect(idTokenIn(answer(good))).toBeUndefined();
    expect(idTokenIn(answer('nonsense'))).toBeUndefined();
  });

  test('of an error is its code alone, where that is one', () => {
    const refusedAs = (error: unknown) => normalize(way('demo', 'oauth2'), answer({ error }, { status: 400 }), NOW);
    expect(refusedAs('invalid_grant')).toEqual({ status: 400, json: { error: 'invalid_grant' } });
    for (const error of ['', 7, null, undefined]) expect(refusedAs(error).json).toEqual({ error: undefined });
    expect(normalize(way('demo', 'oauth2'), answer({ ...good, error: 'x' }), NOW)).toMatchObject({ status: 200 });
    expect(normalize(way('slack', 'oauth2'), answer(''), NOW)).toEqual({ status: 200, json: null });
  });

  test('is a form only where its type begins so, in any case', () => {
    const form = 'access_token=at-1&token_type=bearer';
    const of = (type: string) => normalize(way('github', 'oauth2'), answer(form, { type }), NOW).json;
    expect(of('APPLICATION/x-www-form-urlencoded')).toEqual({ access_token: 'at-1', token_type: 'bearer' });
    expect(of('text/application/x-www-form-urlencoded')).toBe(null);
    expect(normalize(way('demo', 'oauth2'), { status: 200, headers: {}, body: Buffer.from('{}') }, NOW).json).toEqual(
      {},
    );
  });

  test('has the claims of a JWT of three parts, and of nothing else', () => {
    const claims = Buffer.from('{"exp":1}').toString('base64url');
    expect(claimsOf(`x.${claims}.y`)).toEqual({ exp: 1 });
    expect(claimsOf(`x.${claims}.`)).toEqual({ exp: 1 });
    for (const token of [`x.${claims}`, claims, 'x.!.y', '', 7, undefined, null])
      expect(claimsOf(token)).toBeUndefined();
    expect(json({ ...good, access_token: jwt({ exp: NOW / 1000 + 1.5 }) })).toMatchObject({ expires_in: 1 });
  });
});

describe('a token request', () => {
  const app = { clientId: '1234.5678', clientSecret: 's:ec ret/+' };
  const code = { grantType: 'authorization_code', code: new Secret('c-1'), redirectUri: 'https://h/cb' } as const;

  test('proves the client in the form where the provider wants it so, and asks for JSON', () => {
    const { headers, body } = tokenRequest(entry('github'), app, { ...code, codeVerifier: new Secret('v-1') });
    expect(Object.fromEntries(new URLSearchParams(String(body)))).toEqual({
      ...{ grant_type: 'authorization_code', code: 'c-1', redirect_uri: 'https://h/cb', code_verifier: 'v-1' },
      ...{ client_id: app.clientId, client_secret: app.clientSecret },
    });
    expect(headers).toMatchObject({ accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' });
    expect(headers).not.toHaveProperty('authorization');
  });

  test('proves the client by Basic otherwise: dots stay as they are, colons do not', () => {
    const { headers, body } = tokenRequest(entry('slack'), app, {
      grantType: 'refresh_token',
      refreshToken: new Secret('rt'),
    });
    const basic = Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
    expect(basic).toBe('1234.5678:s%3Aec%20ret%2F%2B');
    expect(String(body)).toBe('grant_type=refresh_token&refresh_token=rt');
  });

  test('is not made without a client', () => {
    expect(() => tokenRequest(entry('demo'), {}, code)).toThrow('no client id');
  });
});
