import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type * as z from 'zod';
import type { FunctionContract } from '../../shared/core/contract.ts';
import type { Stage } from '../stage.ts';
import { accept } from './accept.ts';
import type { Binding } from './binding.ts';
import { OwnRole } from './own-role.ts';

/** A contract's environment: every setting, as it is or with the right that goes with it. */
export type Environment<Contract extends FunctionContract> = {
  readonly [Name in keyof z.input<Contract['env']>]: string | Binding;
};

/** What every audited function has beside. */
export interface AuditSettings {
  readonly ACTIVITY_TABLE: Binding;
  readonly ACTIVITY_DAYS: string;
}

export interface HubFunctionProps<Contract extends FunctionContract> {
  readonly feature: string;
  readonly contract: Contract;
  readonly environment: Environment<Contract>;
  readonly audit?: AuditSettings;
  readonly stage: Stage;
  /** The feature's. */
  readonly logs: ILogGroup;
  /** Where an invocation goes that nobody waits for, once given up. */
  readonly failed: IQueue;
}

/** Entries whose caller waits for the end of the invocation. */
const awaited: ReadonlySet<string> = new Set(['http', 'queue', 'authorizer']);

/** One verb: its bundle, its own role with nothing but what its settings bring. */
export class HubFunction extends lambda.Function {
  constructor(scope: Construct, verb: string, props: HubFunctionProps<FunctionContract>) {
    const { feature, contract, stage } = props;
    const name = `${feature}/${verb}`;
    const odd = Object.keys(props.environment).filter((setting) => !(setting in contract.env.shape));
    if (odd.length > 0) throw new Error(`${name}: the contract has no ${odd.join(', ')}`);
    const settings: [string, string | Binding][] = Object.entries({ ...props.environment, ...props.audit });

    const role = new OwnRole(scope, `${verb}-role`, new ServicePrincipal('lambda.amazonaws.com'));
    props.logs.grantWrite(role);

    super(scope, verb, {
      description: name,
      code: lambda.Code.fromAsset(join(stage.bundles, feature, verb)),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: 512, // for the cold start: the CPU comes with the memory
      timeout: Duration.seconds(contract.timeoutS),
      role,
      logGroup: props.logs,
      loggingFormat: lambda.LoggingFormat.JSON,
      systemLogLevelV2: lambda.SystemLogLevel.WARN,
      reservedConcurrentExecutions: stage.reservedConcurrency[name],
      deadLetterQueue: awaited.has(contract.entry.kind) ? undefined : props.failed,
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: feature,
        POWERTOOLS_METRICS_NAMESPACE: 'Patchbay',
        ...Object.fromEntries(settings.map(([setting, of]) => [setting, typeof of === 'string' ? of : of.value])),
      },
    });
    for (const [, of] of settings) if (typeof of !== 'string') of.grant(role);
    accept(this, {
      'Serverless-LambdaTracing':
        'HTTP API has no X-Ray, and traces would cost more than the calls; ids are in the logs',
      ...(awaited.has(contract.entry.kind) && {
        'Serverless-LambdaDLQ': 'its caller waits for it: API Gateway answers, the queue keeps the message',
      }),
    });
  }
}
