import { Duration, Stack } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { AlarmKind } from './alarms.ts';
import type { Hub } from './constructs/hub-feature.ts';

const period = Duration.minutes(5);
/** As wide as the dashboard's 24 columns allow three of. */
const size = { width: 8, height: 6 };

/** The one page to look at first: what rings, then each provider's health, then the hub's own. */
export class Overview extends Construct {
  constructor(scope: Construct, id: string, { stage, alarms, api }: Hub) {
    super(scope, id);
    const watched = (kind: AlarmKind) => alarms.watched.filter((one) => one.kind === kind).map(({ metric }) => metric);
    const dashboard = new Dashboard(this, 'overview', {
      dashboardName: `patchbay-${stage.name}-${Stack.of(this).region}`,
      defaultInterval: Duration.hours(12),
    });
    const row = (...widgets: GraphWidget[]) => dashboard.addWidgets(...widgets);

    dashboard.addWidgets(
      new AlarmStatusWidget({
        title: 'Alarms (what to do: infra/runbook.md)',
        alarms: alarms.watched.map(({ alarm }) => alarm),
        width: 24,
        height: 4,
      }),
    );
    dashboard.addWidgets(new TextWidget({ markdown: '## Providers', width: 24, height: 1 }));
    row(
      graph('Calls by provider', [summed('CallAttempt', 'provider')]),
      graph('Calls that did not succeed, by provider', [missed('CallAttempt', 'succeeded')]),
      graph('Latency of calls, ms', [spread('CallLatency', 'p50'), spread('CallLatency', 'p99')]),
    );
    row(
      graph('Calls by outcome', [summed('CallAttempt', 'outcome')]),
      graph('Calls that were told to wait', [summed('CallDeferred', 'provider')]),
      graph('Circuits that opened', [summed('CircuitOpened', 'provider', 'outcome')]),
    );
    row(
      graph('Webhooks taken in', [summed('WebhookAccepted', 'provider')]),
      graph('Webhooks refused', [summed('WebhookRefused', 'provider', 'outcome')]),
      graph('Events, and what their handlers did', [
        summed('WebhookEvent', 'outcome'),
        summed('WebhookHandled', 'outcome'),
      ]),
    );
    row(
      graph('Connections that need a new authorization', [summed('NeedsReauth', 'provider', 'outcome')]),
      graph('Token refreshes', [summed('TokenRefreshed', 'provider', 'outcome')]),
      graph('Grants that were to be ended', [summed('Revocation', 'provider', 'outcome')]),
    );
    row(
      graph('Syncs: runs and records', [summed('SyncRun', 'provider', 'outcome'), summed('SyncRecords', 'provider')]),
      graph('How late the latest sync runs, ms', [largest('SyncLag', 'provider')]),
      graph('Webhook subscriptions that are kept alive', [summed('WebhookSubscription', 'provider', 'outcome')]),
    );
    dashboard.addWidgets(new TextWidget({ markdown: '## The hub', width: 24, height: 1 }));
    const { requests, refused, faults, p50, p99 } = api.metrics;
    row(
      graph('HTTP requests, refusals (4xx), faults (5xx)', [requests, refused, faults]),
      graph('HTTP latency, ms', [p50, p99]),
      graph('Oldest message of each queue, s', watched('waiting-messages')),
    );
    row(
      graph('Deliveries by outcome', [summed('Delivery', 'outcome')]),
      graph('Latency of deliveries, ms', [spread('DeliveryLatency', 'p50'), spread('DeliveryLatency', 'p99')]),
      graph('Audit entries that were lost', watched('lost-audit')),
    );
    row(
      graph('Given up', watched('dead-letters')),
      graph('Throttled functions', watched('throttling')),
      graph('Keys that asked for another tenant', watched('foreign-tenant')),
    );
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, ...size, leftYAxis: { min: 0, showUnits: false } });
}

/** The dimensions that a metric is measured by, beside the service; a query must name them all. */
const measuredBy = {
  CallAttempt: ['provider', 'outcome'],
  CallDeferred: ['provider'],
  CallLatency: ['provider'],
  CircuitOpened: ['provider', 'outcome'],
  WebhookAccepted: ['provider', 'outcome'],
  WebhookRefused: ['provider', 'outcome'],
  WebhookEvent: ['provider', 'outcome'],
  WebhookHandled: ['provider', 'outcome'],
  NeedsReauth: ['provider', 'outcome'],
  TokenRefreshed: ['provider', 'outcome'],
  SyncRun: ['provider', 'outcome'],
  SyncRecords: ['provider'],
  SyncLag: ['provider'],
  Revocation: ['provider', 'outcome'],
  WebhookSubscription: ['provider', 'outcome'],
  Delivery: ['outcome'],
  DeliveryLatency: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type Shown = keyof typeof measuredBy;

type By = readonly ('provider' | 'outcome')[];

/** Returns how often, or how much, within 5 minutes: a line for each value of the dimensions. */
function summed(metric: Shown, ...by: By): IMetric {
  return grouped('SUM', metric, by);
}

/** Returns the greatest value within 5 minutes: a line for each value of the dimensions. */
function largest(metric: Shown, ...by: By): IMetric {
  return grouped('MAX', metric, by);
}

function grouped(statistic: 'SUM' | 'MAX', metric: Shown, by: By): IMetric {
  const schema = ['Patchbay', 'service', ...measuredBy[metric]].join(', ');
  return new MathExpression({
    expression: `SELECT ${statistic}(${metric}) FROM SCHEMA(${schema}) GROUP BY ${by.join(', ')}`,
    label: '',
    period,
  });
}

/** Returns how often it came to anything but this outcome within 5 minutes: a line for each provider. */
function missed(metric: Shown, outcome: string): IMetric {
  const schema = ['Patchbay', 'service', ...measuredBy[metric]].join(', ');
  return new MathExpression({
    expression: `SELECT SUM(${metric}) FROM SCHEMA(${schema}) WHERE outcome != '${outcome}' GROUP BY provider`,
    label: '',
    period,
  });
}

/** Returns a percentile, a line for each provider: queries know none, searches do. */
function spread(metric: Shown, percentile: 'p50' | 'p99'): IMetric {
  const schema = ['Patchbay', 'service', ...measuredBy[metric]].join(',');
  return new MathExpression({
    expression: `SEARCH('{${schema}} MetricName="${metric}"', '${percentile}', ${period.toSeconds()})`,
    label: percentile,
    period,
  });
}
