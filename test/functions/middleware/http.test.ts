import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { http, Reply } from '../../../functions/middleware/http.ts';
import type { Access } from '../../../shared/core/contract.ts';
import { refuse } from '../../../shared/core/errors.ts';
import { page, tenantPath } from '../../../shared/core/paths.ts';
import { ok } from '../../../shared/core/result.ts';
import { captureOutput } from '../../support/output.ts';

const context = { awsRequestId: 'req-1', getRemainingTimeInMillis: () => 5_000 } as Context;

function route(access: Access, handle: Parameters<typeof http>[1] = async ({ body }) => ok(body), stack = http) {
  const handler = stack(
    {
      env: z.object({}),
      timeoutS: 5,
      entry: {
        kind: 'http',
        routes: ['POST /v1/tenants/{tenant}'],
        access,
        summary: 'test',
        path: tenantPath,
        query: z.strictObject(page),
        body: z.strictObject({ name: z.string() }),
      },
    },
    handle,
  );
  return async (change: Partial<APIGatewayProxyEventV2> & { principal?: unknown } = {}) => {
    const { principal = { kind: 'operator' }, ...event } = change;
    const answer = await handler(
      {
        headers: { 'content-type': 'application/json' },
        pathParameters: { tenant: 'acme' },
        rawQueryString: '',
        body: '{"name":"x"}',
        isBase64Encoded: false,
        requestContext: { authorizer: { lambda: principal } },
        ...event,
      } as unknown as APIGatewayProxyEventV2,
      context,
    );
    return { ...answer, json: answer.body ? JSON.parse(answer.body) : undefined };
  };
}

describe('who may call', () => {
  test('A-50: no principal, an odd one and an unknown one are the same 401', async () => {
    const call = route('tenant');
    const answers = [];
    for (const principal of [
      null,
      {},
      { kind: 'unknown' },
      { kind: 'tenant' },
      { kind: 'tenant', tenantId: '' },
      'operator',
    ]) {
      answers.push(await call({ principal }));
    }
    expect(new Set(answers.map((answer) => answer.body)).size).toBe(1);
    expect(answers[0]).toMatchObject({ statusCode: 401, json: { code: 'unauthenticated', requestId: 'req-1' } });
  });

  test("A-52: another tenant's path answers like a missing one; its own is served", async () => {
    const call = route('tenant');
    for (const tenantId of ['acm', 'acme2', 'ACME']) {
      expect(await call({ principal: { kind: 'tenant', tenantId } })).toMatchObject({
        statusCode: 404,
        json: { code: 'not_found' },
      });
    }
    expect(await call({ principal: { kind: 'tenant', tenantId: 'acme' } })).toMatchObject({ statusCode: 200 });
  });

  test("operator routes refuse a tenant's key", async () => {
    expect(await route('operator')({ principal: { kind: 'tenant', tenantId: 'acme' } })).toMatchObject({
      statusCode: 403,
    });
  });
});

test('a key that asks for another tenant is seen: a line, a measurement, no word of whom it asked for (A-52, G.3 item 11)', async () => {
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'INFO');
  vi.resetModules();
  const { http: fresh } = await import('../../../functions/middleware/http.ts');
  const output = captureOutput();
  const call = route('tenant', undefined, fresh);
  const principal = { kind: 'tenant', tenantId: 'globex', keyId: 'key_1' };
  await call({ principal });
  await call({ principal: { ...principal, tenantId: 'acme' } });
  await call({ principal: { kind: 'unknown' } });
  await route('operator', undefined, fresh)({ principal });
  const lines = output.lines();
  output.restore();
  vi.unstubAllEnvs();
  expect(lines).toMatchObject([
    { message: 'a key asked for another tenant', tenant: 'globex', key: 'key_1', requestId: 'req-1' },
    { ForeignTenant: 1, _aws: { CloudWatchMetrics: [{ Dimensions: [['service']] }] } },
  ]);
  expect(JSON.stringify(lines)).not.toContain('acme');
});

describe('bad input', () => {
  const call = route('tenant');
  test.each([
    ['malformed JSON', { body: '{' }, 400, 'invalid_request'],
    ['A-54: an unknown field', { body: '{"name":"x","tenantId":"other"}' }, 400, 'invalid_request'],
    ['a wrong content type', { headers: { 'content-type': 'text/plain' } }, 415, 'unsupported_media_type'],
    ['a look-alike content type', { headers: { 'content-type': 'application/jsonx' } }, 415, 'unsupported_media_type'],
    ['an oversize body', { body: JSON.stringify({ name: 'x'.repeat(1_100_000) }) }, 413, 'payload_too_large'],
    ['a repeated query parameter', { rawQueryString: 'limit=1&limit=2' }, 400, 'invalid_request'],
    ['an unknown query parameter', { rawQueryString: 'debug=1' }, 400, 'invalid_request'],
    ['a tenant no tenant could be', { pathParameters: { tenant: 'a#b' } }, 404, 'not_found'],
  ] as const)('%s is a problem with a code', async (_, change, status, code) => {
    const answer = await call(change);
    expect(answer).toMatchObject({ statusCode: status, json: { status, code, requestId: 'req-1' } });
    expect(answer.headers?.['content-type']).toBe('application/problem+json');
  });
});

describe('answers', () => {
  test('a refusal carries its status and Retry-After', async () => {
    const call = route('tenant', async () => refuse('provider_unavailable', 'Ask later.', { retryAfterMs: 1_500 }));
    expect(await call()).toMatchObject({
      statusCode: 503,
      headers: { 'retry-after': '2' },
      json: { detail: 'Ask later.' },
    });
  });

  test('a reply has its own status, and no body is 204', async () => {
    expect(await route('tenant', async () => ok(new Reply(202, { id: 'c' })))()).toMatchObject({
      statusCode: 202,
      json: { id: 'c' },
    });
    expect(await route('tenant', async () => ok(undefined))()).toMatchObject({ statusCode: 204 });
  });

  test('a bug is a bare 500 that says nothing of it', async () => {
    const call = route('tenant', async () => {
      throw new Error('password hunter2');
    });
    const answer = await call();
    expect(answer).toMatchObject({ statusCode: 500, json: { code: 'internal', requestId: 'req-1' } });
    expect(answer.body).not.toContain('hunter2');
  });
});
