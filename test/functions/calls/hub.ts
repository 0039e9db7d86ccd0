import { createServer, type IncomingMessage } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { vi } from 'vitest';
import { fakeBus, fakeKms, fakeSecrets } from '../../support/aws-fakes.ts';
import { setEnv, startDynamo } from '../../support/dynamo.ts';
import { httpEvent, lambdaContext } from '../../support/http-event.ts';
import { captureOutput } from '../../support/output.ts';

const verbs = [
  'submit',
  'run',
  'plan',
  'list',
  'get',
  'retry',
  'redrive',
  'cancel',
  'circuit',
  'invoke',
  'clear',
] as const;
type Handler = (event: unknown, context: Context) => Promise<unknown>;

export interface Seen {
  readonly method?: string;
  readonly url?: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
export type Answer = readonly [status: number, body?: unknown, headers?: Record<string, string>];

const contact = { id: 'c1', name: 'Ada', email: 'ada@example.com', updatedAt: '2026-01-01T00:00:00.000Z' };
export const create = { action: 'contacts.create', input: { name: 'Ada', email: 'ada@example.com' } };

/** Returns calls as they are deployed: the exported handlers, a real DynamoDB engine, played queue, bus and KMS, and the
 *  demo provider on this computer. Tenant `acme` has a connection to it, `globex` has none. */
export async function startCalls() {
  const output = captureOutput();
  const dynamo = await startDynamo();
  const kms = fakeKms();
  const bus = fakeBus();
  const sqs = mockClient(SQSClient);
  const queue: { body: string; group: string; delayS: number }[] = [];
  /** All that was ever sent. */
  const messages: string[] = [];
  type Sent = { MessageBody: string; MessageGroupId: string; DelaySeconds?: number };
  const push = ({ MessageBody, MessageGroupId, DelaySeconds = 0 }: Sent) => {
    messages.push(MessageBody);
    return queue.push({ body: MessageBody, group: MessageGroupId, delayS: DelaySeconds });
  };
  let broken = false;
  sqs.on(SendMessageCommand).callsFake((input: Sent) => {
    if (broken) throw new Error('SQS is down');
    push(input);
    return {};
  });
  sqs.on(SendMessageBatchCommand).callsFake(({ Entries }: { Entries: Sent[] }) => {
    if (broken) throw new Error('SQS is down');
    Entries.map(push);
    return {};
  });
  sqs.on(ChangeMessageVisibilityCommand).resolves({});

  const seen: Seen[] = [];
  const script: Answer[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    const [status, value = contact, headers = {}] = script.shift() ?? [201];
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address?.port}`;
  fakeSecrets({
    'patchbay/local/demo': {
      clientId: 'client',
      clientSecret: 'made-up',
      origins: { 'https://api.demo.invalid': url },
    },
  });
  setEnv({
    STAGE: 'local',
    CONNECTIONS_TABLE: dynamo.tables.connections,
    TENANT_KEYS_TABLE: dynamo.tables['tenant-keys'],
    CALLS_TABLE: dynamo.tables.calls,
    LIMITS_TABLE: dynamo.tables.limits,
    INBOX_TABLE: dynamo.tables.inbox,
    TENANTS_TABLE: dynamo.tables.tenants,
    CALL_QUEUE_URL: 'http://127.0.0.1:9/queue',
    TENANT_QUOTA: 'off',
    VAULT_KEY_ID: 'vault-key',
    PROVIDER_SECRETS: 'patchbay/local/',
    BUS_NAME: 'hub',
  });
  const loaded = await Promise.all(verbs.map((verb) => import(`../../../functions/calls/${verb}.ts`)));
  const handlers = Object.fromEntries(verbs.map((verb, index) => [verb, loaded[index].handler])) as Record<
    (typeof verbs)[number],
    Handler
  >;
  await connect();

  async function connect() {
    const { portsFromEnv } = await import('../../../shared/connections/ports.ts');
    const { activated } = await import('../../../shared/connections/connection.ts');
    const { sealGrant } = await import('../../../shared/connections/grant.ts');
    const { TenantId } = await import('../../../shared/core/ids.ts');
    const { Secret } = await import('../../../shared/core/secret.ts');
    const {
      STAGE = '',
      CONNECTIONS_TABLE = '',
      TENANT_KEYS_TABLE = '',
      VAULT_KEY_ID = '',
      BUS_NAME = '',
      PROVIDER_SECRETS = '',
    } = process.env;
    const settings = { STAGE, CONNECTIONS_TABLE, TENANT_KEYS_TABLE, VAULT_KEY_ID, BUS_NAME, PROVIDER_SECRETS };
    const ports = portsFromEnv(settings);
    const tenantId = TenantId.parse('acme');
    const id = { provider: 'demo', name: 'default' };
    const sealed = await sealGrant(ports.vault, tenantId, id, 1, { accessToken: new Secret('made-up-access-token') });
    const about = { tenantId, id, account: { id: 'a1' }, sourceSession: 'cs_1' };
    const row = activated(about, { generation: 1, sealed, scopes: [] }, undefined, ports.moment);
    await ports.store.forTenant(tenantId).save(row, undefined);
  }

  async function ask(verb: (typeof verbs)[number], event: ReturnType<typeof httpEvent>, remainingMs = 29_000) {
    const { statusCode, body } = (await handlers[verb](event, lambdaContext('req-1', remainingMs))) as {
      statusCode: number;
      body?: string;
    };
    return { status: statusCode, json: body === undefined ? undefined : JSON.parse(body) };
  }

  const as = (tenantId: string) => ({ kind: 'tenant', tenantId });

  return {
    ...{ handlers, dynamo, kms, sqs, queue, messages, seen, script, output },
    events: bus.events,

    async withoutSqs<T>(work: () => Promise<T>): Promise<T> {
      broken = true;
      try {
        return await work();
      } finally {
        broken = false;
      }
    },

    submit(
      body: unknown,
      headers: Record<string, string> = {},
      tenant = 'acme',
      connection = 'demo',
      remainingMs?: number,
    ) {
      const event = httpEvent('POST', '/v1/tenants/{tenant}/connections/{connection}/calls', {
        path: { tenant, connection },
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        principal: as(tenant),
      });
      return ask('submit', event, remainingMs);
    },

    one(verb: 'get' | 'retry' | 'cancel', call: string, tenant = 'acme', key = tenant) {
      const method = verb === 'get' ? 'GET' : 'POST';
      const route = `/v1/tenants/{tenant}/calls/{call}${verb === 'get' ? '' : `/${verb}`}`;
      return ask(verb, httpEvent(method, route, { path: { tenant, call }, principal: as(key) }));
    },

    list(query = '', tenant = 'acme') {
      return ask(
        'list',
        httpEvent('GET', '/v1/tenants/{tenant}/calls', { path: { tenant }, query, principal: as(tenant) }),
      );
    },

    redrive(body: Record<string, unknown>, tenant = 'acme') {
      const route = '/v1/tenants/{tenant}/calls/redrive';
      const headers = { 'content-type': 'application/json' };
      const event = { path: { tenant }, headers, body: JSON.stringify(body), principal: as(tenant) };
      return ask('redrive', httpEvent('POST', route, event));
    },

    circuit(tenant = 'acme', connection = 'demo') {
      const route = '/v1/tenants/{tenant}/connections/{connection}/circuit';
      return ask('circuit', httpEvent('GET', route, { path: { tenant, connection }, principal: as(tenant) }));
    },

    /** What a provider's 429 holds back is the connection's for as long as it says: the next test needs it free. */
    async freeLimits(): Promise<void> {
      const { openTable } = await import('../../../shared/core/aws.ts');
      await openTable(dynamo.tables.limits).remove({ pk: 'demo#acme#default#pace' });
    },

    /** Hands over everything that is queued, as one batch; returns the messages that come back. */
    async deliver(receives = 1): Promise<string[]> {
      const records = queue.splice(0).map(({ body }, index) => ({
        messageId: String(index),
        receiptHandle: `handle-${index}`,
        body,
        attributes: { ApproximateReceiveCount: String(receives) },
        eventSource: 'aws:sqs',
      }));
      const answer = await handlers.run({ Records: records }, lambdaContext('req-2', 60_000));
      return (answer as { batchItemFailures: { itemIdentifier: string }[] }).batchItemFailures.map(
        ({ itemIdentifier }) => itemIdentifier,
      );
    },

    /** Counts the requests to DynamoDB, by operation, while `work` runs. */
    async counting(work: () => Promise<unknown>): Promise<string[]> {
      const send = vi.spyOn(DynamoDBClient.prototype, 'send');
      await work();
      const names = send.mock.calls.map(([command]) => command.constructor.name.replace('ItemCommand', ''));
      send.mockRestore();
      return names;
    },

    async stop() {
      output.restore();
      server.closeAllConnections();
      server.close();
      await dynamo.stop();
    },
  };
}

export type Calls = Awaited<ReturnType<typeof startCalls>>;
