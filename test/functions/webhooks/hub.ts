import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { activated } from '../../../shared/connections/connection.ts';
import { connectionStore } from '../../../shared/connections/store.ts';
import { openTable } from '../../../shared/core/aws.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import type { WayKind } from '../../../shared/providers/auth.ts';
import { findSyncs } from '../../../shared/providers/polled.ts';
import { recordStore } from '../../../shared/syncs/record-store.ts';
import { syncStore } from '../../../shared/syncs/store.ts';
import { born } from '../../../shared/syncs/sync.ts';
import type { Delivery } from '../../../shared/webhooks/contract.ts';
import { inboxStore } from '../../../shared/webhooks/store.ts';
import { fakeBus, fakeSecrets } from '../../support/aws-fakes.ts';
import { setEnv, startDynamo } from '../../support/dynamo.ts';
import { httpEvent, lambdaContext } from '../../support/http-event.ts';
import { testMoment } from '../../support/moment.ts';
import { captureOutput } from '../../support/output.ts';
import { startS3 } from '../../support/s3.ts';
import { readEvent } from '../../support/samples.ts';

const verbs = [
  ...['process', 'handle', 'run-replay', 'reroute', 'clear', 'list', 'list-unrouted'],
  ...['replay', 'list-replays', 'get-replay', 'cancel-replay'],
] as const;
type Handler = (event: unknown, context: Context) => Promise<unknown>;
type QueueName = 'handlers' | 'replays';
interface Message {
  readonly body: string;
  readonly delayS: number;
}

const START_MS = Date.parse('2026-11-20T10:00:00.000Z');

/** Returns what follows the intake, as it is deployed: the exported handlers, a real DynamoDB engine and bucket, played
 *  queues and bus. */
export async function startWebhooks() {
  const output = captureOutput();
  const [dynamo, s3] = await Promise.all([startDynamo(), startS3()]);
  const bus = fakeBus();
  fakeSecrets({});
  const queues: Record<QueueName, Message[]> = { handlers: [], replays: [] };
  /** How long each message that came back was hidden, s. */
  const hidden: number[] = [];
  interface Sent {
    readonly QueueUrl?: string;
    readonly MessageBody: string;
    readonly DelaySeconds?: number;
  }
  const push = (url = '', { MessageBody: body, DelaySeconds: delayS = 0 }: Sent) =>
    queues[url.split('/').at(-1) as QueueName].push({ body, delayS });
  const sqs = mockClient(SQSClient);
  sqs.on(SendMessageCommand).callsFake((input: Sent) => ({ MessageId: String(push(input.QueueUrl, input)) }));
  sqs.on(SendMessageBatchCommand).callsFake(({ QueueUrl, Entries }: { QueueUrl: string; Entries: Sent[] }) => ({
    Successful: Entries.map((entry) => push(QueueUrl, entry)),
  }));
  sqs.on(ChangeMessageVisibilityCommand).callsFake(({ VisibilityTimeout }) => void hidden.push(VisibilityTimeout));

  setEnv({
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    STAGE: 'prod',
    INBOX_TABLE: dynamo.tables.inbox,
    CALLS_TABLE: dynamo.tables.calls,
    TENANTS_TABLE: dynamo.tables.tenants,
    CONNECTIONS_TABLE: dynamo.tables.connections,
    SYNCS_TABLE: dynamo.tables.syncs,
    RECORDS_TABLE: dynamo.tables.records,
    ENDPOINTS_TABLE: dynamo.tables.endpoints,
    ENDPOINT_KEY_ID: 'endpoint-key',
    PAYLOAD_BUCKET: 'payloads',
    PROVIDER_SECRETS: 'patchbay/prod/',
    BUS_NAME: 'hub',
    HANDLER_QUEUE_URL: 'http://127.0.0.1:9/handlers',
    REPLAY_QUEUE_URL: 'http://127.0.0.1:9/replays',
    ACTIVATION_QUEUE_URL: 'http://127.0.0.1:9/activations',
  });
  const loaded = await Promise.all(verbs.map((verb) => import(`../../../functions/webhooks/${verb}.ts`)));
  const handlers = new Map<string, Handler>(verbs.map((verb, index) => [verb, loaded[index].handler]));
  const run = (verb: string, event: unknown) => (handlers.get(verb) as Handler)(event, lambdaContext());
  const inbox = inboxStore(openTable(dynamo.tables.inbox));
  const connections = connectionStore(openTable(dynamo.tables.connections));
  const syncs = syncStore(openTable(dynamo.tables.syncs));
  const records = recordStore(openTable(dynamo.tables.records));
  let count = 0;
  const fresh = (what: string) => `${what}-${++count}`;

  async function feed(verb: string, bodies: readonly string[]): Promise<string[]> {
    const Records = bodies.map((body, index) => ({
      ...{ messageId: String(index), receiptHandle: `handle-${index}`, body, eventSource: 'aws:sqs' },
      attributes: { ApproximateReceiveCount: '1' },
    }));
    const answer = (await run(verb, { Records })) as SQSBatchResponse;
    return answer.batchItemFailures.map(({ itemIdentifier }) => bodies[Number(itemIdentifier)] ?? '');
  }

  return {
    ...{ dynamo, s3, queues, hidden, output, run, inbox, connections, syncs, records, fresh, feed },
    events: bus.events,

    /** Makes an active connection of a fresh tenant, with its syncs where the provider has some. */
    async connect(
      provider: string,
      accountId: string,
      tenantId = TenantId.parse(fresh('tenant')),
      kind?: WayKind,
    ): Promise<TenantId> {
      const id = { provider, name: 'default' };
      const grant = { generation: 1, sealed: { accessToken: 'sealed' }, scopes: [] };
      const moment = testMoment(START_MS - 1);
      const row = activated({ tenantId, id, account: { id: accountId }, kind }, grant, undefined, moment);
      await connections.forTenant(tenantId).save(row, undefined);
      for (const [sync, data] of Object.entries(findSyncs(provider)))
        await syncs.forTenant(tenantId).create(born({ tenantId, connection: id, sync }, data, START_MS, moment));
      return tenantId;
    },

    /** Has the hub process these deliveries. */
    async take(...deliveries: readonly Delivery[]): Promise<void> {
      const back = await feed(
        'process',
        deliveries.map((one) => JSON.stringify(one)),
      );
      if (back.length > 0) throw new Error(`${back.length} deliveries came back`);
    },

    /** Hands over what is queued; what comes back is queued again. */
    async deliver(queue: QueueName): Promise<void> {
      const messages = queues[queue].splice(0);
      const back = await feed(
        queue === 'handlers' ? 'handle' : 'run-replay',
        messages.map(({ body }) => body),
      );
      queues[queue].push(...back.map((body) => ({ body, delayS: 0 })));
    },

    async ask(
      key: string,
      path: Record<string, string>,
      more: { query?: string; body?: object; tenant?: string } = {},
    ) {
      const [verb = '', method = '', route = ''] = key.split(' ');
      const { query, body, tenant } = more;
      const principal: Record<string, string> =
        tenant === undefined ? { kind: 'operator' } : { kind: 'tenant', tenantId: tenant };
      const headers = { 'content-type': 'application/json' };
      const event = httpEvent(method, route, { path, query, headers, principal, body: body && JSON.stringify(body) });
      const answer = (await run(verb, event)) as { statusCode: number; body?: string };
      return { status: answer.statusCode, json: JSON.parse(answer.body ?? '{}') };
    },

    sample: (verb: string) => run(verb, readEvent(`webhooks/${verb}`)),

    async stop() {
      output.restore();
      delete process.env.AWS_ENDPOINT_URL_S3;
      await Promise.all([dynamo.stop(), s3.stop()]);
    },
  };
}

export type WebhooksHub = Awaited<ReturnType<typeof startWebhooks>>;

/** Returns a delivery of Stripe's that is verified already. */
export function stripeDelivery(
  account: string,
  event: { id: string; type: string; created: number; object: unknown },
  requestId = `req-${event.id}`,
): Delivery {
  const { id, type, created, object } = event;
  const body = { id, object: 'event', api_version: '2026-10-28.endive', account, type, created, data: { object } };
  return {
    provider: 'stripe',
    receivedAt: new Date(START_MS).toISOString(),
    requestId,
    headers: { 'content-type': 'application/json' },
    body: { base64: Buffer.from(JSON.stringify(body)).toString('base64') },
    deferred: false,
  };
}

/** Returns a subscription as Stripe has it. */
export function subscription(id: string, status: string, more: object = {}) {
  return {
    ...{ id, object: 'subscription', livemode: false, created: 1_763_600_000, metadata: {}, customer: 'cus_1' },
    ...{ status, currency: 'usd', cancel_at_period_end: false, latest_invoice: 'in_1' },
    items: {
      data: [
        {
          ...{ id: 'si_1', quantity: 2, price: { id: 'price_1', product: 'prod_1' } },
          ...{ current_period_start: 1_763_600_000, current_period_end: 1_766_192_000 },
        },
      ],
    },
    ...more,
  };
}
