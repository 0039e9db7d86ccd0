import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { findSyncs } from '../shared/providers/polled.ts';
import { syncsContract } from '../shared/syncs/contract.ts';
import { measured } from './alarms.ts';
import { credentialBindings } from './connections.ts';
import { type Hub, HubFeature } from './constructs/hub-feature.ts';
import { HubQueue } from './constructs/hub-queue.ts';

/** Polling on schedule: planned each minute, run behind a queue. */
export class Syncs extends HubFeature {
  readonly queue: HubQueue;

  constructor(scope: Construct, hub: Hub) {
    super(scope, 'syncs', hub);
    const { data, stage, alarms } = hub;
    const STAGE = stage.name;
    const consumer = syncsContract.run;
    const queue = new HubQueue(this, 'queue', { consumer, concurrency: 10, receives: 10, alarmAgeS: 3_600, alarms });

    const own = {
      STAGE,
      SYNCS_TABLE: data.syncs.use(['GetItem', 'PutItem', 'Query']),
      CONNECTIONS_TABLE: data.connections.use(['GetItem']),
    };
    const { run } = this.functions(
      syncsContract,
      {
        follow: {
          STAGE,
          SYNCS_TABLE: data.syncs.use(['GetItem', 'PutItem', 'DeleteItem', 'Query']),
          RECORDS_TABLE: data.records.use(['Query', 'DeleteItem']),
        },
        nudge: { STAGE, SYNCS_TABLE: data.syncs.use(['GetItem', 'PutItem']) },
        plan: { SYNCS_TABLE: data.syncs.use(['GetItem', 'PutItem'], ['by-due']), SYNC_QUEUE_URL: queue.send() },
        run: {
          ...credentialBindings(hub),
          LIMITS_TABLE: data.limits.use(['GetItem', 'UpdateItem']),
          SYNCS_TABLE: data.syncs.use(['GetItem', 'PutItem']),
          RECORDS_TABLE: data.records.use(['GetItem', 'PutItem', 'DeleteItem', 'Query']),
          SYNC_QUEUE_URL: queue.send(),
        },
        list: { ...own, SYNCS_TABLE: data.syncs.use(['Query', 'PutItem']) },
        set: own,
        'run-now': { ...own, SYNC_QUEUE_URL: queue.send() },
        records: { STAGE, RECORDS_TABLE: data.records.use(['Query']) },
        clear: {
          SYNCS_TABLE: data.syncs.use(['GetItem', 'PutItem', 'Query', 'DeleteItem']),
          RECORDS_TABLE: data.records.use(['Query', 'DeleteItem']),
        },
      },
      { nudge: { data: { type: nudging(stage.providers) } } },
    );
    queue.feed(run);
    this.queue = queue;
    alarms.watch('late-syncs', 'syncs', measured('SyncLag', undefined, 'service, provider', 'MAX'));
    alarms.watch('failing-syncs', 'syncs', measured('SyncFailing', undefined, 'service, provider'));
    // A long run goes on in a message of its own: Lambda would take the sixteenth for a loop and drop it.
    (run.node.defaultChild as CfnFunction).recursiveLoop = 'Allow';
  }
}

/** Returns the types of webhooks that some sync of these providers is nudged by, as a rule of the bus names them; a type that
 *  another provider has too is told apart by the function. */
function nudging(providers: readonly string[]): readonly (string | { readonly prefix: string })[] {
  const syncs = providers.flatMap((provider) => Object.values(findSyncs(provider)));
  const patterns = new Set(syncs.flatMap(({ nudgedBy = [] }) => nudgedBy));
  return [...patterns].sort().map((one) => (one.endsWith('*') ? { prefix: one.slice(0, -1) } : one));
}
