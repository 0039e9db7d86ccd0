import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Alarms } from './alarms.ts';
import { Api } from './api.ts';
import { Calls } from './calls.ts';
import { Connections } from './connections.ts';
import { Console } from './console.ts';
import { openFailed } from './constructs/hub-queue.ts';
import { Overview } from './dashboard.ts';
import type { DataStack } from './data-stack.ts';
import { Deliveries } from './deliveries.ts';
import { SavedQueries } from './saved-queries.ts';
import type { Stage } from './stage.ts';
import { Syncs } from './syncs.ts';
import { Tenants } from './tenants.ts';
import { Webhooks } from './webhooks.ts';

export interface HubStackProps extends StackProps {
  readonly stage: Stage;
  readonly data: DataStack;
}

/** The hub, but for what it keeps: one line for each feature. */
export class HubStack extends Stack {
  constructor(scope: Construct, id: string, { stage, data, ...props }: HubStackProps) {
    super(scope, id, props);
    const alarms = new Alarms(this, 'alarms', stage);
    const api = new Api(this, 'api', stage, alarms);
    const failed = openFailed(this, alarms);
    const hub = { stage, data, api, alarms, failed };

    new Tenants(this, hub); // first: its authorizer guards the routes of all others
    new Connections(this, hub);
    const webhooks = new Webhooks(this, hub);
    const calls = new Calls(this, hub);
    const syncs = new Syncs(this, hub);
    const deliveries = new Deliveries(this, hub);
    new Console(this, hub, { webhooks, calls, syncs, deliveries });
    new Overview(this, 'dashboard', hub); // last: it shows what the others watch
    new SavedQueries(this, 'queries', stage); // and these ask what they write
  }
}
