import { createServer } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { vi } from 'vitest';
import { openTable } from '../../../shared/core/aws.ts';
import { fakeBus, fakeKms, fakeSecrets } from '../../support/aws-fakes.ts';
import { setEnv, startDynamo } from '../../support/dynamo.ts';
import { lambdaContext } from '../../support/http-event.ts';
import { captureOutput } from '../../support/output.ts';
import { readEvent } from '../../support/samples.ts';

const verbs = ['follow', 'nudge', 'plan', 'run', 'list', 'set', 'run-now', 'records', 'clear'] as const;
type Verb = (typeof verbs)[number];
type Handler = (event: unknown, context: Context) => Promise<unknown>;

interface Contact {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly updatedAt: string;
  readonly deleted?: boolean;
}

/** Returns syncs as they are deployed: the exported handlers, a real DynamoDB engine, played queue, bus and KMS, and the
 *  demo provider's contacts on this computer, two a page. Tenant `acme` has a connection to it. */
export async function startSyncs() {
  const output = captureOutput();
  const dynamo = await startDynamo();
  fakeKms();
  const bus = fakeBus();
  const queue: { body: string; group: string; delayS: number }[] = [];
  type Sent = { MessageBody: string; MessageGroupId: string; DelaySeconds?: number };
  const push = ({ MessageBody, MessageGroupId, DelaySeconds = 0 }: Sent) =>
    queue.push({ body: MessageBody, group: MessageGroupId, delayS: DelaySeconds });
  const sqs = mockClient(SQSClient);
  sqs.on(SendMessageCommand).callsFake((input: Sent) => ({ MessageId: String(push(input)) }));
  sqs.on(SendMessageBatchCommand).callsFake(({ Entries }: { Entries: Sent[] }) => ({ Successful: Entries.map(push) }));

  const contacts = new Map<string, Contact>();
  const asked: string[] = [];
  /** The `x-request-id` of each. */
  const askedUnder: unknown[] = [];
  /** What is answered instead: a status, with the provider's own words. */
  const script: (number | readonly [status: number, message: string])[] = [];
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://demo');
    asked.push(request.url ?? '');
    askedUnder.push(request.headers['x-request-id']);
    const [status, message] = [script.shift() ?? 200, 'It is odd.'].flat() as [number, string];
    const place = ({ updatedAt, id }: Contact) => `${updatedAt}|${id}`;
    const due = [...contacts.values()]
      .filter(({ updatedAt }) => updatedAt >= (searchParams.get('updated_since') ?? ''))
      .filter((contact) => place(contact) > (searchParams.get('cursor') ?? ''))
      .sort((a, b) => (place(a) < place(b) ? -1 : 1));
    const items = due.slice(0, 2);
    const last = items.at(-1);
    const body = { items, next: due.length > 2 && last ? place(last) : null };
    response.writeHead(status, { 'content-type': 'application/json', ...(status === 429 && { 'retry-after': '30' }) });
    response.end(JSON.stringify(status === 200 ? body : { error: { code: 'odd', message } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address?.port}`;
  fakeSecrets({
    'patchbay/local/demo': { clientId: 'id', clientSecret: 'made-up', origins: { 'https://api.demo.invalid': url } },
  });
  const settings = {
    STAGE: 'local',
    CONNECTIONS_TABLE: dynamo.tables.connections,
    TENANT_KEYS_TABLE: dynamo.tables['tenant-keys'],
    LIMITS_TABLE: dynamo.tables.limits,
    SYNCS_TABLE: dynamo.tables.syncs,
    RECORDS_TABLE: dynamo.tables.records,
    SYNC_QUEUE_URL: 'http://127.0.0.1:9/queue',
    VAULT_KEY_ID: 'vault-key',
    PROVIDER_SECRETS: 'patchbay/local/',
    BUS_NAME: 'hub',
  };
  setEnv(settings);
  const loaded = await Promise.all(verbs.map((verb) => import(`../../../functions/syncs/${verb}.ts`)));
  const handlers = Object.fromEntries(verbs.map((verb, index) => [verb, loaded[index].handler])) as Record<
    Verb,
    Handler
  >;
  await connect();

  async function connect(accessToken = 'made-up-access-token') {
    const { portsFromEnv } = await import('../../../shared/connections/ports.ts');
    const { activated } = await import('../../../shared/connections/connection.ts');
    const { sealGrant } = await import('../../../shared/connections/grant.ts');
    const { TenantId } = await import('../../../shared/core/ids.ts');
    const { Secret } = await import('../../../shared/core/secret.ts');
    const ports = portsFromEnv(settings);
    const tenantId = TenantId.parse('acme');
    const id = { provider: 'demo', name: 'default' };
    const sealed = await sealGrant(ports.vault, tenantId, id, 1, { accessToken: new Secret(accessToken) });
    const about = { tenantId, id, account: { id: 'a1' }, sourceSession: 'cs_1' };
    const row = activated(about, { generation: 1, sealed, scopes: [] }, undefined, ports.moment);
    await ports.store.forTenant(tenantId).save(row, undefined);
  }

  async function disconnect() {
    const { portsFromEnv } = await import('../../../shared/connections/ports.ts');
    const { TenantId } = await import('../../../shared/core/ids.ts');
    const rows = portsFromEnv(settings).store.forTenant(TenantId.parse('acme'));
    const row = await rows.get({ provider: 'demo', name: 'default' });
    if (row) await rows.erase(row);
  }

  return {
    tables: dynamo.tables,
    ...{ handlers, queue, contacts, asked, askedUnder, script, output, connect, disconnect },
    events: bus.events,

    put(id: string, name: string, more: Partial<Contact> = {}) {
      contacts.set(id, { id, name, email: `${id}@example.com`, updatedAt: new Date().toISOString(), ...more });
    },

    /** Calls the function with its sample event; `change` is merged into it, one level deep. */
    async call(verb: Verb, change: Record<string, unknown> = {}) {
      const sample = readEvent(`syncs/${verb}`) as Record<string, unknown>;
      const merged = Object.fromEntries(
        Object.entries(change).map(([key, value]) => [
          key,
          typeof value === 'object' ? { ...(sample[key] as object), ...value } : value,
        ]),
      );
      const answer = await handlers[verb]({ ...sample, ...merged }, lambdaContext('req-1', 120_000));
      const { statusCode: status, body } = (answer ?? {}) as { statusCode?: number; body?: string };
      return { status, json: body === undefined ? undefined : JSON.parse(body) };
    },

    /** Hands over everything that is queued; returns the messages that come back. */
    async deliver(): Promise<string[]> {
      const Records = queue.splice(0).map(({ body }, index) => ({
        ...{ messageId: String(index), receiptHandle: `handle-${index}`, body, eventSource: 'aws:sqs' },
        attributes: { ApproximateReceiveCount: '1' },
      }));
      const answer = await handlers.run({ Records }, lambdaContext('req-2', 120_000));
      return (answer as { batchItemFailures: { itemIdentifier: string }[] }).batchItemFailures.map(
        ({ itemIdentifier }) => itemIdentifier,
      );
    },

    /** Has the sync be due for a while, and the next tick be the first. */
    async makeDue() {
      const table = openTable(dynamo.tables.syncs);
      await table.remove({ pk: '_tick', sk: '_tick' });
      const row = await table.get({ pk: 'acme', sk: 'demo#default#contacts' });
      await table.put({ ...row, dueAt: Date.now() - 5_000 });
    },

    /** Counts the requests to DynamoDB, by operation and table, while `work` runs. */
    async counting(work: () => Promise<unknown>): Promise<string[]> {
      const send = vi.spyOn(DynamoDBClient.prototype, 'send');
      await work();
      const requests = send.mock.calls.map(
        ([command]) =>
          `${command.constructor.name.replace(/(Item)?Command/, '')} ${'TableName' in command.input && command.input.TableName}`,
      );
      send.mockRestore();
      return requests;
    },

    async stop() {
      output.restore();
      server.closeAllConnections();
      server.close();
      await dynamo.stop();
    },
  };
}

export type Syncs = Awaited<ReturnType<typeof startSyncs>>;
