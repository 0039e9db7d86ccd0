import type { Construct } from 'constructs';
import { callsContract } from '../shared/calls/contract.ts';
import { credentialBindings } from './connections.ts';
import { type Hub, HubFeature } from './constructs/hub-feature.ts';
import { HubQueue } from './constructs/hub-queue.ts';

/** Calls to providers: at once, or behind a queue. */
export class Calls extends HubFeature {
  constructor(scope: Construct, hub: Hub) {
    super(scope, 'calls', hub);
    const { data, alarms } = hub;
    const consumer = callsContract.run;
    const queue = new HubQueue(this, 'queue', { consumer, concurrency: 20, receives: 10, alarmAgeS: 3_600, alarms });

    const attempt = {
      ...credentialBindings(hub),
      CALLS_TABLE: data.calls.use(['GetItem', 'PutItem', 'UpdateItem']),
      LIMITS_TABLE: data.limits.use(['GetItem', 'UpdateItem']),
      CALL_QUEUE_URL: queue.send(),
    };
    const { run } = this.functions(callsContract, {
      submit: attempt,
      run: attempt,
      plan: { CALLS_TABLE: data.calls.use(['UpdateItem'], ['by-due']), CALL_QUEUE_URL: queue.send() },
      list: { CALLS_TABLE: data.calls.use([], ['by-time']) },
      get: { CALLS_TABLE: data.calls.use(['GetItem']) },
      retry: { CALLS_TABLE: data.calls.use(['GetItem', 'PutItem']), CALL_QUEUE_URL: queue.send() },
      cancel: { CALLS_TABLE: data.calls.use(['UpdateItem']) },
      invoke: attempt,
      clear: { CALLS_TABLE: data.calls.use(['Query', 'DeleteItem']) },
    });
    queue.feed(run);
  }
}
