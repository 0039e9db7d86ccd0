import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerOf, eventually, newAssembly } from './assembly.ts';

const later = (ms: number) => `await new Promise((resolve) => setTimeout(resolve, ${ms}));`;

let hub: Awaited<ReturnType<ReturnType<typeof newAssembly>['start']>>;
beforeAll(async () => {
  hub = await newAssembly()
    .fn(
      'Env',
      'export const handler = async (_, context) => ({ env: process.env, context, left: context.getRemainingTimeInMillis() });',
      {
        ...{
          Environment: { Variables: { OWN: 'yes', ARN: { 'Fn::GetAtt': ['Env', 'Arn'] } } },
          MemorySize: 256,
          Timeout: 5,
        },
      },
    )
    .fn('Spin', 'export const handler = async ({ spin }) => { while (spin); return "fine"; };', { Timeout: 1 })
    .fn(
      'Sleep',
      `export const handler = async ({ ms }) => { await new Promise((r) => setTimeout(r, ms)); return 'fine'; };`,
      { Timeout: 1 },
    )
    .fn('Broken', 'import "no-such-module"; export const handler = async () => 1;')
    .fn('Nameless', 'export const other = async () => 1;')
    .fn('Exit', 'export const handler = async ({ code }) => { if (code) process.exit(code); return "fine"; };')
    .fn(
      'Stray',
      `export const handler = async ({ stray }) => { if (stray) { Promise.reject(new Error('stray')); ${later(500)} } return 'fine'; };`,
    )
    .fn(
      'Hungry',
      'export const handler = async ({ eat }) => { const all = []; while (eat) all.push(new Array(1e5).fill({})); return "fine"; };',
      {
        MemorySize: 128,
      },
    )
    .fn('Throws', 'export const handler = async () => { throw new TypeError("wrong"); };')
    .fn(
      'Count',
      `let n = 0; export const handler = async () => { const one = ++n; ${later(40)} return { pid: globalThis.id ??= Math.random(), one }; };`,
    )
    .fn('Alone', `export const handler = async () => { ${later(40)} return globalThis.id ??= Math.random(); };`, {
      ReservedConcurrentExecutions: 1,
    })
    .fn('Never', 'export const handler = async () => 1;', { ReservedConcurrentExecutions: 0 })
    .fn('Huge', 'export const handler = async () => "x".repeat(7 * 1024 * 1024);')
    .fn(
      'Writes',
      `export const handler = async () => { console.log(JSON.stringify({ level: 'INFO', message: 'one' })); console.error('plain'); return 'fine'; };`,
    )
    .start({ concurrency: 2 });
});
afterAll(() => hub.stop());

const errorOf = async (fn: string, event: unknown = {}) => {
  const outcome = await hub.invoke(fn, event);
  if (outcome.ok) throw new Error(`${fn} succeeded: ${outcome.payload}`);
  return `${outcome.error.errorType}: ${outcome.error.errorMessage}`;
};

test('a function sees its own variables and made-up AWS settings, nothing of the computer it runs on', async () => {
  process.env.AWS_PROFILE = 'somebody';
  const { env, context, left } = answerOf(await hub.invoke('Env', {}));
  delete process.env.AWS_PROFILE;
  expect(
    Object.keys(env)
      .filter((name) => !name.startsWith('AWS_'))
      .sort(),
  ).toEqual(['ARN', 'OWN']);
  expect(env).toMatchObject({
    AWS_ACCESS_KEY_ID: 'Env',
    AWS_ENDPOINT_URL: hub.awsUrl,
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
    ARN: 'arn:aws:lambda:us-east-1:111111111111:function:fix-Env',
  });
  expect(env).not.toHaveProperty('AWS_PROFILE');
  expect(context).toMatchObject({ functionName: 'fix-Env', memoryLimitInMB: '256', invokedFunctionArn: env.ARN });
  expect(left).toBeGreaterThan(4_000);
});

test('a function that spins is ended at its timeout, and the next event finds a fresh environment', async () => {
  const begun = Date.now();
  expect(await errorOf('Spin', { spin: true })).toBe('Sandbox.Timedout: Task timed out after 1.00 seconds');
  expect(Date.now() - begun).toBeLessThan(2_500);
  expect(answerOf(await hub.invoke('Spin', {}))).toBe('fine');
});

test('a function that waits too long is ended too', async () => {
  expect(await errorOf('Sleep', { ms: 5_000 })).toBe('Sandbox.Timedout: Task timed out after 1.00 seconds');
  expect(answerOf(await hub.invoke('Sleep', { ms: 1 }))).toBe('fine');
});

test('a broken import is answered at once, each time, and takes no place', async () => {
  const begun = Date.now();
  const errors = await Promise.all(Array.from({ length: 6 }, () => errorOf('Broken')));
  expect(new Set(errors).size).toBe(1);
  expect(errors[0]).toContain("Cannot find package 'no-such-module'");
  expect(await errorOf('Nameless')).toContain('exports no function handler');
  expect(Date.now() - begun).toBeLessThan(5_000);
});

test('an exit, a stray rejection and a full heap end the environment, not the hub', async () => {
  expect(await errorOf('Exit', { code: 3 })).toBe('Runtime.ExitError: The environment ended with exit code 3');
  expect(await errorOf('Stray', { stray: true })).toBe('Error: stray');
  expect(await errorOf('Hungry', { eat: true })).toMatch(/memory/);
  for (const fn of ['Exit', 'Stray', 'Hungry']) expect(answerOf(await hub.invoke(fn, {}))).toBe('fine');
});

test('an environment that is killed fails what it does, and the next event finds a fresh one', async () => {
  let ended = false;
  const under = errorOf('Sleep', { ms: 900 }).finally(() => {
    ended = true;
  });
  await eventually(() => {
    hub.kill('Sleep'); // those that are idle too
    return ended;
  });
  expect(await under).toBe('Runtime.ExitError: It was killed');
  expect(answerOf(await hub.invoke('Sleep', { ms: 1 }))).toBe('fine');
  expect(hub.kill('Never')).toBe(false);
});

test('what a function throws comes back with its name and message', async () => {
  expect(await errorOf('Throws')).toBe('TypeError: wrong');
});

test('no more environments exist than the cap, whatever the load', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, async () => answerOf(await hub.invoke('Count', {}))));
  const environments = new Set(answers.map(({ pid }) => pid));
  expect(environments.size).toBe(2);
  expect(answers.filter(({ one }) => one === 1)).toHaveLength(2);
});

test('the cap also holds while environments die', async () => {
  const outcomes = await Promise.all(Array.from({ length: 12 }, (_, index) => hub.invoke('Exit', { code: index % 2 })));
  expect(outcomes.filter(({ ok }) => ok)).toHaveLength(6);
});

test('reserved concurrency is obeyed: one at a time, or none at all', async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, async () => answerOf(await hub.invoke('Alone', {}))));
  expect(new Set(answers).size).toBe(1);
  expect(await errorOf('Never')).toContain('TooManyRequestsException');
});

test('an answer or an event over 6 MB is an error', async () => {
  expect(await errorOf('Huge')).toContain('Function.ResponseSizeTooLarge');
  expect(await errorOf('Throws', 'x'.repeat(6 * 1024 * 1024))).toContain('RequestTooLargeException');
});

test('what a function writes is kept by line, parsed where it is JSON, before its answer is out', async () => {
  const { requestId } = await hub.invoke('Writes', {});
  const lines = hub.logs().filter((line) => line.requestId === requestId);
  expect(lines.map(({ text, entry }) => entry ?? text)).toEqual([{ level: 'INFO', message: 'one' }, 'plain']);
});

test('a name nobody bears lists the choices', async () => {
  await expect(hub.invoke('none', {})).rejects.toThrow(/There is no function none; there are .*Env/);
});

test("Lambda's own API runs a function for somebody outside, at once or later", async () => {
  const authorization = 'AWS4-HMAC-SHA256 Credential=outside/20260101/us-east-1/lambda/aws4_request, Signature=0';
  const call = (name: string, body: string, type = 'RequestResponse', method = 'POST') =>
    fetch(`${hub.awsUrl}/2015-03-31/functions/${name}/invocations`, {
      ...{ method, body, headers: { authorization, 'x-amz-invocation-type': type } },
    });
  expect(await (await call('fix-Exit', '{}')).json()).toBe('fine');
  const failed = await call('fix-Throws', '');
  expect([failed.headers.get('x-amz-function-error'), await failed.json()]).toMatchObject([
    'Unhandled',
    { errorMessage: 'wrong' },
  ]);
  const before = hub.logs().length;
  expect((await call('fix-Writes', '{}', 'Event')).status).toBe(202);
  await eventually(() => hub.logs().length === before + 2);
  expect((await call('fix-None', '{}')).status).toBe(404);
  expect((await call('fix-Exit', '{}', 'RequestResponse', 'PUT')).status).toBe(400);
});
