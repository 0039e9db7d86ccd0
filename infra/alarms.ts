import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { accept } from './constructs/accept.ts';
import type { Stage } from './stage.ts';

/** Every kind of alarm: its heading in runbook.md, and from what value on, for how many periods, it wakes someone. */
export const register = {
  'dead-letters': { heading: 'Messages were given up', threshold: 1, periods: 1 },
  'waiting-messages': { heading: 'Messages wait too long', threshold: 1, periods: 3 },
  'api-faults': { heading: 'The API answers 5xx', threshold: 5, periods: 2 },
  'refused-app': { heading: "A provider refuses the hub's app", threshold: 1, periods: 2 },
  'odd-refreshes': { heading: 'A refresh is not understood', threshold: 1, periods: 2 },
  'old-credential': { heading: 'A connection is older than it was', threshold: 1, periods: 1 },
  'lost-rotation': { heading: 'A rotated token was lost', threshold: 1, periods: 1 },
  'parked-revocation': { heading: 'A grant could not be ended', threshold: 1, periods: 1 },
  'refused-webhooks': { heading: 'Webhooks are refused', threshold: 100, periods: 3 },
  'failing-subscriptions': { heading: 'A webhook subscription cannot be kept alive', threshold: 1, periods: 1 },
  'conflicting-webhooks': { heading: 'An event came with two bodies', threshold: 1, periods: 1 },
  'failed-handlers': { heading: 'Events were not handled', threshold: 1, periods: 1 },
  'late-syncs': { heading: 'Syncs run late', threshold: 600_000, periods: 3 },
  'failing-syncs': { heading: 'A sync fails again and again', threshold: 1, periods: 1 },
  'disabled-subscription': { heading: 'A subscription was disabled', threshold: 1, periods: 1 },
  'exhausted-delivery': { heading: 'An event was not delivered', threshold: 1, periods: 1 },
  'foreign-tenant': { heading: 'A key asked for another tenant', threshold: 1, periods: 1 },
  'lost-audit': { heading: 'Audit entries were lost', threshold: 1, periods: 1 },
  throttling: { heading: 'Functions are throttled', threshold: 1, periods: 2 },
} as const;

export type AlarmKind = keyof typeof register;

/** Returns how often the hub measured this outcome within 5 minutes, over all functions and providers. `dimensions`: exactly
 *  those that it is measured with. `statistic`: MAX is the greatest value instead. */
export function measured(
  metric:
    | 'TokenRefreshed'
    | 'NeedsReauth'
    | 'GenerationRegression'
    | 'Revocation'
    | 'WebhookRefused'
    | 'WebhookSubscription'
    | 'WebhookEvent'
    | 'WebhookHandled'
    | 'SyncLag'
    | 'SyncFailing'
    | 'Delivery'
    | 'SubscriptionDisabled'
    | 'AuditLost'
    | 'ForeignTenant',
  outcome?: string,
  dimensions = 'service, provider, outcome',
  statistic: 'SUM' | 'MAX' = 'SUM',
): IMetric {
  const where = outcome ? ` WHERE outcome = '${outcome}'` : '';
  return new MathExpression({
    expression: `SELECT ${statistic}(${metric}) FROM SCHEMA(Patchbay, ${dimensions})${where}`,
    label: [metric, outcome].filter(Boolean).join(' '),
    period: Duration.minutes(5),
  });
}

/** The one place where alarms are made; each tells where its instructions are. */
export class Alarms extends Construct {
  /** All that is watched, for the dashboard. */
  readonly watched: { readonly kind: AlarmKind; readonly metric: IMetric; readonly alarm: Alarm }[] = [];
  readonly #topic: Topic | undefined;

  constructor(scope: Construct, id: string, { alarmEmail, account }: Stage) {
    super(scope, id);
    if (!alarmEmail) return;
    this.#topic = new Topic(this, 'topic', { enforceSSL: true });
    accept(this.#topic, {
      'Serverless-SNSRedrivePolicy': 'a mail that is not taken is no message to keep: the alarm stands',
    });
    // The policy that demands TLS stands in the place of the one that lets alarms publish.
    this.#topic.grantPublish(
      new ServicePrincipal('cloudwatch.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
    this.#topic.addSubscription(new EmailSubscription(alarmEmail));
  }

  /** Watches one metric. `threshold`: where the subject's own differs from the register's. */
  watch(kind: AlarmKind, subject: string, metric: IMetric, threshold: number = register[kind].threshold): void {
    const { heading, periods } = register[kind];
    const alarm = new Alarm(this, `${kind}-${subject}`, {
      alarmDescription: `${heading}: ${subject}. What to do: infra/runbook.md, "${heading}"`,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    this.watched.push({ kind, metric, alarm });
    if (this.#topic) alarm.addAlarmAction(new SnsAction(this.#topic));
  }
}
