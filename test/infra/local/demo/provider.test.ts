import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../../../../infra/local/demo/browser.ts';
import { type DemoProvider, startDemoProvider } from '../../../../infra/local/demo/provider.ts';
import type { Arrived } from '../../../../infra/local/demo/rehearsal.ts';

let demo: DemoProvider;
beforeAll(async () => {
  demo = await startDemoProvider();
});
afterAll(() => demo.stop());

const redirectUri = 'http://127.0.0.1:8787/oauth/demo/callback';
const verifier = randomBytes(32).toString('base64url');

function authorizeUrl(changes: Record<string, string | undefined> = {}, at = demo) {
  const url = new URL('/auth', at.issuer);
  const asked = {
    client_id: 'patchbay',
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid offline_access contacts',
    prompt: 'consent',
    state: 'a-state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  };
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

async function authorize(decision: 'Allow' | 'Deny', changes: Record<string, string> = {}, at = demo) {
  const browser = openBrowser();
  const signIn = await browser.visit(authorizeUrl(changes, at));
  const consent = await browser.press(signIn, 'Ada Lovelace');
  return new URL((await browser.press(consent, decision, { stopAt: redirectUri })).url).searchParams;
}

async function token(fields: Record<string, string>, path = '/token', at = demo) {
  const basic = Buffer.from(`patchbay:${at.providers.demo?.clientSecret}`).toString('base64');
  const response = await fetch(at.issuer + path, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined };
}

async function connect(at = demo) {
  const answer = await authorize('Allow', {}, at);
  const fields = { grant_type: 'authorization_code', code: answer.get('code') ?? '', redirect_uri: redirectUri };
  return (await token({ ...fields, code_verifier: verifier }, '/token', at)).body;
}

async function api(path: string, accessToken: string, init: RequestInit = {}, at = demo) {
  const response = await fetch(at.apiUrl + path, {
    ...init,
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json', ...init.headers },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

const control = (path: string, body?: object) =>
  fetch(demo.apiUrl + path, { method: 'POST', ...(body && { body: JSON.stringify(body) }) });

test('a person who signs in and allows it comes back with a code, the state and the issuer (RFC 9207)', async () => {
  const answer = await authorize('Allow');
  expect(answer.get('state')).toBe('a-state');
  expect(answer.get('iss')).toBe(demo.issuer);
  expect(answer.get('code')).toBeTruthy();
});

test('a person who denies comes back with access_denied and no code', async () => {
  const answer = await authorize('Deny');
  expect(answer.get('error')).toBe('access_denied');
  expect(answer.get('code')).toBeNull();
});

test('a request without PKCE is refused', async () => {
  const browser = openBrowser();
  const url = authorizeUrl({ code_challenge: undefined, code_challenge_method: undefined });
  const page = await browser.visit(url, {}, { stopAt: redirectUri });
  expect(new URL(page.url).searchParams.get('error')).toBe('invalid_request');
});

test('a redirect URI of another path is refused on a page, never by a redirect', async () => {
  const page = await openBrowser().visit(authorizeUrl({ redirect_uri: 'http://127.0.0.1:8787/elsewhere' }));
  expect(page.status).toBe(400);
  expect(page.text).toContain('redirect_uri');
});

test('a code is good once, and only with its verifier', async () => {
  const code = (await authorize('Allow')).get('code') ?? '';
  const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
  expect((await token({ ...fields, code_verifier: 'w'.repeat(43) })).body.error).toBe('invalid_grant');
  const again = (await authorize('Allow')).get('code') ?? '';
  const good = { ...fields, code: again, code_verifier: verifier };
  expect((await token(good)).status).toBe(200);
  expect((await token(good)).body.error).toBe('invalid_grant');
});

test('a refresh rotates the refresh token, and using the old one ends the whole grant', async () => {
  const first = await connect();
  const second = await token({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
  expect(second.status).toBe(200);
  expect(second.body.refresh_token).not.toBe(first.refresh_token);
  expect((await api('/me', second.body.access_token)).status).toBe(200);

  const reused = await token({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
  expect(reused.body.error).toBe('invalid_grant');
  const family = await token({ grant_type: 'refresh_token', refresh_token: second.body.refresh_token });
  expect(family.body.error).toBe('invalid_grant');
  expect((await api('/me', second.body.access_token)).status).toBe(401);
});

test('revoking the refresh token kills the access token too', async () => {
  const { access_token, refresh_token } = await connect();
  expect((await api('/me', access_token)).body).toEqual({ id: 'acc_ada', name: 'Ada Lovelace' });
  expect((await token({ token: refresh_token }, '/token/revocation')).status).toBe(200);
  expect((await api('/me', access_token)).status).toBe(401);
});

test('an access token ends after its life, or when all are made to expire; the refresh token stays good', async () => {
  const { access_token, refresh_token, expires_in } = await connect();
  expect(expires_in).toBe(3600);
  await control('/_expire');
  expect((await api('/me', access_token)).body.error.code).toBe('invalid_token');
  const fresh = await token({ grant_type: 'refresh_token', refresh_token });
  expect((await api('/me', fresh.body.access_token)).status).toBe(200);
});

test('contacts are paged in the order of (updatedAt, id) without a gap or a repetition', async () => {
  const { access_token } = await connect();
  const seen: { id: string; updatedAt: string }[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await api(`/contacts?limit=7&cursor=${cursor}`, access_token);
    seen.push(...body.items);
    cursor = body.next;
  }
  const order = seen.map(({ id, updatedAt }) => `${updatedAt} ${id}`);
  expect(seen.length).toBeGreaterThanOrEqual(128);
  expect(order).toEqual([...new Set(order)].sort());
  const last = seen.at(-1)?.updatedAt ?? '';
  const since = await api(`/contacts?updated_since=${last}`, access_token);
  expect(since.body.items.map(({ id }: { id: string }) => id)).toContain(seen.at(-1)?.id);
});

test('a contact is created once for one idempotency key, changed, deleted and listed as a tombstone', async () => {
  const { access_token } = await connect();
  const post = { method: 'POST', body: JSON.stringify({ name: 'Mary', email: 'mary@people.example' }) };
  const keyed = { ...post, headers: { 'idempotency-key': 'key-1' } };
  const [one, two] = [await api('/contacts', access_token, keyed), await api('/contacts', access_token, keyed)];
  expect([one.status, two.status]).toEqual([201, 201]);
  expect(two.body.id).toBe(one.body.id);

  const put = { method: 'PUT', body: JSON.stringify({ name: 'Mary S.', email: 'mary@people.example' }) };
  expect((await api(`/contacts/${one.body.id}`, access_token, put)).body.name).toBe('Mary S.');
  expect((await api(`/contacts/${one.body.id}`, access_token, { method: 'DELETE' })).status).toBe(204);
  expect((await api(`/contacts/${one.body.id}`, access_token)).body.error.code).toBe('not_found');
  const { body } = await api(`/contacts?updated_since=${one.body.updatedAt}`, access_token);
  expect(body.items.at(-1)).toMatchObject({ id: one.body.id, deleted: true });
});

test('what cannot be a contact is refused as data, and a token without the scope may not look', async () => {
  const { access_token } = await connect();
  const nameless = await api('/contacts', access_token, { method: 'POST', body: '{"name": 7}' });
  expect(nameless).toMatchObject({ status: 422, body: { error: { code: 'invalid_contact' } } });
  const narrow = (await authorize('Allow', { scope: 'openid' })).get('code') ?? '';
  const fields = { grant_type: 'authorization_code', code: narrow, redirect_uri: redirectUri, code_verifier: verifier };
  const { body } = await token(fields);
  expect(body.refresh_token).toBeUndefined();
  expect((await api('/contacts', body.access_token)).body.error.code).toBe('insufficient_scope');
});

test('faults come as often as asked, where asked, and the log tells what arrived without any token', async () => {
  const { access_token } = await connect();
  await control('/_reset');
  await control('/_faults', { status: 429, retryAfterS: 2, times: 2, path: '/contacts' });
  expect((await api('/me', access_token)).status).toBe(200);
  const refused = await api('/contacts', access_token);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('2');
  expect((await api('/contacts', access_token)).status).toBe(429);
  const good = await api('/contacts', access_token);
  expect(good.status).toBe(200);
  expect(Number(good.headers.get('x-ratelimit-remaining'))).toBeLessThan(600);
  expect(good.headers.get('x-request-id')).toBeTruthy();

  const log = (await (await fetch(`${demo.apiUrl}/_log`)).json()) as Arrived[];
  expect(log.map(({ path, status }) => `${path} ${status}`)).toEqual([
    '/me 200',
    '/contacts 429',
    '/contacts 429',
    '/contacts 200',
  ]);
  expect(JSON.stringify(log)).not.toContain(access_token);
});

test('an answer that is lost was given: under the same key the same contact comes, and the log has one effect', async () => {
  const { access_token } = await connect();
  await control('/_reset');
  await control('/_faults', { lost: true, path: '/contacts' });
  const body = JSON.stringify({ name: 'Lost', email: 'lost@people.example' });
  const post = { method: 'POST', body, headers: { 'idempotency-key': 'key-lost' } };
  await expect(api('/contacts', access_token, post)).rejects.toThrow('fetch failed');
  const again = await api('/contacts', access_token, post);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  const log = (await (await fetch(`${demo.apiUrl}/_log`)).json()) as Arrived[];
  expect(log.map(({ status, effect }) => `${status} ${effect}`)).toEqual(['201 true', '201 false']);
});

test('two searches a second go, three at once; the others are told to wait', async () => {
  const { access_token } = await connect();
  const all = await Promise.all(Array.from({ length: 5 }, () => api('/search?name=lamarr', access_token)));
  const [refused, found] = [all.find(({ status }) => status === 429), all.find(({ status }) => status === 200)];
  expect(all.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(3);
  expect(refused?.headers.get('retry-after')).toBe('1');
  expect(found?.body.items).toContainEqual(expect.objectContaining({ name: 'Hedy Lamarr' }));
});

test('GraphQL answers the fields that were chosen, and says in 200 what it does not understand', async () => {
  const { access_token } = await connect();
  const ask = async (body: object) =>
    (await api('/graphql', access_token, { method: 'POST', body: JSON.stringify(body) })).body;
  const query = 'query Some($n: Int = 1) { me { name }, contacts(first: $n) { id } }';
  expect(await ask({ query, variables: { n: 2 } })).toEqual({
    data: { me: { name: 'Ada Lovelace' }, contacts: [{ id: 'con_0001' }, { id: 'con_0002' }] },
  });
  expect(await ask({ query: '{ contacts(first: 1) { name } }' })).toEqual({
    data: { contacts: [{ name: 'Alan Allen' }] },
  });
  for (const [wrong, message] of [
    ['{ me { age } }', 'There is no field age of me'],
    ['{ me }', 'Say which fields of me'],
    ['{ toString }', 'There is no field toString'],
    ['{ me { name }', 'Expected }, got the end'],
    ['mutation { me { name } }', 'Only queries are answered here'],
  ]) {
    expect(await ask({ query: wrong })).toEqual({ errors: [{ message, extensions: { code: 'BAD_QUERY' } }] });
  }
});

test('grants and contacts are still there after a restart with the same file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'patchbay-demo-'));
  const file = join(folder, 'demo.sqlite');
  const before = await startDemoProvider({ file });
  const { access_token, refresh_token } = await connect(before);
  const post = { method: 'POST', body: JSON.stringify({ name: 'Kept', email: 'kept@people.example' }) };
  const kept = await api('/contacts', access_token, post, before);
  await before.stop();

  const after = await startDemoProvider({ file });
  expect((await api(`/contacts/${kept.body.id}`, access_token, {}, after)).body.name).toBe('Kept');
  expect((await token({ grant_type: 'refresh_token', refresh_token }, '/token', after)).status).toBe(200);
  await after.stop();
  await rm(folder, { recursive: true });
});
