import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
  ScanCommand,
  type ScanCommandOutput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { readCursor, writeCursor } from './cursor.ts';

/** Pinned, so that no SDK release changes how long a call may take or how often it is tried. */
export const clientSettings = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000 },
} as const;

let dynamo: DynamoDBClient | undefined;
let secrets: SecretsManagerClient | undefined;

export type Item = Record<string, unknown>;

/** What a conditional write came to. When its condition failed, `item` is the row as it stands (absent: no row). */
export type Written = { readonly done: true; readonly item: Item } | { readonly done: false; readonly item?: Item };

export interface Expression {
  readonly condition?: string;
  /** `:name` → value. An attribute named `#x` in an expression is the attribute `x`: reserved words need no care. */
  readonly values?: Item;
}

export interface Query extends Expression {
  readonly index?: string;
  /** The key condition. */
  readonly where: string;
  readonly filter?: string;
  readonly limit?: number;
  readonly descending?: boolean;
  readonly cursor?: string;
}

export type Scan = Pick<Query, 'filter' | 'values' | 'limit' | 'cursor'>;

export interface Page {
  readonly items: Item[];
  /** Where the next page begins; absent on the last one. */
  readonly cursor?: string;
}

export type Table = ReturnType<typeof openTable>;

/** Returns one table's single-item operations. Reads are strongly consistent, except on an index. */
export function openTable(name: string) {
  dynamo ??= new DynamoDBClient(clientSettings);
  const client = dynamo;
  const common = { TableName: name };

  return {
    async get(key: Item): Promise<Item | undefined> {
      const answer = await client.send(new GetItemCommand({ ...common, Key: toAttributes(key), ConsistentRead: true }));
      return answer.Item && unmarshall(answer.Item);
    },

    async put(item: Item, { condition, values }: Expression = {}): Promise<Written> {
      return conditional(async () => {
        await client.send(
          new PutItemCommand({
            ...common,
            Item: toAttributes(item),
            ...expressions([condition], values),
            ConditionExpression: condition,
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return item;
      });
    },

    async update(key: Item, { update, condition, values }: Expression & { readonly update: string }): Promise<Written> {
      return conditional(async () => {
        const answer = await client.send(
          new UpdateItemCommand({
            ...common,
            Key: toAttributes(key),
            UpdateExpression: update,
            ...expressions([update, condition], values),
            ConditionExpression: condition,
            ReturnValues: 'ALL_NEW',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return unmarshall(answer.Attributes ?? {});
      });
    },

    async remove(key: Item, { condition, values }: Expression = {}): Promise<Written> {
      return conditional(async () => {
        const answer = await client.send(
          new DeleteItemCommand({
            ...common,
            Key: toAttributes(key),
            ...expressions([condition], values),
            ConditionExpression: condition,
            ReturnValues: 'ALL_OLD',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        return answer.Attributes ? unmarshall(answer.Attributes) : {};
      });
    },

    async query(query: Query): Promise<Page> {
      return paged(query, (start) =>
        client.send(
          new QueryCommand({
            ...common,
            ...start,
            IndexName: query.index,
            KeyConditionExpression: query.where,
            FilterExpression: query.filter,
            ...expressions([query.where, query.filter], query.values),
            Limit: query.limit,
            ScanIndexForward: !query.descending,
            ConsistentRead: query.index === undefined,
          }),
        ),
      );
    },

    /** Returns a page of the whole table, of which `limit` rows are read: for rare work of an operator alone. */
    async scan(scan: Scan): Promise<Page> {
      return paged(scan, (start) =>
        client.send(
          new ScanCommand({
            ...common,
            ...start,
            FilterExpression: scan.filter,
            ...expressions([scan.filter], scan.values),
            Limit: scan.limit,
            ConsistentRead: true,
          }),
        ),
      );
    },
  };
}

/** A cursor of another list gives an empty page: DynamoDB refuses a start key outside of the query. */
async function paged(
  { cursor }: Pick<Query, 'cursor'>,
  read: (start: Pick<QueryCommandInput, 'ExclusiveStartKey'>) => Promise<QueryCommandOutput | ScanCommandOutput>,
): Promise<Page> {
  const start = cursor === undefined ? undefined : readCursor(cursor);
  try {
    const answer = await read({ ExclusiveStartKey: start && toAttributes({ ...start }) });
    return {
      items: (answer.Items ?? []).map((item) => unmarshall(item)),
      ...(answer.LastEvaluatedKey && { cursor: writeCursor(unmarshall(answer.LastEvaluatedKey)) }),
    };
  } catch (error) {
    if (start && error instanceof Error && error.name === 'ValidationException') return { items: [] };
    throw error;
  }
}

/** Returns a secret's current string, or nothing where it has no value; throws when the service cannot say. */
export async function readSecretString(secretId: string): Promise<string | undefined> {
  secrets ??= new SecretsManagerClient(clientSettings);
  try {
    return (await secrets.send(new GetSecretValueCommand({ SecretId: secretId }))).SecretString;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

async function conditional(write: () => Promise<Item>): Promise<Written> {
  try {
    return { done: true, item: await write() };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { done: false, ...(error.Item && { item: unmarshall(error.Item) }) };
  }
}

function toAttributes(item: Item) {
  return marshall(item, { removeUndefinedValues: true });
}

function expressions(texts: readonly (string | undefined)[], values: Item | undefined) {
  const names = new Set(texts.flatMap((text) => text?.match(/#\w+/g) ?? []));
  return {
    ...(names.size > 0 && {
      ExpressionAttributeNames: Object.fromEntries([...names].map((name) => [name, name.slice(1)])),
    }),
    ...(values && Object.keys(values).length > 0 && { ExpressionAttributeValues: toAttributes(values) }),
  };
}
