import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { webhooksContract } from '../shared/webhooks/contract.ts';
import { measured } from './alarms.ts';
import { credentialBindings } from './connections.ts';
import { type Hub, HubFeature } from './constructs/hub-feature.ts';
import { HubQueue } from './constructs/hub-queue.ts';

/** Intake: acknowledged at once, processed behind a queue. */
export class Webhooks extends HubFeature {
  readonly replays: HubQueue;

  constructor(scope: Construct, hub: Hub) {
    super(scope, 'webhooks', hub);
    const { api, data, stage, alarms } = hub;
    const STAGE = stage.name;
    const PUBLIC_URL = api.publicUrl;
    /** Whoever may be believed at a tenant's own address. */
    const believing = {
      ENDPOINTS_TABLE: data.endpoints.use([], ['by-endpoint']),
      ENDPOINT_KEY_ID: data.endpointKey.use('Decrypt'),
    };
    const keepingAlive = {
      ...credentialBindings(hub),
      PUBLIC_URL,
      LIMITS_TABLE: data.limits.use(['GetItem', 'UpdateItem']),
    };
    const consumer = webhooksContract.process;
    const intake = new HubQueue(this, 'intake', { consumer, concurrency: 20, receives: 10, alarmAgeS: 300, alarms });

    const unhurried = { concurrency: 10, receives: 10, alarmAgeS: 3_600, alarms };
    const handlers = new HubQueue(this, 'handlers', { consumer: webhooksContract.handle, ...unhurried });
    const replays = new HubQueue(this, 'replays', { consumer: webhooksContract['run-replay'], ...unhurried });

    const activations = new HubQueue(this, 'activations', { consumer: webhooksContract.reroute, ...unhurried });
    activations.hear(data.bus, hub.failed, ['connection.activated']);

    const made = this.functions(webhooksContract, {
      receive: {
        STAGE,
        PUBLIC_URL,
        INTAKE_QUEUE_URL: intake.send(),
        PAYLOAD_BUCKET: data.payloads.use('PutObject'),
        PROVIDER_SECRETS: data.secrets.apps(),
        ...believing,
        ENDPOINT_KEY_ID: data.endpointKey.use('Decrypt', 'GenerateDataKey'),
      },
      process: {
        STAGE,
        INBOX_TABLE: data.inbox.use(['PutItem']),
        TENANTS_TABLE: data.tenants.use(['GetItem']),
        CONNECTIONS_TABLE: data.connections.use(['GetItem', 'PutItem'], ['by-account']),
        PAYLOAD_BUCKET: data.payloads.use('GetObject', 'PutObject'),
        PROVIDER_SECRETS: data.secrets.apps(),
        BUS_NAME: data.bus.publish(),
        HANDLER_QUEUE_URL: handlers.send(),
        ...believing,
        ENDPOINTS_TABLE: data.endpoints.use(['GetItem', 'PutItem', 'Query'], ['by-endpoint']),
      },
      handle: {
        STAGE,
        INBOX_TABLE: data.inbox.use(['GetItem', 'UpdateItem']),
        PAYLOAD_BUCKET: data.payloads.use('GetObject'),
        SYNCS_TABLE: data.syncs.use(['GetItem']),
        RECORDS_TABLE: data.records.use(['GetItem', 'PutItem', 'DeleteItem', 'Query']),
        BUS_NAME: data.bus.publish(),
        HANDLER_QUEUE_URL: handlers.send(),
      },
      list: {
        STAGE,
        INBOX_TABLE: data.inbox.use(['GetItem'], ['by-time']),
        PAYLOAD_BUCKET: data.payloads.use('GetObject'),
      },
      'list-unrouted': {
        INBOX_TABLE: data.inbox.use(['GetItem'], ['by-time']),
        ENDPOINT_KEY_ID: data.endpointKey.use('Decrypt'),
        PAYLOAD_BUCKET: data.payloads.use('GetObject'),
      },
      reroute: {
        INBOX_TABLE: data.inbox.use(['GetItem', 'PutItem', 'DeleteItem'], ['by-time']),
        CONNECTIONS_TABLE: data.connections.use(['GetItem']),
        PAYLOAD_BUCKET: data.payloads.use('GetObject', 'PutObject', 'DeleteObject'),
        BUS_NAME: data.bus.publish(),
        HANDLER_QUEUE_URL: handlers.send(),
        ACTIVATION_QUEUE_URL: activations.send(),
      },
      replay: { INBOX_TABLE: data.inbox.use(['PutItem'], ['by-time']), REPLAY_QUEUE_URL: replays.send() },
      'run-replay': {
        INBOX_TABLE: data.inbox.use(['GetItem', 'PutItem'], ['by-time']),
        BUS_NAME: data.bus.publish(),
        HANDLER_QUEUE_URL: handlers.send(),
        REPLAY_QUEUE_URL: replays.send(),
      },
      'list-replays': { INBOX_TABLE: data.inbox.use(['Query']) },
      'get-replay': { INBOX_TABLE: data.inbox.use(['GetItem']) },
      'cancel-replay': { INBOX_TABLE: data.inbox.use(['GetItem', 'PutItem']) },
      clear: {
        INBOX_TABLE: data.inbox.use(['Query', 'DeleteItem']),
        PAYLOAD_BUCKET: data.payloads.use('DeleteObject'),
        ENDPOINTS_TABLE: data.endpoints.use(['Query', 'DeleteItem']),
      },
      'create-endpoint': {
        PUBLIC_URL,
        TENANTS_TABLE: data.tenants.use(['GetItem']),
        ENDPOINTS_TABLE: data.endpoints.use(['PutItem', 'DeleteItem']),
        ENDPOINT_KEY_ID: data.endpointKey.use('GenerateDataKey'),
      },
      'list-endpoints': { PUBLIC_URL, ENDPOINTS_TABLE: data.endpoints.use(['Query']) },
      'get-endpoint': { PUBLIC_URL, ENDPOINTS_TABLE: data.endpoints.use(['GetItem', 'Query']) },
      'remove-endpoint': { ENDPOINTS_TABLE: data.endpoints.use(['GetItem', 'DeleteItem', 'Query']) },
      follow: {
        ...keepingAlive,
        ENDPOINTS_TABLE: data.endpoints.use(['PutItem', 'DeleteItem', 'Query']),
        ENDPOINT_KEY_ID: data.endpointKey.use('GenerateDataKey', 'Decrypt'),
      },
      renew: {
        ...keepingAlive,
        ENDPOINTS_TABLE: data.endpoints.use(['PutItem', 'DeleteItem'], ['by-due']),
        ENDPOINT_KEY_ID: data.endpointKey.use('Decrypt'),
      },
      'rotate-endpoint': {
        PUBLIC_URL,
        ENDPOINTS_TABLE: data.endpoints.use(['GetItem', 'PutItem', 'Query']),
        ENDPOINT_KEY_ID: data.endpointKey.use('GenerateDataKey', 'Decrypt'),
      },
    });
    intake.feed(made.process);
    handlers.feed(made.handle);
    replays.feed(made['run-replay']);
    activations.feed(made.reroute);
    this.replays = replays;
    // A long replay goes on in a message of its own: Lambda would take the sixteenth for a loop and drop it.
    (made['run-replay'].node.defaultChild as CfnFunction).recursiveLoop = 'Allow';
    alarms.watch('refused-webhooks', 'webhooks', measured('WebhookRefused'));
    alarms.watch('conflicting-webhooks', 'webhooks', measured('WebhookEvent', 'conflicting'));
    alarms.watch('failing-subscriptions', 'webhooks', measured('WebhookSubscription', 'failing'));
    alarms.watch('failed-handlers', 'webhooks', measured('WebhookHandled', 'failed'));
  }
}
