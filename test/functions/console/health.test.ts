import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { setEnv } from '../../support/dynamo.ts';
import { lambdaContext } from '../../support/http-event.ts';
import { captureOutput } from '../../support/output.ts';
import { readEvent } from '../../support/samples.ts';

const dynamo = mockClient(DynamoDBClient);
let handler: (event: never, context: ReturnType<typeof lambdaContext>) => Promise<unknown>;

beforeAll(async () => {
  setEnv({ STAGE: 'prod', VERSION: '1.2.3', TENANTS_TABLE: 'tenants' });
  ({ handler } = await import('../../../functions/console/health.ts'));
});
beforeEach(() => dynamo.reset());

const ask = async () => {
  const answer = (await handler(readEvent('console/health') as never, lambdaContext())) as {
    statusCode: number;
    body: string;
  };
  return { status: answer.statusCode, json: JSON.parse(answer.body) };
};

describe('health', () => {
  test('is ok while the database answers, for one read', async () => {
    dynamo.on(GetItemCommand).resolves({});
    expect(await ask()).toEqual({
      status: 200,
      json: { status: 'ok', stage: 'prod', version: '1.2.3', checks: { database: 'ok' } },
    });
    expect(dynamo.calls()).toHaveLength(1);
  });

  test('is degraded when it does not, and does not say why to strangers', async () => {
    const output = captureOutput();
    dynamo.on(GetItemCommand).rejects(new Error('User arn:aws:iam::111111111111:role/x is not authorized'));
    expect(await ask()).toEqual({
      status: 503,
      json: { status: 'degraded', stage: 'prod', version: '1.2.3', checks: { database: 'unreachable' } },
    });
    output.restore();
  });

  test('does not wait for a database that hangs', { timeout: 10_000 }, async () => {
    const output = captureOutput();
    dynamo.on(GetItemCommand).callsFake(() => new Promise(() => {}));
    expect((await ask()).status).toBe(503);
    output.restore();
  });
});
