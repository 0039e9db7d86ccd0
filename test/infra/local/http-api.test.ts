import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpEvent } from '../../../infra/local/payload.ts';
import { att, hole, newAssembly, ref } from './assembly.ts';

const echo = 'export const handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });';
const custom = { AuthorizationType: 'CUSTOM', AuthorizerId: ref('Authorizer') };
const uri = {
  'Fn::Join': [
    '',
    [
      'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/',
      { 'Fn::GetAtt': ['Guard', 'Arn'] },
      '/invocations',
    ],
  ],
};
const guard = `
let asked = 0;
export const handler = async ({ identitySource: [token], type, version, body }) => {
  if (token === 'crash') throw new Error('no');
  if (token === 'unauthorized') throw new Error('Unauthorized');
  if (token === 'odd') return 'yes';
  return { isAuthorized: token === 'good', context: { asked: ++asked, type, version, body: body ?? 'none' } };
};`;

let hub: Awaited<ReturnType<ReturnType<typeof newAssembly>['start']>>;
beforeAll(async () => {
  hub = await newAssembly()
    .api({
      CorsConfiguration: {
        AllowOrigins: ['https://app.example'],
        AllowMethods: ['GET', 'POST'],
        AllowHeaders: ['authorization'],
        ExposeHeaders: ['x-request'],
        MaxAge: 60,
        AllowCredentials: true,
      },
    })
    .fn('Echo', echo)
    .fn('Guard', guard)
    .fn(
      'Plain',
      'export const handler = async (event) => event.rawPath === "/null" ? null : event.rawPath === "/text" ? "hi" : { made: 1 };',
    )
    .fn(
      'Shaped',
      `const answers = {
        '/cookies': { statusCode: 201, headers: { 'X-One': 1 }, cookies: ['a=1; Path=/', 'b=2'], body: 'ok' },
        '/binary': { statusCode: 200, headers: { 'content-type': 'image/png' }, isBase64Encoded: true, body: 'iVBO' },
        '/empty': { statusCode: 204 },
        '/odd': { statusCode: 'soon' },
      };
      export const handler = async (event) => { if (event.rawPath === '/throws') throw new Error('secret'); return answers[event.rawPath]; };`,
    )
    .add('Authorizer', 'ApiGatewayV2::Authorizer', {
      ...{
        ApiId: ref('Api'),
        Name: 'guard',
        AuthorizerType: 'REQUEST',
        AuthorizerUri: uri,
        EnableSimpleResponses: true,
      },
      ...{ AuthorizerPayloadFormatVersion: '2.0', IdentitySource: ['$request.header.Authorization'] },
      AuthorizerResultTtlInSeconds: 60,
    })
    .route('ANY /{proxy+}', 'Echo')
    .route('GET /pets/{id}', 'Echo')
    .route('GET /pets/dog', 'Echo')
    .route('GET /pets/{id}/toys/{toy}', 'Echo')
    .route('$default', 'Echo')
    .route('POST /guarded', 'Echo', custom)
    .route('GET /null', 'Plain')
    .route('GET /text', 'Plain')
    .route('GET /object', 'Plain')
    .route('GET /cookies', 'Shaped')
    .route('GET /binary', 'Shaped')
    .route('GET /empty', 'Shaped')
    .route('GET /odd', 'Shaped')
    .route('GET /throws', 'Shaped')
    .start();
});
afterAll(() => hub.stop());

const get = async (path: string, init: RequestInit = {}) => fetch(`${hub.url}${path}`, { redirect: 'manual', ...init });
const event = async (path: string, init?: RequestInit) => (await (await get(path, init)).json()) as HttpEvent;

test.each([
  ['/pets/dog', 'GET /pets/dog', undefined],
  ['/pets/cat', 'GET /pets/{id}', { id: 'cat' }],
  ['/pets/a%20b', 'GET /pets/{id}', { id: 'a b' }],
  ['/pets/cat/toys/7', 'GET /pets/{id}/toys/{toy}', { id: 'cat', toy: '7' }],
  ['/pets/cat/food', 'ANY /{proxy+}', { proxy: 'pets/cat/food' }],
  ['/', '$default', undefined],
])('the most specific route takes %s', async (path, routeKey, pathParameters) => {
  expect(await event(path)).toMatchObject({ routeKey, ...(pathParameters && { pathParameters }) });
});

test('an event of payload 2.0 has lower-case headers, joined values, cookies apart and the query both ways', async () => {
  const raw = await new Promise<string>((resolve) => {
    const { port, hostname } = new URL(hub.url);
    const socket = connect(Number(port), hostname);
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk;
    });
    socket.on('close', () => resolve(seen.slice(seen.indexOf('\r\n\r\n') + 4)));
    socket.write(
      'GET /a%20b?x=1&y=%20z&x=2&e HTTP/1.1\r\nHost: hub.test:81\r\nX-Twice: a\r\nx-twice: b\r\n' +
        'Cookie: one=1; two=2\r\nUser-Agent: me\r\nConnection: close\r\n\r\n',
    );
  });
  const given = JSON.parse(raw);
  expect(given).toMatchObject({
    version: '2.0',
    rawPath: '/a b',
    rawQueryString: 'x=1&y=%20z&x=2&e',
    queryStringParameters: { x: '1,2', y: ' z', e: '' },
    cookies: ['one=1', 'two=2'],
    headers: { 'x-twice': 'a,b', host: 'hub.test:81', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' },
    requestContext: {
      accountId: '111111111111',
      domainName: 'hub.test:81',
      http: { method: 'GET', path: '/a b', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'me' },
      stage: '$default',
      time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
    },
    isBase64Encoded: false,
  });
  expect(given.headers).not.toHaveProperty('cookie');
  expect(given).not.toHaveProperty('body');
});

test.each([
  ['application/json; charset=utf-8', false],
  ['text/plain', false],
  ['application/xml', false],
  ['application/x-www-form-urlencoded', true],
  ['application/octet-stream', true],
  ['application/problem+json', true],
])('a body of type %s is base64: %s', async (type, isBase64Encoded) => {
  const given = await event('/x', { method: 'POST', body: Buffer.from('{"ü":1}'), headers: { 'content-type': type } });
  expect(given.isBase64Encoded).toBe(isBase64Encoded);
  expect(Buffer.from(given.body ?? '', isBase64Encoded ? 'base64' : 'utf8').toString()).toBe('{"ü":1}');
});

test('an answer without a status code is itself the JSON body', async () => {
  const object = await get('/object');
  expect([object.status, object.headers.get('content-type'), await object.json()]).toEqual([
    200,
    'application/json',
    { made: 1 },
  ]);
  expect(await (await get('/text')).text()).toBe('hi');
  expect(await (await get('/null')).text()).toBe('null');
});

test('a shaped answer gives status, headers, each cookie and bytes', async () => {
  const cookies = await get('/cookies');
  expect([cookies.status, cookies.headers.get('x-one'), cookies.headers.getSetCookie()]).toEqual([
    201,
    '1',
    ['a=1; Path=/', 'b=2'],
  ]);
  expect(Buffer.from(await (await get('/binary')).arrayBuffer())).toEqual(Buffer.from('iVBO', 'base64'));
  const empty = await get('/empty');
  expect([empty.status, await empty.text()]).toEqual([204, '']);
});

test('a throw and an answer without shape are the same bare 500', async () => {
  for (const path of ['/throws', '/odd']) {
    const answer = await get(path);
    expect([answer.status, await answer.json()]).toEqual([500, { message: 'Internal Server Error' }]);
  }
});

test('a body over 10 MB is refused with 413, one over the 6 MB a function takes as well', async () => {
  const big = await get('/x', { method: 'POST', body: Buffer.alloc(10 * 1024 * 1024 + 1) }).then(
    ({ status }) => status,
    () => 413,
  );
  expect(big).toBe(413);
  const binary = await get('/x', { method: 'POST', body: Buffer.alloc(5 * 1024 * 1024) });
  expect(binary.status).toBe(413);
});

test('a request line with headers over 10,240 bytes is refused', async () => {
  expect((await get('/x', { headers: { 'x-long': 'a'.repeat(10_200) } })).status).toBe(431);
});

test('a preflight is answered from the template, without any function', async () => {
  const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
  const allowed = await get('/guarded', { method: 'OPTIONS', headers });
  expect(allowed.status).toBe(204);
  expect(Object.fromEntries(allowed.headers)).toMatchObject({
    'access-control-allow-origin': 'https://app.example',
    'access-control-allow-methods': 'GET,POST',
    'access-control-allow-headers': 'authorization',
    'access-control-allow-credentials': 'true',
    'access-control-max-age': '60',
  });
  const foreign = await get('/guarded', { method: 'OPTIONS', headers: { ...headers, origin: 'https://evil.example' } });
  expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
});

test('an ordinary answer carries the CORS headers of an allowed origin', async () => {
  const answer = await get('/x', { headers: { origin: 'https://app.example' } });
  expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
  expect(answer.headers.get('access-control-expose-headers')).toBe('x-request');
});

const guarded = (authorization?: string) =>
  get('/guarded', {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
  });

test('the authorizer decides: its context reaches the function, its body does not reach the authorizer', async () => {
  const lambda = { asked: 1, type: 'REQUEST', version: '2.0', body: 'none' };
  const expected = expect.objectContaining({ requestContext: expect.objectContaining({ authorizer: { lambda } }) });
  expect(await (await guarded('good')).json()).toEqual(expected);
  expect(await (await guarded('good')).json()).toEqual(expected); // remembered: asked once
});

test.each([
  [undefined, 401, 'Unauthorized'],
  ['bad', 403, 'Forbidden'],
  ['unauthorized', 401, 'Unauthorized'],
  ['crash', 500, 'Internal Server Error'],
  ['odd', 500, 'Internal Server Error'],
])('the identity %s is answered %i', async (identity, status, message) => {
  const answer = await guarded(identity);
  expect([answer.status, await answer.json()]).toEqual([status, { message }]);
});

test('an identity may come from the query and the route as well; other sources end the start', async () => {
  const open = (...IdentitySource: string[]) =>
    newAssembly()
      .api()
      .fn('Echo', echo)
      .fn(
        'Guard',
        'export const handler = async ({ identitySource }) => ({ isAuthorized: true, context: { identitySource } });',
      )
      .add('Authorizer', 'ApiGatewayV2::Authorizer', {
        ...{
          ApiId: ref('Api'),
          Name: 'guard',
          AuthorizerType: 'REQUEST',
          AuthorizerUri: uri,
          EnableSimpleResponses: true,
        },
        ...{ AuthorizerPayloadFormatVersion: '2.0', IdentitySource },
      })
      .route('GET /x', 'Echo', custom)
      .start();
  const other = await open('$request.querystring.token', '$context.routeKey');
  expect((await fetch(`${other.url}/x`)).status).toBe(401);
  const given = (await (await fetch(`${other.url}/x?token=t`)).json()) as { requestContext: object };
  expect(given.requestContext).toMatchObject({ authorizer: { lambda: { identitySource: ['t', 'GET /x'] } } });
  await other.stop();
  await expect(open('$context.identity.sourceIp')).rejects.toThrow(
    'the identity source $context.identity.sourceIp is not known',
  );
});

test('without a matching route the answer is 404, and a slow integration 503', async () => {
  const bare = await newAssembly()
    .api()
    .fn('Slow', 'export const handler = () => new Promise((resolve) => setTimeout(resolve, 2000));')
    .add('SlowIntegration', 'ApiGatewayV2::Integration', {
      ...{ ApiId: ref('Api'), IntegrationType: 'AWS_PROXY', IntegrationUri: { 'Fn::GetAtt': ['Slow', 'Arn'] } },
      ...{ PayloadFormatVersion: '2.0', TimeoutInMillis: 300 },
    })
    .add('SlowRoute', 'ApiGatewayV2::Route', {
      ...{ ApiId: ref('Api'), RouteKey: 'GET /slow', Target: { 'Fn::Sub': `integrations/${hole('SlowIntegration')}` } },
    })
    .start();
  try {
    const missing = await fetch(`${bare.url}/none`);
    expect([missing.status, await missing.json()]).toEqual([404, { message: 'Not Found' }]);
    expect((await fetch(`${bare.url}/slow`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${bare.url}/slow/`)).status).toBe(404);
    expect((await fetch(`${bare.url}/slow`)).status).toBe(503);
  } finally {
    await bare.stop();
  }
});

test('a route whose role may not run its function is not served', async () => {
  const start = (resource: unknown) =>
    newAssembly()
      .api()
      .fn('Fn', 'export const handler = () => ({ ok: true });')
      .add('Role', 'IAM::Role', {
        AssumeRolePolicyDocument: {},
        Policies: [
          {
            PolicyName: 'rights',
            PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: resource }] },
          },
        ],
      })
      .add('Served', 'ApiGatewayV2::Integration', {
        ...{ ApiId: ref('Api'), IntegrationType: 'AWS_PROXY', IntegrationUri: att('Fn'), PayloadFormatVersion: '2.0' },
        CredentialsArn: att('Role'),
      })
      .add('Route', 'ApiGatewayV2::Route', {
        ...{ ApiId: ref('Api'), RouteKey: 'GET /', Target: { 'Fn::Sub': `integrations/${hole('Served')}` } },
      })
      .start();
  await expect(start('arn:aws:lambda:us-east-1:111111111111:function:another')).rejects.toThrow(
    'not authorized to perform lambda:InvokeFunction',
  );
  const served = await start(att('Fn'));
  expect((await fetch(`${served.url}/`)).status).toBe(200);
  await served.stop();
});
