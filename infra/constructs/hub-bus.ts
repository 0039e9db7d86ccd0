import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { type Binding, binding } from './binding.ts';

/** The source of every event of the hub, as its features send them and rules match them. */
export const EVENT_SOURCE = 'patchbay';

/** What happened in the hub, for the owner's rules and for its own features. */
export class HubBus extends EventBus {
  constructor(scope: Construct, id: string) {
    super(scope, id, { description: 'What happened in the hub' });
  }

  /** Returns the bus's name with the right to publish on it. */
  publish(): Binding {
    return binding(this.eventBusName, { actions: ['events:PutEvents'], resources: [this.eventBusArn] });
  }
}
