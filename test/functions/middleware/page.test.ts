import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { page, type Shown } from '../../../functions/middleware/page.ts';
import type { HubError } from '../../../shared/core/errors.ts';
import { refuse } from '../../../shared/core/errors.ts';
import { html } from '../../../shared/core/html.ts';
import { ok, type Result } from '../../../shared/core/result.ts';
import { captureOutput } from '../../support/output.ts';

const contract = {
  env: z.object({}),
  timeoutS: 10,
  entry: {
    kind: 'http',
    routes: ['GET /p/{id}'],
    access: 'public',
    summary: 'a page',
    path: z.object({ id: z.string().max(5) }),
  },
} as const;

const simple = (title: string) => ({ title, style: 'p{color:red}', body: html`<p>${title}</p>` });

async function ask(
  answer: () => Promise<Result<Shown>>,
  { method = 'GET', secure = true, ...event }: Record<string, unknown> = {},
) {
  const handler = page(
    contract,
    { secure: secure === true, failure: (error: HubError | undefined) => simple(error?.message ?? 'broken') },
    answer,
  );
  const full = {
    headers: {},
    rawQueryString: '',
    pathParameters: { id: '1' },
    requestContext: { http: { method } },
    ...event,
  };
  return handler(full as unknown as APIGatewayProxyEventV2, { awsRequestId: 'r1' } as Context);
}

test('a page carries a policy that names its one style sheet and nothing else', async () => {
  const answer = await ask(async () => ok({ page: simple('Hello <b>') }));
  expect(answer.statusCode).toBe(200);
  expect(answer.body).toContain('<p>Hello &lt;b&gt;</p>');
  expect(answer.body).toContain('<html lang="en">');
  expect(answer.headers).toEqual({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy':
      "default-src 'none'; style-src 'sha256-p0bF+un5yUb9MBO6xRb8kPHlY2BdpHVtLiFkDrZPF64='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-robots-tag': 'noindex',
    'strict-transport-security': 'max-age=31536000',
  });
});

test('browsers are told to remember https only where the hub is reached by it', async () => {
  const { headers } = await ask(async () => ok({ page: simple('x') }), { secure: false });
  expect(headers).not.toHaveProperty('strict-transport-security');
});

test('a redirect is a 303, whatever was sent (A-12), with its cookies', async () => {
  const answer = await ask(async () => ok({ goTo: 'https://a.example/x', cookies: ['a=1'] }), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(answer).toMatchObject({ statusCode: 303, cookies: ['a=1'], headers: { location: 'https://a.example/x' } });
});

test('a refusal is a page with its status and when to come back', async () => {
  const answer = await ask(async () => refuse('provider_unavailable', 'Later <i>', { retryAfterMs: 1_500 }));
  expect([answer.statusCode, answer.headers?.['retry-after']]).toEqual([503, '2']);
  expect(answer.body).toContain('Later &lt;i&gt;');
});

test('a bug is a page with status 500 that says nothing of what broke, and a line in the log', async () => {
  const output = captureOutput();
  const answer = await ask(async () => {
    throw new Error('secret detail');
  });
  output.restore();
  expect(answer.statusCode).toBe(500);
  expect(answer.body).not.toContain('secret detail');
});

test('a path that cannot be is 404', async () => {
  expect((await ask(async () => ok({ page: simple('x') }), { pathParameters: { id: 'too long' } })).statusCode).toBe(
    404,
  );
});
