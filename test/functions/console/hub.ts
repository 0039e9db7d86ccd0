import { GetQueueAttributesCommand, SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { type Call, ended } from '../../../shared/calls/call.ts';
import { openContents } from '../../../shared/calls/contents.ts';
import { draft } from '../../../shared/calls/draft.ts';
import { callStore } from '../../../shared/calls/store.ts';
import { activated, needsReauth } from '../../../shared/connections/connection.ts';
import { connectionStore } from '../../../shared/connections/store.ts';
import { openVault } from '../../../shared/connections/vault.ts';
import { auditLog } from '../../../shared/core/audit-log.ts';
import { openTable } from '../../../shared/core/aws.ts';
import { realMoment } from '../../../shared/core/clock.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { deliveryStore } from '../../../shared/deliveries/store.ts';
import { syncStore } from '../../../shared/syncs/store.ts';
import { tenantStore } from '../../../shared/tenants/store.ts';
import { replayStore } from '../../../shared/webhooks/replay-store.ts';
import { inboxStore } from '../../../shared/webhooks/store.ts';
import { fakeKms, fakeSecrets } from '../../support/aws-fakes.ts';
import { setEnv, startDynamo } from '../../support/dynamo.ts';
import { captureOutput } from '../../support/output.ts';
import { type Handler, OPERATOR_KEY, openBrowser } from './browser.ts';

const DAY_MS = 24 * 60 * 60_000;
const verbs = ['home', 'tenant', 'work', 'subscription'] as const;

/** Returns the console as it is deployed: the exported handlers, a real DynamoDB engine, played queues, KMS and secrets. What
 *  it is to show is written with the features' own stores. */
export async function startConsole() {
  const output = captureOutput();
  const dynamo = await startDynamo();
  const kms = fakeKms();
  const operator = { key: OPERATOR_KEY, down: false };
  const secrets = fakeSecrets({
    get 'patchbay/prod/operator'() {
      if (operator.down) throw new Error('Secrets Manager is down');
      return { key: operator.key };
    },
  });
  const sent: { readonly queue?: string; readonly body: Readonly<Record<string, unknown>> }[] = [];
  const sqs = mockClient(SQSClient);
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes: { ApproximateNumberOfMessages: '0' } });
  const push = (url: string | undefined, body = '{}') =>
    sent.push({ queue: url?.split('/').at(-1), body: JSON.parse(body) });
  sqs
    .on(SendMessageCommand)
    .callsFake(({ QueueUrl, MessageBody }) => ({ MessageId: String(push(QueueUrl, MessageBody)) }));
  sqs
    .on(SendMessageBatchCommand)
    .callsFake(({ QueueUrl, Entries }: { QueueUrl: string; Entries: { MessageBody: string }[] }) => ({
      Successful: Entries.map(({ MessageBody }) => push(QueueUrl, MessageBody)),
    }));
  const { tables } = dynamo;
  setEnv({
    ...{ STAGE: 'prod', VERSION: '1.2.3', PUBLIC_URL: 'https://hub.example.com' },
    ...{ OPERATOR_SECRET: 'patchbay/prod/operator', ACTIVITY_TABLE: tables.activity, ACTIVITY_DAYS: '400' },
    ...{ TENANTS_TABLE: tables.tenants, DELIVERIES_TABLE: tables.deliveries, INBOX_TABLE: tables.inbox },
    ...{ CONNECTIONS_TABLE: tables.connections, ENDPOINTS_TABLE: tables.endpoints, CALLS_TABLE: tables.calls },
    ...{ LIMITS_TABLE: tables.limits, SYNCS_TABLE: tables.syncs, AUDIT_TABLE: tables.activity },
    ...{ TENANT_KEYS_TABLE: tables['tenant-keys'], VAULT_KEY_ID: 'vault-key', PAYLOAD_BUCKET: 'payloads' },
    ...{ SYNC_QUEUE_URL: 'http://127.0.0.1:9/syncs', CALL_QUEUE_URL: 'http://127.0.0.1:9/calls' },
    ...{ DEAD_LETTER_QUEUE_URLS: 'http://127.0.0.1:9/dead' },
    ...{ REPLAY_QUEUE_URL: 'http://127.0.0.1:9/replays', DELIVERY_QUEUE_URL: 'http://127.0.0.1:9/deliveries' },
  });
  const loaded = await Promise.all(verbs.map((verb) => import(`../../../functions/console/${verb}.ts`)));
  const handlers = new Map<string, Handler>(verbs.map((verb, at) => [verb, loaded[at].handler]));

  const vault = openVault({ keyId: 'vault-key', keysTable: openTable(tables['tenant-keys']), moment: realMoment });
  const stores = {
    tenants: tenantStore(openTable(tables.tenants)),
    connections: connectionStore(openTable(tables.connections)),
    calls: callStore(openTable(tables.calls)),
    inbox: inboxStore(openTable(tables.inbox)),
    replays: replayStore(openTable(tables.inbox)),
    deliveries: deliveryStore(openTable(tables.deliveries)),
    syncs: syncStore(openTable(tables.syncs)),
    audit: auditLog(openTable(tables.activity)),
    endpoints: openTable(tables.endpoints),
  };

  async function tenant(id: string, name = id): Promise<TenantId> {
    const tenantId = TenantId.parse(id);
    const times = { createdAtMs: Date.now(), updatedAtMs: Date.now() };
    await stores.tenants.create({ tenantId, name, returnUrls: [], status: 'active', ...times });
    return tenantId;
  }

  /** `reason`: its grant is gone. */
  async function connect(
    tenantId: TenantId,
    provider: string,
    { name = 'default', account = 'acc', reason = '' } = {},
  ) {
    const id = { provider, name };
    const fresh = { generation: 1, sealed: { accessToken: 'CANARY-sealed' }, scopes: ['read'], expiresInS: 3_600 };
    const row = activated({ tenantId, id, account: { id: account } }, fresh, undefined, realMoment);
    const gone = reason === '' ? undefined : needsReauth(row, reason, Date.now());
    await stores.connections.forTenant(tenantId).save({ ...row, ...gone, version: 1 }, undefined);
    return id;
  }

  /** A call of the demo provider that has ended so, or is queued. */
  async function call(tenantId: TenantId, change: Partial<Call> = {}): Promise<Call> {
    const body = {
      action: 'contacts.create',
      input: { name: 'CANARY-input', email: 'a@b.example' },
      lane: 'bulk',
    } as const;
    const made = draft({ tenantId, connection: { provider: 'demo', name: 'default' }, body }, 'local', realMoment);
    if (!made.ok) throw new Error(made.error.message);
    const { status } = change;
    const over = status === 'failed' || status === 'outcome_unknown' || status === 'succeeded';
    const row = over ? { ...ended(made.value, status), ...change } : { ...made.value, ...change };
    const sealed = await openContents(vault).seal(row);
    if (!sealed.ok) throw new Error(sealed.error.message);
    await stores.calls.forTenant(tenantId).putOnce(sealed.value);
    return row;
  }

  return {
    ...{ output, kms, operator, secrets, sent, stores, tenant, connect, call },
    browser: () =>
      openBrowser((route) => {
        if (route === '/console') return handlers.get('home');
        if (/\/(calls|events)$/.test(route)) return handlers.get('work');
        return handlers.get(route.startsWith('/console/subscriptions') ? 'subscription' : 'tenant');
      }),
    /** What the operator was written down to have done. */
    async acts(owner = '_owner') {
      const entries = await stores.audit.list(owner, {
        fromMs: Date.now() - 9 * DAY_MS,
        toMs: Date.now() + 1,
        limit: 50,
      });
      return entries.map(({ action, actor, target }) => ({ action, actor: actor.kind, target }));
    },
    async stop() {
      output.restore();
      await dynamo.stop();
    },
  };
}

export type Console = Awaited<ReturnType<typeof startConsole>>;
