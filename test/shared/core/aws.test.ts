import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test } from 'vitest';
import { openTable, readSecretString } from '../../../shared/core/aws.ts';
import { readCursor, writeCursor } from '../../../shared/core/cursor.ts';

const dynamo = mockClient(DynamoDBClient);
const secrets = mockClient(SecretsManagerClient);
beforeEach(() => {
  dynamo.reset();
  secrets.reset();
});
const table = openTable('things');
const refused = (item?: Record<string, unknown>) =>
  new ConditionalCheckFailedException({ $metadata: {}, message: 'no', ...(item && { Item: marshall(item) }) });

describe('a table', () => {
  test('names of an expression need no care: reserved words become attribute names', async () => {
    dynamo.on(UpdateItemCommand).resolves({ Attributes: marshall({ pk: 'a', status: 'on' }) });
    const written = await table.update(
      { pk: 'a' },
      { update: 'SET #status = :new', condition: '#status <> :new', values: { ':new': 'on' } },
    );
    expect(written).toEqual({ done: true, item: { pk: 'a', status: 'on' } });
    expect(dynamo.commandCalls(UpdateItemCommand)[0]?.args[0].input).toMatchObject({
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':new': { S: 'on' } },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
  });

  test('a failed condition is an answer that shows the row as it stands; any other failure throws', async () => {
    dynamo
      .on(PutItemCommand)
      .rejectsOnce(refused({ pk: 'a', n: 1 }))
      .rejectsOnce(refused())
      .rejects(new Error('throttled'));
    const put = () => table.put({ pk: 'a' }, { condition: 'attribute_not_exists(pk)' });
    expect(await put()).toEqual({ done: false, item: { pk: 'a', n: 1 } });
    expect(await put()).toEqual({ done: false });
    await expect(put()).rejects.toThrow('throttled');
  });

  test('a cursor is opaque text that leads to the next page', async () => {
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: [marshall({ pk: 'a', sk: '1' })], LastEvaluatedKey: marshall({ pk: 'a', sk: '1' }) })
      .resolves({ Items: [] });
    const first = await table.query({ where: 'pk = :pk', values: { ':pk': 'a' } });
    expect(first.cursor).toMatch(/^[A-Za-z0-9_-]+$/);
    await table.query({ where: 'pk = :pk', values: { ':pk': 'a' }, ...(first.cursor && { cursor: first.cursor }) });
    expect(dynamo.commandCalls(QueryCommand)[1]?.args[0].input.ExclusiveStartKey).toEqual(
      marshall({ pk: 'a', sk: '1' }),
    );
  });
});

test('a cursor that is none, or of another list, never throws', async () => {
  for (const text of ['', 'x', 'bnVsbA', 'W10', 'e30', 'eyJhIjp7fX0']) expect(readCursor(text)).toBeUndefined();
  dynamo
    .on(QueryCommand)
    .rejects(Object.assign(new Error('outside query boundaries'), { name: 'ValidationException' }));
  const query = { where: 'pk = :pk', values: { ':pk': 'a' } };
  expect(await table.query({ ...query, cursor: writeCursor({ pk: 'other' }) })).toEqual({ items: [] });
  await expect(table.query(query)).rejects.toThrow('outside');
});

test('a secret without a value is nothing; a service that cannot say throws', async () => {
  secrets
    .on(GetSecretValueCommand)
    .resolvesOnce({ SecretString: 's' })
    .rejectsOnce(Object.assign(new Error('none'), { name: 'ResourceNotFoundException' }))
    .rejects(new Error('down'));
  expect(await readSecretString('x')).toBe('s');
  expect(await readSecretString('x')).toBeUndefined();
  await expect(readSecretString('x')).rejects.toThrow('down');
});
