import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { startEngine } from './dynamodb-engine.ts';
import { arn } from './resources.ts';
import { type AwsAnswer, AwsError, type Input, type Say, type Service, signed } from './service.ts';
import type { Template } from './template.ts';

interface Key {
  readonly AttributeName: string;
  readonly KeyType: string;
}

interface Keys {
  readonly TableStatus?: string;
  readonly KeySchema: readonly Key[];
  readonly GlobalSecondaryIndexes?: readonly {
    readonly IndexName: string;
    readonly KeySchema: readonly Key[];
    readonly Projection: unknown;
  }[];
}

interface TableProperties extends Keys {
  readonly AttributeDefinitions: readonly unknown[];
  readonly TimeToLiveSpecification?: { readonly AttributeName: string; readonly Enabled: boolean };
}

const SWEEP_MS = 60_000;
const FIVE_YEARS_S = 5 * 365 * 86_400;

/** Returns DynamoDB with the template's tables, kept in `folder`, or by the engine that runs at `external`. */
export async function openDynamoDb(template: Template, folder: string, external: string | undefined, say: Say) {
  const engine = external ? { url: external, stop: async () => {} } : await startEngine(folder, say);
  const tables = template.all<TableProperties>('AWS::DynamoDB::GlobalTable');

  // Every request of every function goes through here: `fetch` would take most of the time.
  const agent = new Agent({ keepAlive: true });
  function send(headers: Readonly<Record<string, string>>, body: string | Buffer): Promise<AwsAnswer> {
    return new Promise((resolve, reject) => {
      const length = { 'content-length': String(Buffer.byteLength(body)) };
      const asked = request(engine.url, { agent, method: 'POST', headers: { ...headers, ...length } }, (answer) => {
        const { statusCode: status = 500, headers: given } = answer;
        const kept = ['content-type', 'x-amz-crc32'].map((name) => [name, given[name]] as const);
        const named = kept.filter((pair): pair is [string, string] => typeof pair[1] === 'string');
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve({ status, headers: Object.fromEntries(named), body: Buffer.concat(chunks) }));
        answer.on('error', reject);
      });
      asked.on('error', reject).end(body);
    });
  }

  async function call(operation: string, input: Input): Promise<Input> {
    const answer = await send(signed('dynamodb', `DynamoDB_20120810.${operation}`), JSON.stringify(input));
    const body = JSON.parse(answer.body.toString() || '{}');
    if (answer.status === 200) return body;
    throw new AwsError(String(body.__type).replace(/^.*#/, ''), `${operation}: ${body.message ?? body.Message}`);
  }

  async function ensure(TableName: string, properties: TableProperties): Promise<void> {
    const { KeySchema, AttributeDefinitions } = properties;
    const indexes = properties.GlobalSecondaryIndexes?.map(({ IndexName, KeySchema, Projection }) => ({
      ...{ IndexName, KeySchema, Projection },
    }));
    const there = await call('DescribeTable', { TableName }).catch(unless('ResourceNotFoundException'));
    if (!there) {
      const keys = { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes: indexes };
      let made = (await call('CreateTable', { TableName, BillingMode: 'PAY_PER_REQUEST', ...keys })).TableDescription;
      for (; (made as Keys).TableStatus !== 'ACTIVE'; made = (await call('DescribeTable', { TableName })).Table) {
        await wait(10); // dynalite takes a moment
      }
    } else if (!isDeepStrictEqual(shape(there.Table as Keys), shape(properties))) {
      const why = `was made by another version (table ${TableName} has other keys)`;
      throw new Error(`The data folder ${folder} ${why}: remove it or set PATCHBAY_DATA`);
    }
  }

  /** AWS deletes expired rows within days; here once a minute, and like AWS none that expired over five years ago. */
  async function sweep(): Promise<void> {
    for (const { name: TableName, properties } of tables) {
      const { AttributeName, Enabled } = properties.TimeToLiveSpecification ?? {};
      if (!AttributeName || !Enabled) continue;
      const nowS = Math.floor(Date.now() / 1000);
      const expired = {
        TableName,
        ExpressionAttributeNames: { '#ttl': AttributeName },
        ExpressionAttributeValues: { ':now': { N: `${nowS}` }, ':old': { N: `${nowS - FIVE_YEARS_S}` } },
      };
      const condition = '#ttl < :now AND #ttl > :old';
      let page: Input = {};
      do {
        page = await call('Scan', {
          ...{ ...expired, FilterExpression: condition, ExclusiveStartKey: page.LastEvaluatedKey },
        });
        for (const item of (page.Items ?? []) as Record<string, unknown>[]) {
          const Key = Object.fromEntries(
            properties.KeySchema.map((key) => [key.AttributeName, item[key.AttributeName]]),
          );
          const still = { ...expired, Key, ConditionExpression: condition };
          await call('DeleteItem', still).catch(unless('ConditionalCheckFailedException'));
        }
      } while (page.LastEvaluatedKey);
    }
  }

  try {
    await Promise.all(tables.map(({ name, properties }) => ensure(name, properties)));
  } catch (error) {
    await engine.stop();
    throw error;
  }
  const timer = setInterval(() => void sweep().catch((error) => say(`TTL sweep: ${error.message}`)), SWEEP_MS);

  const service: Service = {
    demands: ({ operation, input }) =>
      tablesOf(input).map((resource) => ({ action: `dynamodb:${operation}`, resource })),
    answer({ headers, body }) {
      const { connection: _, host: __, 'content-length': ___, 'transfer-encoding': ____, ...others } = headers;
      return send(others, body);
    },
  };
  return {
    service,
    sweep,
    stop() {
      clearInterval(timer);
      agent.destroy();
      return engine.stop();
    },
  };
}

/** Returns the ARNs a request touches; a right over an index is one of its own. */
function tablesOf(input: Input): readonly string[] {
  const table = (name: unknown) => arn('dynamodb', `table/${String(name).replace(/^arn:.*table\//, '')}`);
  if (input.TableName) return [table(input.TableName) + (input.IndexName ? `/index/${input.IndexName}` : '')];
  if (input.RequestItems) return Object.keys(input.RequestItems).map(table);
  const parts = (input.TransactItems ?? []) as Record<string, { TableName: string }>[];
  return parts.flatMap((part) => Object.values(part).map(({ TableName }) => table(TableName)));
}

function shape({ KeySchema, GlobalSecondaryIndexes = [] }: Keys) {
  const plain = (keys: readonly Key[]) => keys.map((key) => `${key.KeyType} ${key.AttributeName}`).sort();
  return [
    plain(KeySchema),
    GlobalSecondaryIndexes.map((one) => [one.IndexName, ...plain(one.KeySchema)].join()).sort(),
  ];
}

function unless(code: string) {
  return (error: unknown): undefined => {
    if (!(error instanceof AwsError) || error.code !== code) throw error;
  };
}
