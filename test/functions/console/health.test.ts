import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { setEnv } from '../../support/dynamo.ts';
import { lambdaContext } from '../../support/http-event.ts';
import { captureOutput } from '../../support/output.ts';
import { readEvent } from '../../support/samples.ts';

const dynamo = mockClient(DynamoDBClient);
const sqs = mockClient(SQSClient);
let handler: (event: never, context: ReturnType<typeof lambdaContext>) => Promise<unknown>;
let output: ReturnType<typeof captureOutput>;
const QUEUES = ['https://sqs.example/111111111111/calls-dead', 'https://sqs.example/111111111111/failed'];

vi.hoisted(() => {
  process.env.POWERTOOLS_LOG_LEVEL = 'INFO'; // before the log is opened
});

beforeAll(() => {
  setEnv({ STAGE: 'prod', VERSION: '1.2.3', TENANTS_TABLE: 'tenants', DEAD_LETTER_QUEUE_URLS: QUEUES.join(' ') });
});
beforeEach(async () => {
  output = captureOutput();
  dynamo.reset();
  sqs.reset();
  dynamo.on(GetItemCommand).resolves({});
  given(0, 0);
  vi.resetModules(); // what the function remembers is its instance's
  ({ handler } = await import('../../../functions/console/health.ts'));
});
afterEach(() => {
  output.restore();
  vi.useRealTimers();
});

function given(...counts: number[]): void {
  for (const [at, count] of counts.entries()) {
    const asked = { QueueUrl: QUEUES[at] };
    sqs.on(GetQueueAttributesCommand, asked).resolves({ Attributes: { ApproximateNumberOfMessages: String(count) } });
  }
}

const ask = async () => {
  const answer = (await handler(readEvent('console/health') as never, lambdaContext())) as {
    statusCode: number;
    body: string;
  };
  return { status: answer.statusCode, json: JSON.parse(answer.body) };
};
const about = { stage: 'prod', version: '1.2.3' };

describe('health', () => {
  test('is ok while the database answers, for one read', async () => {
    const checks = { database: 'ok', deadLetters: 'none' };
    expect(await ask()).toEqual({ status: 200, json: { status: 'ok', ...about, checks } });
    expect(dynamo.calls()).toHaveLength(1);
  });

  test('is degraded when it does not, and does not say why to strangers', async () => {
    dynamo.on(GetItemCommand).rejects(new Error('User arn:aws:iam::111111111111:role/x is not authorized'));
    const checks = { database: 'unreachable', deadLetters: 'none' };
    expect(await ask()).toEqual({ status: 503, json: { status: 'degraded', ...about, checks } });
  });

  test('does not wait for a database that hangs, nor for queues that do', { timeout: 10_000 }, async () => {
    dynamo.on(GetItemCommand).callsFake(() => new Promise(() => {}));
    sqs.on(GetQueueAttributesCommand).callsFake(() => new Promise(() => {}));
    expect(await ask()).toMatchObject({
      status: 503,
      json: { checks: { database: 'unreachable', deadLetters: 'unknown' } },
    });
  });

  test('tells that messages were given up: the hub works all the same', async () => {
    given(0, 2);
    expect(await ask()).toMatchObject({ status: 200, json: { status: 'ok', checks: { deadLetters: 'some' } } });
  });

  test('where the queues cannot be counted, that is not known, and why is for the log', async () => {
    sqs.on(GetQueueAttributesCommand).rejects(new Error('role/x is not authorized'));
    const answer = await ask();
    expect(answer).toMatchObject({ status: 200, json: { status: 'ok', checks: { deadLetters: 'unknown' } } });
    expect(JSON.stringify(answer)).not.toContain('authorized');
    expect(JSON.stringify(output.lines())).toContain('the dead-letter queues cannot be counted');
  });

  test('asks the queues once in half a minute, however often strangers ask', async () => {
    vi.useFakeTimers({ now: 1_795_978_271_293, toFake: ['Date'] });
    for (let n = 0; n < 5; n++) await ask();
    expect(sqs.calls()).toHaveLength(QUEUES.length);
    given(1, 0);
    vi.setSystemTime(Date.now() + 30_001);
    expect((await ask()).json.checks.deadLetters).toBe('some');
    expect(sqs.calls()).toHaveLength(2 * QUEUES.length);
  });
});
