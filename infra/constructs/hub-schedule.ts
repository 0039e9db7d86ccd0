import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { HubFunction } from './hub-function.ts';
import { OwnRole } from './own-role.ts';

/** A tick: runs the function every so many minutes. One that cannot be delivered within its minute is superseded. */
export class HubSchedule extends Schedule {
  constructor(scope: Construct, id: string, fn: HubFunction, everyMinutes: number, failed: IQueue) {
    const conditions = { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } };
    const scheduler = new ServicePrincipal('scheduler.amazonaws.com', { conditions });
    const role = new OwnRole(scope, `${id}-role`, scheduler);
    // The library's own target would also allow every version of the function (`:*`).
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [fn.functionArn] }));
    failed.grantSendMessages(role);

    super(scope, id, {
      description: fn.node.path,
      schedule: ScheduleExpression.rate(Duration.minutes(everyMinutes)),
      target: {
        bind: () => ({
          arn: fn.functionArn,
          role,
          retryPolicy: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 2 },
          deadLetterConfig: { arn: failed.queueArn },
        }),
      },
    });
  }
}
