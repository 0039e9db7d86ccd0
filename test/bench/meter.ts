import { createHash, randomUUID } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import type { AsyncInvoke } from '../../infra/local/async-invoke.ts';
import { openDynamoDb } from '../../infra/local/dynamodb.ts';
import { openEventBus } from '../../infra/local/event-bus.ts';
import { openGateway } from '../../infra/local/gateway.ts';
import { openHttpApi } from '../../infra/local/http-api.ts';
import { openKms } from '../../infra/local/kms.ts';
import { openFunctions } from '../../infra/local/lambda.ts';
import { openSchedules } from '../../infra/local/schedules.ts';
import { openSecrets } from '../../infra/local/secrets.ts';
import { close, listen } from '../../infra/local/server.ts';
import { type AwsRequest, type Input, jsonService, type Service, signed } from '../../infra/local/service.ts';
import type { Sqs } from '../../infra/local/sqs-s3.ts';
import { synthesize } from '../../infra/local/synth.ts';
import { readTemplate } from '../../infra/local/template.ts';
import { type Item, readUnits, sizeOf, type TableShape, writeUnits } from './capacity.ts';

/** What AWS counts. */
export interface Counts {
  readonly httpRequests: number;
  /** By function. */
  readonly invocations: Readonly<Record<string, number>>;
  readonly sqsRequests: number;
  readonly fairMessages: number;
  readonly busEvents: number;
  readonly ticks: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** `<service> <operation> <table or queue>` → how many: to see where the units come from. */
  readonly requests: Readonly<Record<string, number>>;
  readonly kmsRequests: number;
  readonly secretRequests: number;
  readonly logBytes: number;
  /** Metrics that were measured, each with its dimensions. */
  readonly metrics: readonly string[];
}

/** CloudWatch Logs adds so much to each line. */
const LINE_BYTES = 26;
const CHUNK_BYTES = 64 * 1024;
const POISONED = 'the meter met a failure';

type Tally = ReturnType<typeof emptyTally>;

function emptyTally() {
  return {
    ...{ httpRequests: 0, sqsRequests: 0, fairMessages: 0, busEvents: 0, ticks: 0, readUnits: 0, writeUnits: 0 },
    ...{ kmsRequests: 0, secretRequests: 0, logBytes: 0 },
    invocations: {} as Record<string, number>,
    requests: {} as Record<string, number>,
    metrics: new Set<string>(),
  };
}

export type Meter = Awaited<ReturnType<typeof openMeter>>;

/** Returns the hub of the synthesized template, with its bundles and real SDK clients, where each request to AWS is counted as AWS
 *  counts. Nothing runs by itself: queues are handed over by `settle`, schedules by `tick`, so that counts repeat exactly. */
export async function openMeter(folder: string, providers: Readonly<Record<string, unknown>>) {
  const faults: string[] = [];
  const say = (line: string) => void faults.push(line);
  let tally: Tally = emptyTally();
  let serve: RequestListener = (_, outgoing) => void outgoing.writeHead(503).end();
  const server = createServer((incoming, outgoing) => serve(incoming, outgoing));
  const url = await listen(server);
  const gateway = await openGateway((label) => ({ label, check: () => {} }), say);
  const template = readTemplate(await synthesize(join(folder, 'cdk.out')), gateway.url, url);
  const functions = openFunctions(template, gateway.url, 1, heard, say);
  const dynamodb = await openDynamoDb(template, folder, undefined, say);

  const tables = new Map(template.all<TableShape>('AWS::DynamoDB::GlobalTable').map((one) => [one.name, one]));
  const count = (what: string) => {
    tally.requests[what] = (tally.requests[what] ?? 0) + 1;
  };

  function heard(_name: string, _requestId: string, output: string): void {
    for (const line of output.split('\n').filter(Boolean)) {
      tally.logBytes += Buffer.byteLength(line) + LINE_BYTES;
      const { _aws: embedded, ...entry } = line.startsWith('{') ? JSON.parse(line) : {};
      if (entry.level === 'ERROR') faults.push(line);
      for (const { Dimensions, Metrics } of embedded?.CloudWatchMetrics ?? []) {
        const values = Dimensions[0].map((dimension: string) => entry[dimension]);
        for (const { Name } of Metrics) tally.metrics.add([Name, ...values].join(' '));
      }
    }
  }

  /** Asks the engine itself, uncounted. */
  async function ask(operation: string, input: object): Promise<Record<string, unknown>> {
    const body = Buffer.from(JSON.stringify(input));
    const headers = signed('dynamodb', `DynamoDB_20120810.${operation}`);
    const answer = await dynamodb.service.answer({ method: 'POST', url: '/', headers, body, operation, input: {} });
    if (answer.status !== 200) throw new Error(`${operation}: ${answer.body}`);
    return JSON.parse(answer.body.toString());
  }

  const metered: Service = {
    demands: dynamodb.service.demands,
    async answer(request) {
      const { operation, input } = request;
      const { TableName, Key, IndexName = '' } = input as { TableName: string; Key?: Item; IndexName?: string };
      const table = tables.get(TableName);
      if (!table) throw new Error(`${TableName}: there is no such table`);
      count(`${operation} ${table.id.replace(/[0-9A-F]{8}$/, '')} ${IndexName}`.trim());
      if (operation === 'GetItem' || operation === 'Query') return read(request);
      const row = Key ?? keyOf(table.properties, input.Item as Item);
      const look = async () => (await ask('GetItem', { TableName, Key: row, ConsistentRead: true })).Item as Item;
      const before = await look();
      const answer = await dynamodb.service.answer(request);
      const after = answer.status === 200 ? await look() : before;
      tally.writeUnits += writeUnits(table.properties, before, after);
      return answer;
    },
  };

  async function read(request: AwsRequest) {
    const answer = await dynamodb.service.answer(request);
    const { Item: one, Items: found = one ? [one] : [], Count, ScannedCount } = JSON.parse(answer.body.toString());
    const { Items } = Count === ScannedCount ? { Items: found } : await ask('Query', unfiltered(request.input));
    const bytes = (Items as Item[]).reduce((sum, item) => sum + sizeOf(item), 0);
    tally.readUnits += readUnits(bytes, request.input.ConsistentRead === true);
    return answer;
  }

  const waiting = new Map<string, { readonly body: string; readonly group?: string }[]>();
  const queues = template.all('AWS::SQS::Queue');

  function push(queueUrl: unknown, body: unknown, group: unknown) {
    const text = String(body);
    tally.sqsRequests += Math.max(1, Math.ceil(Buffer.byteLength(text) / CHUNK_BYTES));
    if (group !== undefined) tally.fairMessages += 1;
    const messages = waiting.get(String(queueUrl)) ?? [];
    messages.push({ body: text });
    waiting.set(String(queueUrl), messages);
    return { MessageId: randomUUID(), MD5OfMessageBody: createHash('md5').update(text).digest('hex') };
  }
  /** What hides its message to see it again later, which is none of this work, has not failed. */
  const hidden = new Set<string>();
  const sqs = jsonService(
    {
      SendMessage: ({ QueueUrl, MessageBody, MessageGroupId }) => push(QueueUrl, MessageBody, MessageGroupId),
      SendMessageBatch({ QueueUrl, Entries }) {
        const requests = tally.sqsRequests; // ten messages of a few kB are one request
        const sent = (Entries as Input[]).map(({ Id, MessageBody, MessageGroupId }) => ({
          ...{ Id, ...push(QueueUrl, MessageBody, MessageGroupId) },
        }));
        const bytes = (Entries as Input[]).reduce((sum, one) => sum + Buffer.byteLength(String(one.MessageBody)), 0);
        tally.sqsRequests = requests + Math.max(1, Math.ceil(bytes / CHUNK_BYTES));
        return { Successful: sent, Failed: [] };
      },
      ChangeMessageVisibility({ ReceiptHandle }) {
        tally.sqsRequests += 1;
        hidden.add(String(ReceiptHandle));
        return {};
      },
    },
    () => [],
  );
  const byRule = {
    async send(queueArn: string, body: string, group?: string) {
      push(queues.find(({ arn }) => arn === queueArn)?.ref, body, group);
    },
  } as unknown as Sqs;

  const counted: typeof functions = { ...functions, invoke };
  function invoke(wanted: string, event: unknown) {
    const { label } = functions.find(wanted);
    tally.invocations[label] = (tally.invocations[label] ?? 0) + 1;
    return functions.invoke(label, event);
  }
  const running: Promise<unknown>[] = [];
  const invoker = {
    invoke(wanted: string, event: unknown) {
      const run = invoke(wanted, event);
      running.push(run);
      return run;
    },
  } as AsyncInvoke;
  const bus = openEventBus(template, byRule, invoker, say);
  const schedules = openSchedules(template, counted, invoker, byRule, say);
  const operatorKey = 'pb_local_operator_made-up-operator-key-of-the-meter';
  const secrets = openSecrets(template, join(folder, 'secrets.json'), { ...providers, operator: { key: operatorKey } });

  const counting = (service: Service, add: (input: Input) => void): Service => ({
    demands: service.demands,
    answer(request) {
      add(request.input);
      return service.answer(request);
    },
  });
  gateway.serve({
    sqs,
    dynamodb: metered,
    secretsmanager: counting(secrets, () => {
      tally.secretRequests += 1;
    }),
    kms: counting(openKms(template, join(folder, 'kms.key')), () => {
      tally.kmsRequests += 1;
    }),
    events: counting(bus.service, ({ Entries = [] }) => {
      for (const { Detail } of Entries as { Detail: string }[]) {
        tally.busEvents += Math.max(1, Math.ceil(Buffer.byteLength(Detail) / CHUNK_BYTES));
      }
    }),
  });
  const api = openHttpApi(template, counted);
  serve = (incoming, outgoing) => {
    tally.httpRequests += 1;
    api(incoming, outgoing);
  };

  /** Hands over what waits, in batches of at most `most`, until nothing waits any more. */
  async function settle(most = 10): Promise<void> {
    for (;;) {
      await Promise.all(running.splice(0));
      const [found] = template
        .all<Mapping>('AWS::Lambda::EventSourceMapping')
        .map(({ properties }) => ({ properties, queue: queues.find(({ arn }) => arn === properties.EventSourceArn) }))
        .filter(({ queue }) => (waiting.get(queue?.ref ?? '')?.length ?? 0) > 0);
      if (!found) break;
      const messages = waiting.get(found.queue?.ref ?? '') ?? [];
      const batch = messages.splice(0, Math.min(most, found.properties.BatchSize ?? 10));
      tally.sqsRequests += 2; // received, and deleted, as one batch
      hidden.clear();
      const outcome = await invoke(found.properties.FunctionName, { Records: batch.map(recordOf) });
      const back: { itemIdentifier: string }[] = outcome.ok ? JSON.parse(outcome.payload).batchItemFailures : [];
      if (!outcome.ok || back.some(({ itemIdentifier }) => !hidden.has(`handle-${itemIdentifier}`)))
        faults.push(`${POISONED}: a message`);
    }
    if (faults.length > 0) throw new Error(faults.join('\n'));
  }

  return {
    ...{ url, operatorKey, template, ask, settle, faults },
    tick: (fn: string) => {
      tally.ticks += 1;
      return schedules.tick(fn);
    },
    schedules: schedules.names,

    /** Returns what was counted while `work` ran. */
    async count(work: () => Promise<unknown>): Promise<Counts> {
      tally = emptyTally();
      await work();
      if (faults.length > 0) throw new Error(faults.join('\n'));
      const counted = tally;
      tally = emptyTally();
      return { ...counted, metrics: [...counted.metrics].sort() };
    },

    async stop() {
      await functions.stop();
      await Promise.all([dynamodb.stop(), gateway.stop(), close(server)]);
    },
  };
}

/** What a filter hides is read and paid for all the same. */
function unfiltered(input: Input): Input {
  const { FilterExpression: _, ExpressionAttributeNames = {}, ExpressionAttributeValues, ...query } = input;
  const used = (of: unknown) => {
    const named = Object.entries(of as object).filter(([name]) => String(query.KeyConditionExpression).includes(name));
    return named.length > 0 ? Object.fromEntries(named) : undefined;
  };
  return {
    ...query,
    ExpressionAttributeNames: used(ExpressionAttributeNames),
    ExpressionAttributeValues: used(ExpressionAttributeValues),
  };
}

interface Mapping {
  readonly FunctionName: string;
  readonly EventSourceArn: string;
  readonly BatchSize?: number;
}

function recordOf({ body }: { readonly body: string }, index: number) {
  const attributes = { ApproximateReceiveCount: '1' };
  return { messageId: String(index), receiptHandle: `handle-${index}`, body, attributes, eventSource: 'aws:sqs' };
}

function keyOf({ KeySchema }: TableShape, item: Item): Item {
  return Object.fromEntries(KeySchema.map(({ AttributeName }) => [AttributeName, item[AttributeName] ?? {}]));
}
