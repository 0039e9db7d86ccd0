import { describe, expect, test } from 'vitest';
import { revokeUpstream } from '../../../shared/connections/revoke.ts';
import { oauthOf } from '../../../shared/connections/ways.ts';
import type { InboundResponse, OutboundRequest, Send, SendFailure } from '../../../shared/core/fetch.ts';
import { err, ok } from '../../../shared/core/result.ts';
import { Secret } from '../../../shared/core/secret.ts';
import type { Revoke } from '../../../shared/providers/auth.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import type { ProviderEntry } from '../../../shared/providers/provider.ts';
import { testMoment } from '../../support/moment.ts';

const app = { clientId: 'client', clientSecret: 'made-up' };
const basic = `Basic ${Buffer.from('client:made-up').toString('base64')}`;
const grant = { accessToken: new Secret('access-1'), refreshToken: new Secret('refresh-1') };
const moment = testMoment();

type Said = readonly [status: number, json?: unknown, headers?: Record<string, string>] | SendFailure;

/** Ends a grant at a provider that says these things in turn; returns what came of it and what was asked. */
async function end(
  id: string,
  said: readonly Said[],
  { revoke, using = grant }: { revoke?: Revoke; using?: typeof grant | { accessToken: Secret } } = {},
) {
  const known = catalogue[id] as ProviderEntry;
  const auth = [{ ...oauthOf(known), ...(revoke && { revoke }) }] as const;
  const entry = { ...known, provider: { ...known.provider, auth } };
  const asked: OutboundRequest[] = [];
  const send: Send = async (request) => {
    const answer = said[asked.push(request) - 1];
    if (!answer) throw new Error('asked too often');
    if ('reason' in answer) return err(answer);
    const [status, json, headers = {}] = answer;
    const response: InboundResponse = {
      status,
      headers,
      body: Buffer.from(json === undefined ? '' : JSON.stringify(json)),
    };
    return ok(response);
  };
  return { result: await revokeUpstream({ send, moment }, entry, app, using), asked };
}

describe('by RFC 7009', () => {
  test("the refresh token goes first, over the form, with the client's credentials (A-18)", async () => {
    const { result, asked } = await end('demo', [[200]]);
    expect(result).toEqual({ ok: true, value: 'revoked' });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      method: 'POST',
      url: 'https://login.demo.invalid/token/revocation',
      body: 'token=refresh-1',
    });
    expect(asked[0]?.headers.authorization).toBe(basic);
  });

  test('without a refresh token, the access token', async () => {
    const { asked } = await end('demo', [[200]], { using: { accessToken: grant.accessToken } });
    expect(asked[0]?.body).toBe('token=access-1');
  });

  test('a server that does not take refresh tokens is shown the access token; one that takes neither has no revocation', async () => {
    const refused: Said = [400, { error: 'unsupported_token_type' }];
    const fallback = await end('demo', [refused, [200]]);
    expect(fallback.asked.map(({ body }) => body)).toEqual(['token=refresh-1', 'token=access-1']);
    expect(fallback.result).toEqual({ ok: true, value: 'revoked' });
    expect((await end('demo', [refused, refused])).result).toEqual({ ok: true, value: 'none' });
  });

  test.each<[string, Said]>([
    ['503', [503]],
    ['429', [429]],
    ['400', [400, { error: 'invalid_request' }]],
    ['401', [401, { error: 'invalid_client' }]],
    ['302', [302]],
    ['204', [204]],
    ['no answer', { reason: 'timeout', sent: true, cause: 'no answer' }],
  ])('%s means that it may still be alive', async (_what, said) => {
    expect((await end('demo', [said])).result).toMatchObject({ ok: false });
  });

  test('Retry-After is passed on', async () => {
    const { result } = await end('demo', [[503, {}, { 'retry-after': '120' }]]);
    expect(result).toMatchObject({ error: { retryAfterMs: 120_000 } });
  });
});

describe('by the token itself (Slack)', () => {
  test('the access token is sent as bearer', async () => {
    const { result, asked } = await end('slack', [[200, { ok: true, revoked: true }]]);
    expect(result).toEqual({ ok: true, value: 'revoked' });
    expect(asked[0]).toMatchObject({
      url: 'https://slack.com/api/auth.revoke',
      headers: { authorization: 'Bearer access-1' },
    });
  });

  test.each<[string, Said, boolean]>([
    ['a token that was revoked before', [200, { ok: false, error: 'token_revoked' }], true],
    ['a token it does not know', [200, { ok: false, error: 'invalid_auth' }], true],
    ['401', [401], true],
    ['an error of its own', [200, { ok: false, error: 'internal_error' }], false],
    ['a rate limit', [200, { ok: false, error: 'ratelimited' }], false],
    ['403', [403], false],
    ['500', [500], false],
  ])('%s', async (_what, said, ended) => {
    expect((await end('slack', [said])).result.ok).toBe(ended);
  });
});

describe('by the app (GitHub)', () => {
  test("the grant is deleted with the client's credentials and the token in the body", async () => {
    const { asked, result } = await end('github', [[204]]);
    expect(result).toEqual({ ok: true, value: 'revoked' });
    expect(asked[0]).toMatchObject({ method: 'DELETE', url: 'https://api.github.com/applications/client/token' });
    expect(asked[0]?.headers.authorization).toBe(basic);
    expect(JSON.parse(String(asked[0]?.body))).toEqual({ access_token: 'access-1' });
  });

  test.each([
    [404, true],
    [422, true],
    [401, false],
    [403, false],
    [500, false],
    [429, false],
  ])('%i: ended %s', async (status, ended) => {
    expect((await end('github', [[status]])).result.ok).toBe(ended);
  });
});

test('a provider without revocation is asked nothing', async () => {
  const { result, asked } = await end('demo', [], { revoke: { style: 'none', reason: 'it has no such endpoint' } });
  expect(result).toEqual({ ok: true, value: 'none' });
  expect(asked).toEqual([]);
});
