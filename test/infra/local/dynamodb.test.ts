import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, expect, test } from 'vitest';
import { startDynalite } from '../../../infra/local/dynamodb-engine.ts';
import { clientTo, newAssembly } from './assembly.ts';

const data = mkdtempSync(join(tmpdir(), 'patchbay-test-'));
afterAll(() => rmSync(data, { recursive: true, force: true }));

const hash = (AttributeName: string) => ({ AttributeName, KeyType: 'HASH' });
const range = (AttributeName: string) => ({ AttributeName, KeyType: 'RANGE' });
const string = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' });
const table = {
  TableName: 'rows',
  KeySchema: [hash('pk'), range('sk')],
  AttributeDefinitions: [string('pk'), string('sk'), string('due')],
  BillingMode: 'PAY_PER_REQUEST',
  GlobalSecondaryIndexes: [
    { IndexName: 'by-due', KeySchema: [hash('due'), range('pk')], Projection: { ProjectionType: 'ALL' } },
  ],
  Replicas: [{ Region: 'us-east-1' }],
  TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
};
const start = (more = {}, options = {}) =>
  newAssembly()
    .add('Rows', 'DynamoDB::GlobalTable', { ...table, ...more })
    .start({ data, ...options });
const row = (sk: string, more = {}) => ({ pk: { S: 'a' }, sk: { S: sk }, ...more });

test('rows and indexes work, and survive a restart', async () => {
  const first = await start();
  const client = new DynamoDBClient(clientTo(first));
  await client.send(new PutItemCommand({ TableName: 'rows', Item: row('1', { due: { S: 'now' }, ü: { S: 'ß' } }) }));
  await client.send(new PutItemCommand({ TableName: 'rows', Item: row('2') }));
  const condition = {
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  } as const;
  await expect(client.send(new PutItemCommand({ TableName: 'rows', Item: row('2'), ...condition }))).rejects.toThrow(
    expect.objectContaining({ name: 'ConditionalCheckFailedException', Item: row('2') }),
  );
  await first.stop();

  const second = await start();
  const again = new DynamoDBClient(clientTo(second));
  const { Items } = await again.send(
    new QueryCommand({
      ...{ TableName: 'rows', IndexName: 'by-due', KeyConditionExpression: 'due = :d' },
      ExpressionAttributeValues: { ':d': { S: 'now' } },
    }),
  );
  expect(Items).toEqual([row('1', { due: { S: 'now' }, ü: { S: 'ß' } })]);
  await second.stop();
});

test('the sweep deletes what has expired, but not what did over five years ago', async () => {
  const hub = await start();
  const client = new DynamoDBClient(clientTo(hub));
  const nowS = Math.floor(Date.now() / 1000);
  const ages = { gone: nowS - 60, fresh: nowS + 600, ancient: 1_000 };
  for (const [sk, at] of Object.entries(ages)) {
    await client.send(new PutItemCommand({ TableName: 'rows', Item: row(sk, { expiresAt: { N: String(at) } }) }));
  }
  await hub.sweep();
  const { Items = [] } = await client.send(new ScanCommand({ TableName: 'rows' }));
  expect(Items.map(({ sk }) => sk?.S).sort()).toEqual(['1', '2', 'ancient', 'fresh']);
  await hub.stop();
});

test('a data folder whose tables have other keys ends the start with the remedy', async () => {
  await expect(
    start({ KeySchema: [hash('pk')], AttributeDefinitions: [string('pk')], GlobalSecondaryIndexes: [] }),
  ).rejects.toThrow(
    `The data folder ${data} was made by another version (table rows has other keys): remove it or set PATCHBAY_DATA`,
  );
});

test('another engine that runs already is used instead', async () => {
  const hub = await start();
  const { createServer } = await import('node:http');
  const asked: string[] = [];
  const engine = createServer((request, response) => {
    asked.push(String(request.headers['x-amz-target']));
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ Table: table, Item: { pk: { S: 'elsewhere' } } }));
  });
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  const { port } = engine.address() as { port: number };
  const other = await start({}, { data: undefined, dynamoDbUrl: `http://127.0.0.1:${port}` });
  const { Item } = await new DynamoDBClient(clientTo(other)).send(
    new GetItemCommand({ TableName: 'rows', Key: row('1') }),
  );
  expect(Item).toEqual({ pk: { S: 'elsewhere' } });
  expect(asked).toEqual(['DynamoDB_20120810.DescribeTable', 'DynamoDB_20120810.GetItem']);
  await Promise.all([other.stop(), hub.stop()]);
  engine.close();
});

test('dynalite, where dynoxide has no binary, serves the same tables', async () => {
  const engine = await startDynalite(join(data, 'fallback'));
  const hub = await start({}, { data: undefined, dynamoDbUrl: engine.url });
  const client = new DynamoDBClient(clientTo(hub));
  await client.send(new PutItemCommand({ TableName: 'rows', Item: row('1') }));
  const { Item } = await client.send(new GetItemCommand({ TableName: 'rows', Key: row('1') }));
  expect(Item).toEqual(row('1'));
  await hub.stop();
  await engine.stop();
});
