import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildRequest } from '../../../shared/calls/request.ts';
import type { ApiRequest } from '../../../shared/providers/actions.ts';
import { demo } from '../../../shared/providers/demo/index.ts';
import { github } from '../../../shared/providers/github/index.ts';
import { slack } from '../../../shared/providers/slack/index.ts';

const get = (path: string, more: Partial<ApiRequest> = {}): ApiRequest => ({ method: 'GET', path, ...more });
const toSlack = (request: ApiRequest) => buildRequest(slack.api, {}, request);

/** A.5: ways to spell another host, or a place above the base's path. */
const elsewhere = [
  'https://evil.example/', 'http://evil.example/x', '//evil.example/x', '/\\evil.example', '\\\\evil.example', 'https:evil.example',
  '/https://evil.example', 'https://slack.com@evil.example/', '@evil.example/', '.evil.example/x', ':8443/x', 'x', '', ' /x',
  '/x y', '/x\ty', '/x\ny', '/x\r\nhost: evil', '/x\0', '/x\u2028', '/../x', '/./x', '/x/..', '/x/../../oauth', '/%2e%2e/x',
  '/%2E%2e/x', '/.%2e/x', '/%2e/x', '/x/%2e%2e%2fy', '/..%2f..%2fy', '/%252e%252e/x', '/%25252e%25252e/x', '/x%5c..%5cy',
  '/x%5cy', '/%00', '/x%0d%0ay', '/x%0ay', '/%', '/%zz', '/%2', '/\u2025/x', '/\uff0e\uff0e/x', '/%ef%bc%8e%ef%bc%8e/x',
  '/x?y=1', '/x#y', '/x//y', '//', '/x\\y', 'javascript:alert(1)', 'data:text/html,x', '/x/%2e%2e%5cy', '/..;%2f/%2e%2e/',
  '/\u202e/x', '/a/b/../../../c', '/%2e%2e%2f%25', '/%c0%ae%c0%ae/../x', '/\t/evil', '/\u00ad',
]; // biome-ignore format: a list

describe("E-01: the host and the beginning of the path are the manifest's", () => {
  test.each(elsewhere)('%j is refused', (path) => {
    expect(toSlack(get(path))).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
  });

  test.each([
    ['/chat.postMessage', 'https://slack.com/api/chat.postMessage'],
    ['/', 'https://slack.com/api/'],
    ['/a%2Fb/c', 'https://slack.com/api/a%2Fb/c'],
    ['/a%20b', 'https://slack.com/api/a%20b'],
    ['/100%25', 'https://slack.com/api/100%25'],
    ['/café', 'https://slack.com/api/caf%C3%A9'],
    ['/a;b=1,2:c@d/...', 'https://slack.com/api/a;b=1,2:c@d/...'],
    ['/x/', 'https://slack.com/api/x/'],
  ])('%j stays what it is', (path, url) => {
    expect(toSlack(get(path))).toMatchObject({ ok: true, value: { url } });
  });

  test('2,000 arbitrary paths: refused, or below the base', () => {
    const piece = fc.constantFrom(
      '/',
      '..',
      '.',
      '%2e',
      '%2f',
      '%5c',
      '\\',
      '@',
      ':',
      '?',
      '#',
      '//',
      'evil.example',
      'https:',
      '%',
      '%25',
      'a',
      '\uff0e',
      '\u2215',
      ' ',
      '\n',
    );
    const path = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((parts) => `/${parts.join('')}`),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(path, (text) => {
        const built = toSlack(get(text));
        if (!built.ok) return true;
        const url = new URL(built.value.url);
        return url.origin === 'https://slack.com' && url.pathname.startsWith('/api/') && url.username === '';
      }),
      { numRuns: 2_000 },
    );
  });

  test('a query cannot leave its place', () => {
    const built = toSlack(get('/users.info', { query: { user: 'U1&admin=1#x', 'a=b': '\r\nhost: evil' } }));
    expect(built).toMatchObject({
      value: { url: 'https://slack.com/api/users.info?user=U1%26admin%3D1%23x&a%3Db=%0D%0Ahost%3A+evil' },
    });
  });

  describe('a base with parts of the connection', () => {
    const api = { ...slack.api, baseUrl: 'https://{region}.example.com/v3/company/{account}' };
    const at = (values?: Record<string, string>) => buildRequest(api, {}, get('/query'), undefined, values);

    test('is filled with what the connection has', () => {
      const built = at({ region: 'eu', account: '92414' });
      expect(built).toMatchObject({ value: { url: 'https://eu.example.com/v3/company/92414/query' } });
    });

    test.each(['../../admin', 'a/b', '?x=', '#'])(
      'whatever an account’s id spells, it is one segment: %j',
      (account) => {
        const built = at({ region: 'eu', account });
        if (!built.ok) return expect(built.error.code).toBe('invalid_request');
        const { origin, pathname } = new URL(built.value.url);
        expect([origin, pathname.split('/').length, pathname.startsWith('/v3/company/')]).toEqual([
          'https://eu.example.com',
          5,
          true,
        ]);
      },
    );

    test.each(['', '.', '..'])('an account’s id that would step up is a bug: %j', (account) => {
      expect(() => at({ region: 'eu', account })).toThrow('a step up');
    });

    test('is judged without a connection too, so that a wrong path is refused at once', () => {
      expect(at()).toMatchObject({ ok: true });
      expect(buildRequest(api, {}, get('/../x'))).toMatchObject({ ok: false });
    });
  });

  test('the local stage sends it elsewhere as a whole, path included', () => {
    const app = { origins: { 'https://slack.com': 'http://127.0.0.1:9001' } };
    expect(buildRequest(slack.api, app, get('/users.info'))).toMatchObject({
      value: { url: 'http://127.0.0.1:9001/api/users.info' },
    });
  });
});

describe('E-07: a caller sets the headers on the list, and those the manifest sets itself', () => {
  test.each([
    'authorization', 'Authorization', 'cookie', 'host', 'connection', 'transfer-encoding', 'te', 'upgrade', 'keep-alive', 'trailer',
    'proxy-authorization', 'content-length', 'content-type', 'expect', 'x-api-key', 'x-forwarded-for', 'x-http-method-override',
    'user-agent', 'idempotency-key', 'x-slack-signature', '', 'a b', 'accept\r\nx', '__proto__', ':path',
  ])('%j is refused', (name) => {
    const headers = Object.fromEntries([[name, 'x']]);
    expect(toSlack(get('/x', { headers }))).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
  }); // biome-ignore format: a list

  test.each(['a\r\nx: y', 'a\nb', 'a\0', '', ' a', 'a ', 'ü', '\u{1f600}', 'x'.repeat(1_001), 'a\tb'])(
    'a value of %j is refused',
    (value) => {
      expect(toSlack(get('/x', { headers: { accept: value } })).ok).toBe(false);
    },
  );

  test('listed ones pass, and replace what the manifest sets', () => {
    const headers = { 'If-None-Match': '"e"', 'X-GitHub-Api-Version': '2026-03-10', Accept: 'text/plain' };
    const built = buildRequest(github.api, {}, get('/user', { headers }));
    expect(built).toMatchObject({
      value: { headers: { 'if-none-match': '"e"', 'x-github-api-version': '2026-03-10', accept: 'text/plain' } },
    });
  });
});

describe('what leaves', () => {
  test('JSON with its charset, a form, and a body of neither on a GET', () => {
    expect(toSlack({ method: 'POST', path: '/x', json: { a: 'ü' } })).toMatchObject({
      value: {
        body: '{"a":"ü"}',
        headers: { 'content-type': 'application/json; charset=utf-8' },
      },
    });
    expect(toSlack({ method: 'POST', path: '/x', form: { a: 'b c' } })).toMatchObject({
      value: { body: 'a=b+c', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    });
    expect(toSlack(get('/x', { json: {} })).ok).toBe(false);
  });

  test('the idempotency key where the provider has a header for it, and nowhere else', () => {
    const post = { method: 'POST', path: '/x', json: {} } as const;
    const keyOf = (built: ReturnType<typeof buildRequest>) => built.ok && built.value.headers['idempotency-key'];
    expect(keyOf(buildRequest(demo.api, {}, post, 'call_1'))).toBe('call_1');
    expect(keyOf(buildRequest(slack.api, {}, post, 'call_1'))).toBe(undefined);
    expect(keyOf(buildRequest(demo.api, {}, post))).toBe(undefined);
  });
});
