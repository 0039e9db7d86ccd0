import type { Construct } from 'constructs';
import { consoleContract } from '../shared/console/contract.ts';
import { measured } from './alarms.ts';
import type { Calls } from './calls.ts';
import { type Hub, HubFeature } from './constructs/hub-feature.ts';
import { deadLetters } from './constructs/hub-queue.ts';
import type { Deliveries } from './deliveries.ts';
import type { Syncs } from './syncs.ts';
import type { Webhooks } from './webhooks.ts';

/** The features whose queues the operator's buttons feed. */
export interface Worked {
  readonly webhooks: Webhooks;
  readonly calls: Calls;
  readonly syncs: Syncs;
  readonly deliveries: Deliveries;
}

/** What the operator and monitors look at. No function here can come to a credential: `work` opens what calls brought, and
 *  has no right to a connection; `tenant` disconnects, and has none to a key. The tick ends the grant upstream. */
export class Console extends HubFeature {
  constructor(scope: Construct, hub: Hub, { webhooks, calls, syncs, deliveries }: Worked) {
    super(scope, 'console', hub);
    const { api, data, stage, alarms } = hub;
    const STAGE = stage.name;
    const about = { PUBLIC_URL: api.publicUrl, VERSION: stage.version };
    const health = {
      ...{ STAGE, VERSION: stage.version, TENANTS_TABLE: data.tenants.use(['GetItem']) },
      DEAD_LETTER_QUEUE_URLS: deadLetters(scope),
    };
    const desk = { STAGE, PUBLIC_URL: api.publicUrl, OPERATOR_SECRET: data.secrets.operator() };

    const ACTIVITY_DAYS = String(stage.activityDays);
    const activity = (actions: Parameters<typeof data.activity.use>[0]) => ({
      TENANTS_TABLE: data.tenants.use(['GetItem']),
      ACTIVITY_TABLE: data.activity.use(actions),
      CALLS_TABLE: data.calls.use([], ['by-time']),
      INBOX_TABLE: data.inbox.use([], ['by-time']),
      ACTIVITY_DAYS,
    });

    this.functions(consoleContract, {
      health,
      openapi: about,
      docs: { STAGE, ...about },
      nowhere: {},
      activity: activity(['Query']),
      usage: activity(['GetItem', 'PutItem']),
      record: { ACTIVITY_TABLE: data.activity.use(['PutItem']), ACTIVITY_DAYS },
      home: {
        ...desk,
        ...health,
        // Scan: no key holds all tenants together, and no request but the operator's look asks for them.
        TENANTS_TABLE: data.tenants.use(['GetItem', 'Scan']),
        DELIVERIES_TABLE: data.deliveries.use(['Query']),
        INBOX_TABLE: data.inbox.use(['GetItem'], ['by-time']),
      },
      tenant: {
        ...desk,
        TENANTS_TABLE: data.tenants.use(['GetItem']),
        CONNECTIONS_TABLE: data.connections.use(['GetItem', 'PutItem', 'Query']),
        ENDPOINTS_TABLE: data.endpoints.use(['Query']),
        CALLS_TABLE: data.calls.use([], ['by-time']),
        LIMITS_TABLE: data.limits.use(['GetItem']),
        INBOX_TABLE: data.inbox.use(['GetItem'], ['by-time']),
        SYNCS_TABLE: data.syncs.use(['GetItem', 'PutItem', 'Query']),
        SYNC_QUEUE_URL: syncs.queue.send(),
        AUDIT_TABLE: data.activity.use(['Query']),
      },
      work: {
        ...desk,
        CALLS_TABLE: data.calls.use(['GetItem', 'UpdateItem'], ['by-time']),
        CALL_QUEUE_URL: calls.queue.send(),
        TENANT_KEYS_TABLE: data.tenantKeys.use(['GetItem']),
        VAULT_KEY_ID: data.vaultKey.use('Decrypt'),
        INBOX_TABLE: data.inbox.use(['GetItem', 'PutItem', 'Query'], ['by-time']),
        PAYLOAD_BUCKET: data.payloads.use('GetObject'),
        REPLAY_QUEUE_URL: webhooks.replays.send(),
      },
      subscription: {
        ...desk,
        DELIVERIES_TABLE: data.deliveries.use(['GetItem', 'PutItem', 'Query'], ['by-time']),
        DELIVERY_QUEUE_URL: deliveries.queue.send(),
      },
    });
    alarms.watch('lost-audit', 'activity', measured('AuditLost', undefined, 'service'));
  }
}
