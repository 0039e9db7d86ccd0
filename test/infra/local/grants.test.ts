import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerOf, att, newAssembly, ref, sdk } from './assembly.ts';

/** Does what its event names, and says what AWS answered. */
const code = `
import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from ${sdk('dynamodb')};
import { EventBridgeClient, PutEventsCommand } from ${sdk('eventbridge')};
import { EncryptCommand, KMSClient } from ${sdk('kms')};
import { GetSecretValueCommand, SecretsManagerClient } from ${sdk('secrets-manager')};
import { SendMessageCommand, SQSClient } from ${sdk('sqs')};
const once = { maxAttempts: 1 };
const tries = {
  get: () => new DynamoDBClient(once).send(new GetItemCommand({ TableName: 'rows', Key: { pk: { S: 'x' } } })),
  put: () => new DynamoDBClient(once).send(new PutItemCommand({ TableName: 'rows', Item: { pk: { S: 'x' } } })),
  index: () => new DynamoDBClient(once).send(new QueryCommand({ TableName: 'rows', IndexName: 'by-due', KeyConditionExpression: 'due = :d', ExpressionAttributeValues: { ':d': { S: 'x' } } })),
  send: () => new SQSClient(once).send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: 'x' })),
  secret: () => new SecretsManagerClient(once).send(new GetSecretValueCommand({ SecretId: 'own' })),
  publish: () => new EventBridgeClient(once).send(new PutEventsCommand({ Entries: [{ EventBusName: 'bus', Source: 'a', DetailType: 'b', Detail: '{}' }] })),
  vault: () => new KMSClient(once).send(new EncryptCommand({ KeyId: process.env.KEY_ID, Plaintext: Buffer.from('x'), EncryptionContext: { purpose: 'vault' } })),
  wrongPurpose: () => new KMSClient(once).send(new EncryptCommand({ KeyId: process.env.KEY_ID, Plaintext: Buffer.from('x'), EncryptionContext: { purpose: 'other' } })),
  noPurpose: () => new KMSClient(once).send(new EncryptCommand({ KeyId: process.env.KEY_ID, Plaintext: Buffer.from('x') })),
};
export const handler = async (name) => {
  try { await tries[name](); return 'allowed'; } catch (error) { return { name: error.name, message: error.message }; }
};`;
const Environment = { Variables: { QUEUE_URL: ref('Queue'), KEY_ID: att('Key') } };
const purpose = { StringEquals: { 'kms:EncryptionContext:purpose': 'vault' } };
const everything = ['get', 'put', 'index', 'send', 'secret', 'publish', 'vault'];

let hub: Awaited<ReturnType<ReturnType<typeof newAssembly>['start']>>;
beforeAll(async () => {
  hub = await newAssembly()
    .add('Rows', 'DynamoDB::GlobalTable', {
      TableName: 'rows',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: ['pk', 'due'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-due',
          KeySchema: [{ AttributeName: 'due', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    })
    .add('Queue', 'SQS::Queue')
    .add('Bus', 'Events::EventBus', { Name: 'bus' })
    .add('Key', 'KMS::Key')
    .add('Own', 'SecretsManager::Secret', { Name: 'own', SecretString: 'x' })
    .fn('None', code, { Environment })
    .fn('Some', code, {
      Environment,
      grants: [
        [['dynamodb:GetItem', 'dynamodb:Query'], att('Rows')],
        ['sqs:Send*', att('Queue')],
        ['kms:Encrypt', att('Key'), purpose],
      ],
    })
    .fn('All', code, {
      Environment,
      grants: [
        ['dynamodb:*', [att('Rows'), { 'Fn::Join': ['', [att('Rows'), '/index/*']] }]],
        ['sqs:SendMessage', '*'],
        ['secretsmanager:GetSecretValue', ref('Own')],
        ['events:PutEvents', att('Bus')],
        ['kms:Encrypt', att('Key')],
      ],
    })
    .start();
});
afterAll(() => hub.stop());

const attempt = async (fn: string, what: string) => answerOf(await hub.invoke(`fix-${fn}`, what));

test('a function without grants may do nothing, and hears who was refused what on which resource', async () => {
  for (const what of everything) expect(await attempt('None', what)).toMatchObject({ name: 'AccessDeniedException' });
  const { message } = await attempt('None', 'get');
  expect(message).toBe(
    'fix-None is not authorized to perform dynamodb:GetItem on arn:aws:dynamodb:us-east-1:111111111111:table/rows',
  );
});

test('a function may do what its role allows on what it allows', async () => {
  for (const what of everything) expect(await attempt('All', what)).toBe('allowed');
});

test('a right over a table is none over its index, and one action none over another', async () => {
  expect(await attempt('Some', 'get')).toBe('allowed');
  expect(await attempt('Some', 'send')).toBe('allowed');
  expect((await attempt('Some', 'index')).message).toContain(
    'dynamodb:Query on arn:aws:dynamodb:us-east-1:111111111111:table/rows/index/by-due',
  );
  expect((await attempt('Some', 'put')).message).toContain('dynamodb:PutItem');
});

test('a condition on the encryption context is kept', async () => {
  expect(await attempt('Some', 'vault')).toBe('allowed');
  for (const what of ['wrongPurpose', 'noPurpose'])
    expect(await attempt('Some', what)).toMatchObject({ name: 'AccessDeniedException' });
});

test('each request is on record with its function, service, action and resource', async () => {
  await attempt('All', 'send');
  await attempt('None', 'send');
  const [allowed, refused] = hub.awsCalls().slice(-2);
  const common = { service: 'sqs', action: 'SendMessage', resource: 'arn:aws:sqs:us-east-1:111111111111:fix-Queue' };
  expect(allowed).toEqual({ function: 'fix-All', ...common, allowed: true });
  expect(refused).toEqual({ function: 'fix-None', ...common, allowed: false });
});

test('an unsigned request is refused', async () => {
  const answer = await fetch(hub.awsUrl, {
    method: 'POST',
    body: '{}',
    headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' },
  });
  expect(answer.status).toBe(403);
});

test('a policy of AWS that is not known here, or a function without a role, ends the start', async () => {
  const named = newAssembly().fn('Fn', 'export const handler = async () => 1;');
  named.add('FnRole', 'IAM::Role', { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] });
  await expect(named.start()).rejects.toThrow('AdministratorAccess is not known on this computer');
  const bare = newAssembly().fn('Fn', 'export const handler = async () => 1;', { Role: 'arn:aws:iam::1:role/gone' });
  await expect(bare.start()).rejects.toThrow('Fn has no role in the template');
});
