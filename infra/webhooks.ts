import type { Construct } from 'constructs';
import { webhooksContract } from '../shared/webhooks/contract.ts';
import { measured } from './alarms.ts';
import { type Hub, HubFeature } from './constructs/hub-feature.ts';
import { HubQueue } from './constructs/hub-queue.ts';

/** Intake: acknowledged at once, processed behind a queue. */
export class Webhooks extends HubFeature {
  constructor(scope: Construct, hub: Hub) {
    super(scope, 'webhooks', hub);
    const { data, stage, alarms } = hub;
    const STAGE = stage.name;
    const consumer = webhooksContract.process;
    const intake = new HubQueue(this, 'intake', { consumer, concurrency: 20, receives: 5, alarmAgeS: 300, alarms });

    const { process } = this.functions(webhooksContract, {
      receive: {
        STAGE,
        INTAKE_QUEUE_URL: intake.send(),
        PAYLOAD_BUCKET: data.payloads.use('PutObject'),
        PROVIDER_SECRETS: data.secrets.apps(),
      },
      process: {
        STAGE,
        INBOX_TABLE: data.inbox.use(['PutItem']),
        CONNECTIONS_TABLE: data.connections.use(['GetItem', 'PutItem'], ['by-account']),
        PAYLOAD_BUCKET: data.payloads.use('GetObject', 'PutObject'),
        PROVIDER_SECRETS: data.secrets.apps(),
        BUS_NAME: data.bus.publish(),
      },
      list: {
        STAGE,
        INBOX_TABLE: data.inbox.use([], ['by-time']),
        PAYLOAD_BUCKET: data.payloads.use('GetObject'),
      },
      clear: {
        INBOX_TABLE: data.inbox.use(['Query', 'DeleteItem']),
        PAYLOAD_BUCKET: data.payloads.use('DeleteObject'),
      },
    });
    intake.feed(process);
    alarms.watch('refused-webhooks', 'webhooks', measured('WebhookRefused'));
  }
}
