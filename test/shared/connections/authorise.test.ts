import { describe, expect, test } from 'vitest';
import { authorise, namesOnRequest, placeOf } from '../../../shared/connections/authorise.ts';
import { oauthOf } from '../../../shared/connections/ways.ts';
import { Secret } from '../../../shared/core/secret.ts';
import type { Placement } from '../../../shared/providers/auth.ts';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import type { ProviderEntry } from '../../../shared/providers/provider.ts';

const request = { method: 'POST', url: 'https://api.example.com/v1/x?a=1', headers: { accept: 'application/json' } };
const values = { apiKey: new Secret('key 1&2'), user: 'ada', password: new Secret('pass:wörd'), account: '42' };
const put = (place: Placement, change: { body?: string; headers?: Record<string, string> } = {}) =>
  authorise({ ...request, ...change }, [place], values, 0);

describe('a credential goes', () => {
  test('into a header, beside those that are there', async () => {
    const { headers } = await put({ in: 'header', name: 'X-Api-Key', value: 'Token {apiKey}' });
    expect(headers).toEqual({ accept: 'application/json', 'x-api-key': 'Token key 1&2' });
  });

  test('into HTTP Basic, as UTF-8; what comes after the first colon is the password (RFC 7617 §2)', async () => {
    const { headers } = await put({ in: 'basic', user: '{user}', password: '{password}' });
    expect(headers).toHaveProperty('authorization', `Basic ${Buffer.from('ada:pass:wörd').toString('base64')}`);
  });

  test('into the query, escaped, in the place of a caller’s own (E-05)', async () => {
    const url = 'https://api.example.com/v1/x?key=mine&key=too&a=1';
    const placed = await authorise({ ...request, url }, [{ in: 'query', name: 'key', value: '{apiKey}' }], values, 0);
    expect([...new URL(placed.url).searchParams]).toEqual([
      ['key', 'key 1&2'],
      ['a', '1'],
    ]);
  });

  test.each([
    ['a JSON object', 'application/json; charset=utf-8', '{"a":1,"api_key":"mine"}', '{"a":1,"api_key":"key 1&2"}'],
    ['a form', 'application/x-www-form-urlencoded', 'a=1&api_key=mine', 'a=1&api_key=key+1%262'],
  ])('into %s, in the place of a caller’s own', async (_name, type, body, expected) => {
    const place = { in: 'body', name: 'api_key', value: '{apiKey}' } as const;
    expect((await put(place, { body, headers: { 'content-type': type } })).body).toBe(expected);
  });

  test('into a body of its own where there is none', async () => {
    const place = { in: 'body', name: 'api_key', value: '{apiKey}' } as const;
    const placed: { headers: Record<string, string>; body?: unknown } = await put(place);
    expect(placed.body).toBe('{"api_key":"key 1&2"}');
    expect(placed.headers['content-type']).toContain('application/json');
  });

  test('nowhere half: a value that is missing is a bug, and its name alone is told', async () => {
    const half = put({ in: 'header', name: 'x', value: '{apiKey}{nothing}' });
    await expect(half).rejects.toThrow('there is no value for {nothing}');
  });
});

test('a token goes where RFC 6750 says, unless the way says otherwise', () => {
  const way = oauthOf(catalogue.github as ProviderEntry);
  expect(placeOf(way)).toEqual([{ in: 'header', name: 'authorization', value: 'Bearer {accessToken}' }]);
  expect(namesOnRequest(way)).toEqual(['accessToken']);
});

describe('AWS Signature Version 4', () => {
  const keys = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'),
  };
  const place: Extract<Placement, { in: 'sigv4' }> = {
    ...{ in: 'sigv4', accessKeyId: '{accessKeyId}', secretAccessKey: '{secretAccessKey}' },
    ...{ region: 'us-east-1', service: 's3', pathEscaped: 'once' },
  };
  const at = Date.UTC(2013, 4, 24);
  const sign = async (method: string, url: string, headers: Record<string, string> = {}, body?: string) =>
    (await authorise({ method, url, headers, ...(body !== undefined && { body }) }, [place], keys, at)).headers;

  // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
  test.each([
    [
      'GET',
      '/test.txt',
      { range: 'bytes=0-9' },
      undefined,
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    ['GET', '/?lifecycle', {}, undefined, 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
    ['GET', '/?max-keys=2&prefix=J', {}, undefined, '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
  ])('%s %s: the published signature', async (method, path, headers, body, signature) => {
    const signed: Record<string, string> = await sign(
      method,
      `https://examplebucket.s3.amazonaws.com${path}`,
      headers,
      body,
    );
    expect(signed.authorization).toMatch(new RegExp(`Signature=${signature}$`));
  });

  test('a body, and a session token where there is one, are signed too', async () => {
    const url = 'https://b.s3.amazonaws.com/x';
    const [one, other] = await Promise.all(['a', 'b'].map((body) => sign('PUT', url, {}, body)));
    expect(one?.authorization).not.toBe(other?.authorization);
    const withToken = [{ ...place, sessionToken: '{sessionToken}' }] as const;
    const none = await authorise({ method: 'GET', url, headers: {} }, withToken, keys, at);
    expect(none.headers).not.toHaveProperty('x-amz-security-token');
    const some = await authorise({ method: 'GET', url, headers: {} }, withToken, { ...keys, sessionToken: 'st-1' }, at);
    expect(some.headers).toHaveProperty('x-amz-security-token', 'st-1');
  });

  test('the secret key itself is nowhere in the request', async () => {
    expect(JSON.stringify(await sign('GET', 'https://b.s3.amazonaws.com/'))).not.toContain('wJalr');
  });
});
