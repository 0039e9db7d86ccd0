import type { Construct } from 'constructs';
import { deliveriesContract } from '../shared/deliveries/contract.ts';
import { measured } from './alarms.ts';
import { type Hub, HubFeature } from './constructs/hub-feature.ts';
import { HubQueue } from './constructs/hub-queue.ts';

/** The hub's own events on their way to the owner: from the bus to whoever subscribed, signed. */
export class Deliveries extends HubFeature {
  readonly queue: HubQueue;

  constructor(scope: Construct, hub: Hub) {
    super(scope, 'deliveries', hub);
    const { data, stage, alarms, failed } = hub;
    const { 'fan-out': fanOut, send: sending } = deliveriesContract;
    const common = { receives: 10, alarms };
    const events = new HubQueue(this, 'events', { ...common, consumer: fanOut, concurrency: 5, alarmAgeS: 300 });
    const queue = new HubQueue(this, 'queue', { ...common, consumer: sending, concurrency: 10, alarmAgeS: 3_600 });
    events.hear(data.bus, failed);

    const table = data.deliveries;
    const DELIVERY_QUEUE_URL = queue.send();
    const STAGE = stage.name;
    const sealing = {
      TENANT_KEYS_TABLE: data.tenantKeys.use(['GetItem', 'PutItem', 'Query']),
      VAULT_KEY_ID: data.vaultKey.use('GenerateDataKey', 'Decrypt'),
    };
    const made = this.functions(deliveriesContract, {
      'event-types': {},
      subscribe: { ...sealing, STAGE, DELIVERIES_TABLE: table.use(['PutItem']) },
      list: { DELIVERIES_TABLE: table.use(['Query']) },
      get: { DELIVERIES_TABLE: table.use(['GetItem']) },
      update: { STAGE, DELIVERIES_TABLE: table.use(['GetItem', 'PutItem', 'Query']), DELIVERY_QUEUE_URL },
      remove: { DELIVERIES_TABLE: table.use(['DeleteItem']) },
      rotate: { ...sealing, DELIVERIES_TABLE: table.use(['GetItem', 'PutItem']) },
      replay: { DELIVERIES_TABLE: table.use(['GetItem', 'PutItem', 'Query']), DELIVERY_QUEUE_URL },
      'list-deliveries': { DELIVERIES_TABLE: table.use(['GetItem'], ['by-time']) },
      'fan-out': { DELIVERIES_TABLE: table.use(['GetItem', 'PutItem', 'DeleteItem', 'Query']), DELIVERY_QUEUE_URL },
      send: {
        STAGE,
        BUS_NAME: data.bus.publish(),
        TENANT_KEYS_TABLE: data.tenantKeys.use(['GetItem']),
        VAULT_KEY_ID: data.vaultKey.use('Decrypt'),
        DELIVERIES_TABLE: table.use(['GetItem', 'PutItem', 'DeleteItem']),
        LIMITS_TABLE: data.limits.use(['GetItem', 'UpdateItem']),
        DELIVERY_QUEUE_URL,
      },
      plan: { DELIVERIES_TABLE: table.use(['GetItem', 'PutItem', 'Query'], ['by-due']), DELIVERY_QUEUE_URL },
      clear: { DELIVERIES_TABLE: table.use(['PutItem', 'DeleteItem', 'Query']) },
    });
    events.feed(made['fan-out']);
    queue.feed(made.send);
    this.queue = queue;
    alarms.watch(
      'disabled-subscription',
      'deliveries',
      measured('SubscriptionDisabled', undefined, 'service, outcome'),
    );
    alarms.watch('exhausted-delivery', 'deliveries', measured('Delivery', 'exhausted', 'service, outcome'));
  }
}
