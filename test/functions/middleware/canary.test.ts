import type { Context } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { failurePage } from '../../../shared/connections/failure-page.ts';
import { readOwner } from '../../../shared/connections/owner.ts';
import { type HubError, refuse } from '../../../shared/core/errors.ts';
import type { Result } from '../../../shared/core/result.ts';
import { Secret } from '../../../shared/core/secret.ts';
import { canary, leaks } from '../../support/canary.ts';
import { httpEvent, lambdaContext } from '../../support/http-event.ts';
import { captureOutput } from '../../support/output.ts';

// What breaks carries a secret in every place that it has; then all that was answered and printed is looked through.

type Handle = (input: unknown) => Promise<Result<never>>;
type Stack = (handle: Handle, asked: string) => Promise<unknown>;

let output: ReturnType<typeof captureOutput>;
let stacks: Record<string, Stack>;
let log: typeof import('../../../shared/core/log.ts')['log'];
beforeAll(async () => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'DEBUG');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  vi.resetModules();
  output = captureOutput();
  stacks = await load();
  ({ log } = await import('../../../shared/core/log.ts'));
});
afterAll(() => {
  output.restore();
  vi.unstubAllEnvs();
});

/** Where an error, or what is thrown in its place, may have a secret. */
const carriers: Record<string, (secret: string) => unknown> = {
  message: (s) => new Error(`it failed with ${s}`),
  'query of a URL': (s) => new Error(`GET https://api.example.com/v1?access_token=${encodeURIComponent(s)}: 500`),
  'user of a URL': (s) => new Error(`connect to https://app:${encodeURIComponent(s)}@api.example.com`),
  'path of a URL': (s) => new Error(`https://hooks.example.com/services/${encodeURIComponent(s)}`),
  'quoted JSON': (s) => new Error(`unexpected body ${JSON.stringify({ refresh_token: s })}`),
  'base64 of Basic': (s) => new Error(`refused: Basic ${Buffer.from(`user:${s}`).toString('base64')}`),
  hex: (s) => new Error(`bytes ${Buffer.from(s).toString('hex')}`),
  'two lines': (s) => new Error(`${s.slice(0, 24)}\n${s.slice(24)}`),
  'a URL that is none': (s) => caught(() => new URL(`http://${s}:x`)),
  'JSON that is none': (s) => caught(() => JSON.parse(`{"token": "${s.slice(5, 40)}`)),
  'a schema that does not fit': (s) => z.object({ a: z.literal('x') }).safeParse({ a: s, [s]: 1 }).error,
  'a schema with a text of its own': (s) =>
    z
      .string()
      .refine(() => false, s)
      .safeParse('x').error,
  cause: (s) => new Error('failed', { cause: new Error(s) }),
  'cause of a cause': (s) => new TypeError('fetch failed', { cause: new Error('x', { cause: { token: s } }) }),
  'headers of its config': (s) => Object.assign(new Error('failed'), { config: { headers: { authorization: s } } }),
  'body of its request': (s) => Object.assign(new Error('failed'), { request: { body: { client_secret: s } } }),
  'body of its response': (s) => Object.assign(new Error('failed'), { response: { data: s, headers: { cookie: s } } }),
  'an error of AWS': (s) =>
    Object.assign(new Error(`no such key: ${s}`), { $fault: 'client', $metadata: { extra: s } }),
  'several errors': (s) => new AggregateError([new Error(s)], s),
  'its name': (s) => Object.assign(new Error('failed'), { name: s }),
  'its code': (s) => Object.assign(new Error('failed'), { code: s }),
  'its stack': (s) => Object.assign(new Error('failed'), { stack: `Error: failed\n    at ${s}` }),
  'a place of its stack': (s) =>
    Object.assign(new Error('failed'), { stack: `E\n    at f (https://h/?t=${encodeURIComponent(s)}:1:2)` }),
  'a message like a stack': (s) => new Error(`failed\n    at get (/srv/app.js?token=${encodeURIComponent(s)}:1:2)`),
  'a text': (s) => s,
  'an object': (s) => ({ message: s, token: s, toString: () => s }),
  'a wrapped secret': (s) => new Error(`failed with ${new Secret(s)} and ${JSON.stringify({ s: new Secret(s) })}`),
};

function caught(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

async function load(): Promise<Record<string, Stack>> {
  const folder = '../../../functions/middleware';
  const [{ http }, { page }, { raw }, { queue }, { schedule }, { event }, { direct }] = await Promise.all([
    import(`${folder}/http.ts`),
    import(`${folder}/page.ts`),
    import(`${folder}/raw.ts`),
    import(`${folder}/queue.ts`),
    import(`${folder}/schedule.ts`),
    import(`${folder}/event.ts`),
    import(`${folder}/direct.ts`),
  ]);
  const common = { env: z.object({}), timeoutS: 5 };
  const path = z.object({ link: z.string() });
  const entry = { kind: 'http', routes: ['POST /x/{link}'], access: 'public', summary: 'test', path };
  const owner = readOwner('{"name":"Example App"}');
  const failure = (error: HubError | undefined, requestId: string) => failurePage(owner, error, requestId);
  const options = { secure: true, failure };
  const request = (asked: string) =>
    httpEvent('POST', '/x/{link}', {
      path: { link: asked },
      query: `token=${encodeURIComponent(asked)}`,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${asked}`, cookie: `a=${asked}` },
      body: JSON.stringify({ secret: asked }),
    });
  const form = (asked: string) => ({
    ...request(asked),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ secret: asked }).toString(),
  });
  const run = (handler: (event: never, context: Context) => Promise<unknown>, given: unknown) =>
    handler(given as never, lambdaContext()).catch(() => 'threw');
  const message = (asked: string) => ({
    messageId: '1',
    body: JSON.stringify({ asked }),
    receiptHandle: 'r',
    attributes: {},
  });
  const happened = (asked: string) => ({
    detail: { id: 'e', type: 'record.created', time: 't', tenant: 'acme', data: { data: asked } },
  });
  return {
    http: (handle, asked) =>
      run(
        http({ ...common, entry: { ...entry, body: z.looseObject({}), query: z.looseObject({}) } }, handle),
        request(asked),
      ),
    page: (handle, asked) => run(page({ ...common, entry }, options, handle), form(asked)),
    raw: (handle, asked) => run(raw({ ...common, entry }, handle), request(asked)),
    queue: (handle, asked) =>
      run(queue({ ...common, entry: { kind: 'queue', message: z.looseObject({}), batchSize: 1 } }, handle), {
        Records: [message(asked)],
      }),
    schedule: (handle, asked) =>
      run(schedule({ ...common, entry: { kind: 'schedule', everyMinutes: 1 } }, handle), { asked }),
    event: (handle, asked) => run(event({ ...common, entry: { kind: 'event', types: [] } }, handle), happened(asked)),
    direct: (handle, asked) =>
      run(direct({ ...common, entry: { kind: 'direct', input: z.looseObject({}) } }, handle), { asked }),
  };
}

/** All that was printed so far: what is captured is forgotten after each test. */
let lines: Record<string, unknown>[] = [];
afterEach(() => {
  lines = all();
});
const all = () => [...lines, ...output.lines()];
const printed = () => JSON.stringify(all());

describe('E-40, G8: secrets in what breaks', () => {
  const secrets: Record<string, string> = {};

  test.each(['http', 'page', 'raw', 'queue', 'schedule', 'event', 'direct'])('leave no trace of %s', async (name) => {
    const found: string[] = [];
    const own: Record<string, string> = {};
    let broke = 0;
    for (const [carrier, carry] of Object.entries(carriers)) {
      const [thrown, asked] = [canary(`${name} ${carrier}`), canary(`${name} ${carrier} asked`)];
      Object.assign(own, { [`${name}, ${carrier}`]: thrown, [`${name}, ${carrier}, in the request`]: asked });
      const answer = await stacks[name]?.(async () => {
        broke += 1;
        throw carry(thrown) as Error;
      }, asked);
      const answered = JSON.stringify(answer);
      if (leaks(answered, thrown) || leaks(answered, asked)) found.push(`${carrier}: answered`);
    }
    expect([broke, output.lines().length]).toEqual([Object.keys(carriers).length, broke]); // it looks at something
    Object.assign(secrets, own);
    const text = JSON.stringify(output.lines());
    for (const [place, secret] of Object.entries(own)) if (leaks(text, secret)) found.push(`${place}: printed`);
    expect(found).toEqual([]);
  });

  test('leave none in what is refused: the cause is for the log, and there in words', async () => {
    const secret = canary('cause');
    const handle = async () => refuse('provider_error', 'The provider refused.', { cause: `invalid_grant: ${secret}` });
    for (const name of ['http', 'page', 'raw', 'direct'] as const) {
      expect(leaks(JSON.stringify(await stacks[name]?.(handle, secret)), secret), name).toBe(false);
    }
    log.info('refused', { cause: `invalid_grant: ${secret}` });
    expect(leaks(printed(), secret)).toBe(false);
    expect(printed()).toContain('invalid_grant: ');
  });

  test('are 200 and more, each looked for in what was printed, which is not little', () => {
    expect(Object.keys(secrets).length).toBeGreaterThanOrEqual(200);
    expect(all().length).toBeGreaterThanOrEqual(180);
    const secret = canary('control');
    const spelled = [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret),
      Buffer.from(`..${secret}`).toString('base64'),
    ];
    for (const text of [...spelled, secret.slice(6, 30), Buffer.from(secret).toString('hex')])
      expect(leaks(text, secret)).toBe(true);
    expect(leaks(printed(), secret)).toBe(false);
  });

  test('what names and numbers there are stays readable', () => {
    log.bug('broke', new Error('SQS did not take 3 messages of TENANT_KEYS_TABLE'));
    const arn = 'arn:aws:dynamodb:us-east-1:111111111111:table/activity';
    log.bug(
      'broke',
      Object.assign(new Error(`not authorized to perform: dynamodb:PutItem on resource: ${arn}`), { $fault: 'client' }),
    );
    const last = output.lines().slice(-2);
    expect(last.map(({ errorMessage }) => errorMessage)).toEqual([
      'SQS did not take 3 messages of TENANT_KEYS_TABLE',
      `not authorized to perform: dynamodb:PutItem on resource: ${arn}`,
    ]);
    expect(String(last[0]?.errorAt)).toMatch(/canary\.test\.ts:\d+:\d+/);
  });
});
