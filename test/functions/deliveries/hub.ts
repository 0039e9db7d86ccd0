import { createServer } from 'node:http';
import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { openTable } from '../../../shared/core/aws.ts';
import type { HubEvent } from '../../../shared/core/event.ts';
import { fakeBus, fakeKms } from '../../support/aws-fakes.ts';
import { setEnv, startDynamo } from '../../support/dynamo.ts';
import { lambdaContext } from '../../support/http-event.ts';
import { captureOutput } from '../../support/output.ts';
import { readEvent } from '../../support/samples.ts';

/** The operator's alone. */
export const operatorRoutes = [
  'subscribe',
  'list',
  'get',
  'update',
  'remove',
  'rotate',
  'replay',
  'list-deliveries',
] as const;
const routes = ['event-types', ...operatorRoutes] as const;
const verbs = [...routes, 'fan-out', 'send', 'plan', 'clear'] as const;
type Verb = (typeof verbs)[number];
type Handler = (event: unknown, context: Context) => Promise<unknown>;

export interface Arrival {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Returns deliveries as they are deployed: the exported handlers, a real DynamoDB engine, played queue, bus and KMS, and a
 *  receiver on this computer that answers by `script`, then 204. */
export async function startDeliveries() {
  const output = captureOutput();
  const dynamo = await startDynamo();
  fakeKms();
  const bus = fakeBus();
  const queue: { body: string; group: string }[] = [];
  const hidden: { receiptHandle: string; seconds: number }[] = [];
  const sqs = mockClient(SQSClient);
  type Sent = { MessageBody: string; MessageGroupId: string };
  const push = ({ MessageBody, MessageGroupId }: Sent) => queue.push({ body: MessageBody, group: MessageGroupId });
  sqs.on(SendMessageCommand).callsFake((input: Sent) => ({ MessageId: String(push(input)) }));
  sqs.on(SendMessageBatchCommand).callsFake(({ Entries }: { Entries: Sent[] }) => ({ Successful: Entries.map(push) }));
  sqs.on(ChangeMessageVisibilityCommand).callsFake(({ ReceiptHandle, VisibilityTimeout }) => {
    hidden.push({ receiptHandle: ReceiptHandle, seconds: VisibilityTimeout });
  });

  const arrivals: Arrival[] = [];
  const script: Answer[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      arrivals.push({ path: request.url ?? '', headers: request.headers as Record<string, string>, body });
      const { status, headers, body: text } = script.shift() ?? { status: 204 };
      response.writeHead(status, headers).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address?.port}`;

  setEnv({
    STAGE: 'local',
    BUS_NAME: 'hub',
    DELIVERIES_TABLE: dynamo.tables.deliveries,
    TENANT_KEYS_TABLE: dynamo.tables['tenant-keys'],
    LIMITS_TABLE: dynamo.tables.limits,
    DELIVERY_QUEUE_URL: 'http://127.0.0.1:9/queue',
    VAULT_KEY_ID: 'vault-key',
  });
  const loaded = await Promise.all(verbs.map((verb) => import(`../../../functions/deliveries/${verb}.ts`)));
  const handlers = Object.fromEntries(verbs.map((verb, at) => [verb, loaded[at].handler])) as Record<Verb, Handler>;

  async function receive(verb: 'fan-out' | 'send', bodies: readonly string[], receives = 1): Promise<string[]> {
    const Records = bodies.map((body, index) => ({
      ...{ messageId: String(index), receiptHandle: `handle-${index}`, body, eventSource: 'aws:sqs' },
      attributes: { ApproximateReceiveCount: String(receives) },
    }));
    const answer = await handlers[verb]({ Records }, lambdaContext('req-2', 60_000));
    return (answer as { batchItemFailures: { itemIdentifier: string }[] }).batchItemFailures.map(
      ({ itemIdentifier }) => itemIdentifier,
    );
  }

  return {
    ...{ handlers, queue, hidden, arrivals, script, output, url, receive },
    events: bus.events,

    /** Calls the route with its sample event, changed in path, query, body or principal. */
    async call(
      verb: (typeof routes)[number],
      change: { id?: string; query?: string; body?: unknown; principal?: Record<string, string> } = {},
    ) {
      const sample = readEvent(`deliveries/${verb}`) as Record<string, unknown>;
      const { id, query, body, principal } = change;
      const requestContext = sample.requestContext as Record<string, unknown>;
      const event = {
        ...sample,
        ...(id !== undefined && { pathParameters: { subscription: id } }),
        ...(query !== undefined && { rawQueryString: query }),
        ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
        ...(principal && { requestContext: { ...requestContext, authorizer: { lambda: principal } } }),
      };
      const answer = (await handlers[verb](event, lambdaContext('req-1', 29_000))) as {
        statusCode: number;
        body?: string;
      };
      return { status: answer.statusCode, json: answer.body === undefined ? undefined : JSON.parse(answer.body) };
    },

    /** Hands events to the fan-out as the bus does. */
    tell: (...events: readonly HubEvent[]) =>
      receive(
        'fan-out',
        events.map((event) => JSON.stringify(event)),
      ),

    /** Hands over everything that is queued, in batches of ten; returns how many came back. */
    async deliver(receives = 1): Promise<number> {
      let back = 0;
      while (queue.length > 0) {
        const batch = queue.splice(0, 10).map(({ body }) => body);
        back += (await receive('send', batch, receives)).length;
      }
      return back;
    },

    tick: () => handlers.plan({}, lambdaContext('req-3', 60_000)),
    /** The rows of one partition of the table. */
    async rows(pk: string) {
      const where = { where: 'pk = :pk', values: { ':pk': pk } };
      return (await openTable(dynamo.tables.deliveries).query(where)).items;
    },

    clear: (tenant: string, time = new Date().toISOString()) =>
      handlers.clear(
        { detail: { id: 'evt_removed', type: 'tenant.removed', time, tenant, data: {} } },
        lambdaContext('req-4', 300_000),
      ),

    async stop() {
      output.restore();
      server.closeAllConnections();
      server.close();
      await dynamo.stop();
    },
  };
}

export type Deliveries = Awaited<ReturnType<typeof startDeliveries>>;
