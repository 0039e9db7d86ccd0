import type { Construct } from 'constructs';
import { callsContract } from '../shared/calls/contract.ts';
import { credentialBindings } from './connections.ts';
import { type Hub, HubFeature } from './constructs/hub-feature.ts';
import { HubQueue } from './constructs/hub-queue.ts';

/** Calls to providers: at once, or behind a queue. */
export class Calls extends HubFeature {
  readonly queue: HubQueue;

  constructor(scope: Construct, hub: Hub) {
    super(scope, 'calls', hub);
    const { data, alarms, stage } = hub;
    const consumer = callsContract.run;
    const queue = new HubQueue(this, 'queue', { consumer, concurrency: 20, receives: 10, alarmAgeS: 3_600, alarms });

    const attempt = {
      ...credentialBindings(hub),
      CALLS_TABLE: data.calls.use(['GetItem', 'PutItem', 'UpdateItem']),
      LIMITS_TABLE: data.limits.use(['GetItem', 'UpdateItem']),
      CALL_QUEUE_URL: queue.send(),
    };
    const { calls, perS } = stage.tenantQuota ?? {};
    const submit = { ...attempt, TENANT_QUOTA: calls && perS ? `${calls}/${perS}` : 'off' };
    const { run } = this.functions(callsContract, {
      submit,
      run: attempt,
      plan: { CALLS_TABLE: data.calls.use(['UpdateItem'], ['by-due']), CALL_QUEUE_URL: queue.send() },
      list: { CALLS_TABLE: data.calls.use([], ['by-time']) },
      get: {
        CALLS_TABLE: data.calls.use(['GetItem']),
        TENANT_KEYS_TABLE: data.tenantKeys.use(['GetItem']),
        VAULT_KEY_ID: data.vaultKey.use('Decrypt'),
      },
      retry: { CALLS_TABLE: data.calls.use(['GetItem', 'UpdateItem']), CALL_QUEUE_URL: queue.send() },
      redrive: { CALLS_TABLE: data.calls.use(['UpdateItem'], ['by-time']) },
      cancel: { CALLS_TABLE: data.calls.use(['UpdateItem']) },
      circuit: { LIMITS_TABLE: data.limits.use(['GetItem']), CONNECTIONS_TABLE: data.connections.use(['GetItem']) },
      invoke: submit,
      clear: { CALLS_TABLE: data.calls.use(['Query', 'DeleteItem']) },
    });
    queue.feed(run);
    this.queue = queue;
  }
}
