import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { githubWebhooks } from '../../../shared/providers/github/webhooks.ts';
import { webhooksOf } from '../../../shared/providers/senders.ts';
import { slackWebhooks } from '../../../shared/providers/slack/webhooks.ts';
import { Delivery } from '../../../shared/webhooks/contract.ts';
import { httpEvent, lambdaContext } from '../../support/http-event.ts';
import { startKms, type TestKms } from '../../support/kms-server.ts';
import { captureOutput } from '../../support/output.ts';
import { startS3, type TestS3 } from '../../support/s3.ts';
import { readEvent, samplesOf, sign } from '../../support/samples.ts';
import { startSecrets } from '../../support/secrets-server.ts';

const sqs = mockClient(SQSClient);
const HUB = 'https://hub.example.com';
const GITHUB = 'example-github-webhook-secret';
const SLACK = 'example-slack-signing-secret';

let s3: TestS3;
let secrets: Awaited<ReturnType<typeof startSecrets>>;
let kms: TestKms;
type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;
let handler: Handler;
let output: ReturnType<typeof captureOutput>;

/** A cold start: nothing is kept in memory. */
async function coldStart(): Promise<void> {
  vi.resetModules();
  const module = await import('../../../functions/webhooks/receive.ts');
  handler = module.handler as unknown as Handler;
}

function storeSecrets(apps: Record<string, unknown>): void {
  secrets.values.clear();
  for (const [provider, app] of Object.entries(apps)) {
    secrets.values.set(`patchbay/prod/${provider}`, typeof app === 'string' ? app : JSON.stringify(app));
  }
}

beforeAll(async () => {
  process.env.POWERTOOLS_METRICS_DISABLED = 'false'; // what is measured is among what is tested
  s3 = await startS3();
  [secrets, kms] = await Promise.all([startSecrets(), startKms()]);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    STAGE: 'prod',
    PUBLIC_URL: HUB,
    ENDPOINTS_TABLE: 'endpoints',
    ENDPOINT_KEY_ID: 'endpoint-key',
    INTAKE_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/111111111111/intake',
    PAYLOAD_BUCKET: 'payloads',
    PROVIDER_SECRETS: 'patchbay/prod/',
  });
});
beforeEach(async () => {
  vi.useRealTimers();
  sqs.reset();
  sqs.on(SendMessageCommand).resolves({ MessageId: '1' });
  storeSecrets({ github: { webhookSecrets: [GITHUB] }, slack: { webhookSecrets: [SLACK] } });
  Object.assign(secrets, { asked: [], fault: undefined });
  s3.objects.clear();
  s3.status = undefined;
  output = captureOutput();
  await coldStart();
});
afterEach(() => output.restore());
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL_S3;
  secrets.stop();
  await Promise.all([s3.stop(), kms.stop()]);
});

const post = (provider: string, headers: Record<string, string>, body: string | Buffer, query = '') =>
  handler(httpEvent('POST', '/webhooks/{provider}', { path: { provider }, headers, body, query }), lambdaContext());

const github = (
  body: string | Buffer,
  { secret = GITHUB, headers = {} }: { secret?: string; headers?: Record<string, string> } = {},
) =>
  post(
    'github',
    {
      'content-type': 'application/json',
      'x-github-event': 'issues',
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      ...sign(githubWebhooks, secret, body),
      ...headers,
    },
    body,
  );

const slack = (
  body: string | Buffer,
  { atS = Math.floor(Date.now() / 1000), headers = {} }: { atS?: number; headers?: Record<string, string> } = {},
) =>
  post(
    'slack',
    { 'content-type': 'application/json', ...sign(slackWebhooks, SLACK, body, { timestamp: String(atS) }), ...headers },
    body,
  );

const sent = () => sqs.commandCalls(SendMessageCommand).map(({ args: [command] }) => command.input);
const deliveries = () => sent().map(({ MessageBody = '' }) => Delivery.parse(JSON.parse(MessageBody)));
const bodyOf = (answer: APIGatewayProxyStructuredResultV2) => JSON.parse(answer.body ?? '');

async function expectNothingDone(
  answer: APIGatewayProxyStructuredResultV2,
  status: number,
  code: string,
): Promise<void> {
  expect({ status: answer.statusCode, code: bodyOf(answer).code }).toEqual({ status, code });
  expect(answer.headers?.['content-type']).toBe('application/problem+json');
  expect(sent()).toEqual([]);
  expect(s3.objects.size).toBe(0);
}

describe('a genuine request', () => {
  test('is one message on the queue, then 200 with nothing; the sample event too', async () => {
    const answer = await handler(readEvent('webhooks/receive') as APIGatewayProxyEventV2, lambdaContext());
    expect(answer).toMatchObject({ statusCode: 200, body: '' });
    expect(sent()).toHaveLength(1);
    expect(sent()[0]?.MessageGroupId).toBe('github/6811672');
    expect(deliveries()[0]).toMatchObject({ provider: 'github', requestId: 'req-1', deferred: false });
  });

  const samples = Object.keys(webhooksOf).flatMap((provider) =>
    samplesOf(provider)
      .filter(({ url = HUB, secret }) => url.startsWith(HUB) && secret.length >= 16) // as a provider's secret may be
      .map((sample) => [`${provider}/${sample.file}`, { provider, ...sample }] as const),
  );

  test.each(samples)('of every shape that is on file is taken in: %s', async (_file, sample) => {
    const { provider, headers, body, secret, clientId, settings, sentAt, url = '', expect: expected } = sample;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(sentAt) });
    storeSecrets({ [provider]: { clientId, webhookSecrets: [secret], webhookSettings: settings } });
    const form = headers['content-type']?.includes('form'); // HTTP API hands on forms as base64
    const answer = await post(provider, headers, form ? Buffer.from(body) : body, url.split('?')[1]);
    const { status = 200, type = 'text/plain', body: words = '' } = expected.answer ?? {};
    expect(answer).toMatchObject({ statusCode: status, body: words });
    expect(answer.headers?.['content-type']).toBe(type === 'application/json' ? type : `${type}; charset=utf-8`);

    const answered = expected.handshake === 'unsigned' || (expected.handshake && !sample.platform);
    expect(sent()).toHaveLength(answered && expected.handshake !== 'captured' ? 0 : 1);
    if (answered) return;
    expect(deliveries()[0]).toMatchObject({ provider, deferred: sample.platform !== undefined });
    const [account] = sample.platform ? [] : (expected.events?.[0]?.accounts ?? []);
    expect(sent()[0]?.MessageGroupId).toBe(account === undefined ? provider : `${provider}/${account}`);
    if (!sample.platform) expect(sent()[0]?.MessageBody).not.toContain(secret);
  });

  test('takes one AWS call once the instance is warm (D-16)', async () => {
    await github('{"n":1}');
    const before = secrets.asked.length + sqs.calls().length;
    for (let n = 0; n < 100; n++) expect((await github(`{"n":${n}}`)).statusCode).toBe(200);
    expect(secrets.asked.length + sqs.calls().length - before).toBe(100);
  });

  test.each([
    ['white space and key order', '{ "b":1,\n"a" : 2}'],
    ['unicode escapes', '{"a":"\\u00fc"}'],
    ['repeated keys', '{"a":1,"a":2}'],
    ['big numbers', '{"a":123456789012345678901234567890}'],
    ['a byte order mark', Buffer.from('\ufeff{"a":1}')],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ['not JSON at all', 'hello'],
    ['an own __proto__ (D-12)', '{"__proto__":{"isAdmin":true}}'],
    ['deep nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ])('keeps its exact bytes: %s (D-02)', async (_what, body) => {
    expect((await github(body)).statusCode).toBe(200);
    const [delivery] = deliveries();
    expect(delivery?.body).toEqual({ base64: Buffer.from(body).toString('base64') });
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  test('is verified over the bytes, whether the gateway hands them as text or as base64', async () => {
    const body = '{"text":"Grüße 👋"}';
    expect((await github(body)).statusCode).toBe(200);
    expect((await github(Buffer.from(body))).statusCode).toBe(200);
    expect(deliveries()[0]?.body).toEqual(deliveries()[1]?.body);
  });

  test('keeps the headers that the provider speaks through, and no other; header names in any case (D-10)', async () => {
    await github('{}', { headers: { authorization: 'Bearer x', cookie: 'a=b', 'user-agent': 'GitHub-Hookshot/1' } });
    expect(Object.keys(deliveries()[0]?.headers ?? {}).sort()).toEqual([
      'content-type',
      'x-github-delivery',
      'x-github-event',
    ]);
    const signed = sign(githubWebhooks, GITHUB, '{}');
    const shouted = Object.fromEntries(Object.entries(signed).map(([name, value]) => [name.toUpperCase(), value]));
    expect(
      (await post('github', { ...shouted, 'X-GitHub-Event': 'ping', 'X-GitHub-Delivery': '2' }, '{}')).statusCode,
    ).toBe(200);
  });

  test('never hands on what the signature does not cover: the query is dropped (D-18)', async () => {
    const headers = { 'x-github-event': 'ping', 'x-github-delivery': '1', ...sign(githubWebhooks, GITHUB, '{}') };
    expect((await post('github', headers, '{}', 'tenant=acme&challenge=x')).statusCode).toBe(200);
    expect(sent()[0]?.MessageBody).not.toContain('acme');
  });

  test('over what a message holds goes to the bucket first', async () => {
    const body = Buffer.from(JSON.stringify({ repository: { owner: { id: 1 } }, text: 'x'.repeat(1_500_000) }));
    expect((await github(body)).statusCode).toBe(200);
    expect(deliveries()[0]?.body).toEqual({ object: 'intake/req-1' });
    expect(s3.objects.get('/payloads/intake/req-1')?.equals(body)).toBe(true);
    expect(sent()[0]?.MessageGroupId).toBe('github');
  });

  test('of any size up to the limit fits a message or the bucket', async () => {
    for (const size of [669_900, 670_000, 670_001, 900_000, 4_500_000]) {
      expect((await github(Buffer.alloc(size, 0x20))).statusCode).toBe(200);
    }
    for (const { MessageBody = '' } of sent()) expect(MessageBody.length).toBeLessThan(1_000_000);
  });
});

describe('what is refused leaves nothing behind', () => {
  test.each(['unknown', 'constructor', '__proto__', 'GITHUB', 'a/b', ''])('provider "%s": 404', async (provider) => {
    await expectNothingDone(await post(provider, sign(githubWebhooks, GITHUB, '{}'), '{}'), 404, 'not_found');
  });

  test('a forged, an unsigned and a stale request, a foreign and an empty secret: the same 401 (D-17)', async () => {
    const now = Math.floor(Date.now() / 1000);
    const answers = [
      await github('{}', { secret: 'another-secret-of-this-hub' }),
      await github('{}', { secret: '' }),
      await github('{}', { headers: { 'x-hub-signature-256': '' } }),
      await github('{}', { headers: { 'x-hub-signature-256': 'sha1=356a192b7913b04c54574d18c28d46e6395428ab' } }),
      await github('{}', { headers: { 'x-github-delivery': 'a,b' } }),
      await slack('{}', { atS: now - 302 }),
      await slack('{}', { atS: now + 302 }),
      await slack('{}', { headers: { 'x-slack-request-timestamp': `${now}.0` } }),
    ];
    for (const answer of answers) await expectNothingDone(answer, 401, 'unauthenticated');
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  });

  test('a signature of any length: 401, never 5xx (D-03)', async () => {
    for (const length of [0, 1, 7, 8, 63, 64, 65, 100, 1_000, 10_000]) {
      await expectNothingDone(
        await github('{}', { headers: { 'x-hub-signature-256': 'sha256='.padEnd(length, 'a') } }),
        401,
        'unauthenticated',
      );
    }
  });

  test('a header of 8 kB, of NUL, of a fold, of __proto__: 401', async () => {
    for (const value of ['x'.repeat(8_000), 'a\0', 'a\r\n b', 'a b', '']) {
      await expectNothingDone(await github('{}', { headers: { 'x-github-delivery': value } }), 401, 'unauthenticated');
    }
    const polluted = JSON.parse('{"__proto__":"x","constructor":"y"}');
    await expectNothingDone(
      await github('{}', { secret: 'wrong-secret-of-nobody', headers: polluted }),
      401,
      'unauthenticated',
    );
  });

  test("one provider's genuine request at another's address: 401", async () => {
    const headers = { 'x-github-event': 'ping', 'x-github-delivery': '1', ...sign(githubWebhooks, GITHUB, '{}') };
    await expectNothingDone(await post('slack', headers, '{}'), 401, 'unauthenticated');
  });

  test('a body over 4.5 MB: 413, before anything is read (D-11)', async () => {
    await expectNothingDone(await github(Buffer.alloc(4_500_001)), 413, 'payload_too_large');
    expect(secrets.asked).toEqual([]);
  });

  test('a compressed body: 415', async () => {
    for (const encoding of ['gzip', 'br', 'deflate, gzip', 'identity, gzip']) {
      await expectNothingDone(
        await github('{}', { headers: { 'content-encoding': encoding } }),
        415,
        'unsupported_media_type',
      );
    }
    expect((await github('{}', { headers: { 'content-encoding': 'identity' } })).statusCode).toBe(200);
  });

  test('without a secret, with an empty or a short one, nobody is believed (D-01)', async () => {
    for (const app of [
      {},
      { webhookSecrets: [] },
      { webhookSecrets: [''] },
      { webhookSecrets: ['fifteen-letters'] },
      '',
      'not json',
    ]) {
      storeSecrets({ github: app });
      await coldStart();
      for (const secret of ['', 'fifteen-letters', GITHUB]) {
        await expectNothingDone(await github('{}', { secret }), 401, 'unauthenticated');
      }
    }
  });

  test('nothing of it is logged as an error, and the missing secret is said once', async () => {
    storeSecrets({ github: {}, slack: { webhookSecrets: [SLACK] } });
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'DEBUG');
    await coldStart();
    vi.unstubAllEnvs();
    for (let n = 0; n < 5; n++) await github('{}');
    await slack('{}', { atS: 1 });
    const logged = output.lines().filter(({ level }) => level !== undefined);
    expect(logged).toMatchObject([{ level: 'WARN', code: 'not_configured', provider: 'github' }]);
  });

  test('10,000 bad requests ask for the secret once (D-17)', async () => {
    for (let n = 0; n < 10_000; n++) await github('{}', { secret: 'another-secret-of-this-hub' });
    expect(secrets.asked).toHaveLength(1);
    expect(sent()).toEqual([]);
  });
});

describe('two secrets (D-15)', () => {
  const NEXT = 'the-github-secret-of-next-month';

  test('are both good while both are there; the older one is counted apart; a removed one is refused within 60 s', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    storeSecrets({ github: { webhookSecrets: [NEXT, GITHUB] } });
    expect((await github('{}', { secret: NEXT })).statusCode).toBe(200);
    expect((await github('{}', { secret: GITHUB })).statusCode).toBe(200);
    const outcomes = output.lines().map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['accepted', 'accepted by an older secret']);

    storeSecrets({ github: { webhookSecrets: [NEXT] } });
    vi.advanceTimersByTime(60_000);
    expect((await github('{}', { secret: GITHUB })).statusCode).toBe(401);
    expect((await github('{}', { secret: NEXT })).statusCode).toBe(200);
  });
});

describe('a handshake', () => {
  const challenge = (value: unknown) => JSON.stringify({ type: 'url_verification', token: 'x', challenge: value });

  test('is answered with its text once verified, and is no event (D-14)', async () => {
    const answer = await slack(challenge('3eZbrw1aBm2rZgRNFdxV'));
    expect(answer).toMatchObject({ statusCode: 200, body: '3eZbrw1aBm2rZgRNFdxV' });
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
    expect(sent()).toEqual([]);
  });

  test('is not answered unsigned', async () => {
    await expectNothingDone(
      await post('slack', { 'content-type': 'application/json' }, challenge('x')),
      401,
      'unauthenticated',
    );
  });

  test('echoes mark-up as plain text, and nothing that is too long or no text', async () => {
    expect(await slack(challenge('<script>alert(1)</script>'))).toMatchObject({
      statusCode: 200,
      body: '<script>alert(1)</script>',
    });
    for (const value of ['x'.repeat(501), '', null, {}, [1]]) {
      await expectNothingDone(await slack(challenge(value)), 400, 'invalid_request');
    }
  });

  test('of another provider is an ordinary event', async () => {
    expect((await github(challenge('x'))).body).toBe('');
    expect(sent()).toHaveLength(1);
  });
});

test("Slack's old unsigned probe is answered and goes nowhere; its field switches nothing off elsewhere", async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  expect(await post('slack', form, Buffer.from('ssl_check=1&token=x'))).toMatchObject({ statusCode: 200, body: '' });
  expect(sent()).toEqual([]);
  await expectNothingDone(await post('slack', form, Buffer.from('ssl_check=0')), 401, 'unauthenticated');
  await expectNothingDone(
    await post('slack', { 'content-type': 'application/json' }, '{"ssl_check":"1"}'),
    401,
    'unauthenticated',
  );
  await expectNothingDone(
    await post('slack', form, Buffer.from(`ssl_check=1&x=${'x'.repeat(5_000)}`)),
    401,
    'unauthenticated',
  );
  await expectNothingDone(await post('github', form, Buffer.from('ssl_check=1')), 401, 'unauthenticated');
});

describe('when AWS fails', () => {
  test('no queue, no 2xx: 503 with Retry-After (D-16)', async () => {
    sqs.reset();
    sqs.on(SendMessageCommand).rejects(new Error('down'));
    const answer = await github('{}');
    expect({ status: answer.statusCode, code: bodyOf(answer).code }).toEqual({ status: 503, code: 'unavailable' });
    expect(answer.headers?.['retry-after']).toBe('5');
  });

  test('no bucket, no message for a large body: 503', async () => {
    s3.status = 500;
    expect((await github(Buffer.alloc(1_000_000))).statusCode).toBe(503);
    expect(sent()).toEqual([]);
  });

  test('a queue that hangs is given up in time for the provider (G.4)', async () => {
    sqs.reset();
    sqs.on(SendMessageCommand).callsFake(() => new Promise(() => undefined));
    const startedMs = performance.now();
    expect((await github('{}')).statusCode).toBe(503);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });

  test('a secret store that fails or hangs on a cold start: deferred, not refused and not believed (G.2)', async () => {
    for (const fault of ['fails', 'hangs'] as const) {
      Object.assign(secrets, { asked: [], fault });
      sqs.resetHistory();
      await coldStart();
      const startedMs = performance.now();
      expect((await github('{"n":1}')).statusCode).toBe(200);
      expect(performance.now() - startedMs).toBeLessThan(3_000);
      expect(deliveries()).toMatchObject([{ deferred: true, provider: 'github' }]);
      expect((await slack('{"n":1}')).statusCode).toBe(200);
      sqs.resetHistory();
      await expectNothingDone(
        await github('{}', { headers: { 'x-hub-signature-256': 'sha256=short' } }),
        401,
        'unauthenticated',
      );
      await expectNothingDone(await slack('{}', { atS: 1 }), 401, 'unauthenticated');
      await expectNothingDone(await github(Buffer.alloc(256_001)), 503, 'unavailable');
      expect(secrets.asked.length).toBeLessThanOrEqual(2);
    }
  });

  test('deferral is capped by the minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    secrets.fault = 'fails';
    const statuses = [];
    for (let n = 0; n < 310; n++) statuses.push((await github(`{"n":${n}}`)).statusCode);
    expect(statuses.filter((status) => status === 200)).toHaveLength(300);
    expect(statuses.slice(300)).toEqual(Array(10).fill(503));
    vi.advanceTimersByTime(60_000);
    expect((await github('{}')).statusCode).toBe(200);
  });

  test('a warm instance goes on with the secrets it has, for a day (G.2)', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await github('{}');
    secrets.fault = 'fails';
    vi.advanceTimersByTime(23 * 60 * 60_000);
    sqs.resetHistory();
    expect((await github('{}')).statusCode).toBe(200);
    expect((await github('{}', { secret: 'another-secret-of-this-hub' })).statusCode).toBe(401);
    expect(deliveries()).toMatchObject([{ deferred: false }]);
    vi.advanceTimersByTime(2 * 60 * 60_000);
    await github('{}');
    expect(deliveries().at(-1)).toMatchObject({ deferred: true });
  });
});
