import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FeatureContract, FunctionContract } from '../../shared/core/contract.ts';
import type { Alarms } from '../alarms.ts';
import type { Api } from '../api.ts';
import type { DataStack } from '../data-stack.ts';
import type { Stage } from '../stage.ts';
import { EVENT_SOURCE } from './hub-bus.ts';
import { type AuditSettings, type Environment, HubFunction } from './hub-function.ts';
import type { DeadLetterQueue } from './hub-queue.ts';
import { HubSchedule } from './hub-schedule.ts';

/** What every feature stands on. */
export interface Hub {
  readonly stage: Stage;
  readonly data: DataStack;
  readonly api: Api;
  readonly alarms: Alarms;
  /** Takes ticks, events and invocations that nobody waits for, once they are given up. */
  readonly failed: DeadLetterQueue;
}

/** A feature: each function of its contract, entered as the contract says. One that is forgotten does not compile. */
export class HubFeature extends Construct {
  readonly #hub: Hub;
  readonly #logs: LogGroup;

  constructor(scope: Construct, feature: string, hub: Hub) {
    super(scope, feature);
    this.#hub = hub;
    this.#logs = new LogGroup(this, 'logs', {
      retention: hub.stage.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  /** Makes the functions; what a queue feeds is returned to be fed. `details`: what an event must have beside its type, so that a
   *  function is not paid for where it would do nothing. */
  protected functions<Contract extends FeatureContract>(
    contract: Contract,
    environments: { readonly [Verb in keyof Contract]: Environment<Contract[Verb]> },
    details: { readonly [Verb in keyof Contract]?: object } = {},
  ): { readonly [Verb in keyof Contract]: HubFunction } {
    const made = Object.entries(contract).map(([verb, one]) => {
      const environment = environments[verb] as Environment<FunctionContract>;
      const { stage, failed } = this.#hub;
      const about = { feature: this.node.id, contract: one, environment, audit: this.#audit(one) };
      const fn = new HubFunction(this, verb, { ...about, stage, logs: this.#logs, failed });
      this.#enter(fn, verb, one, details[verb]);
      return [verb, fn];
    });
    return Object.fromEntries(made);
  }

  /** An act that the contract wants entered: where to, with the right to write it. */
  #audit({ entry }: FunctionContract): AuditSettings | undefined {
    if (!('audit' in entry)) return undefined;
    const { data, stage } = this.#hub;
    return { ACTIVITY_TABLE: data.activity.use(['PutItem']), ACTIVITY_DAYS: String(stage.activityDays) };
  }

  #enter(fn: HubFunction, verb: string, { entry }: FunctionContract, detail?: object): void {
    const { api, data, failed } = this.#hub;
    if (entry.kind === 'authorizer') api.authorizeWith(fn);
    if (entry.kind === 'http') api.serve(fn, entry);
    if (entry.kind === 'schedule') new HubSchedule(this, `${verb}-tick`, fn, entry.everyMinutes, failed);
    if (entry.kind === 'event') {
      new Rule(this, `${verb}-rule`, {
        eventBus: data.bus,
        eventPattern: { source: [EVENT_SOURCE], detailType: [...entry.types], detail },
        targets: [new LambdaFunction(fn, { deadLetterQueue: failed, maxEventAge: Duration.hours(24) })],
      });
    }
  }
}
