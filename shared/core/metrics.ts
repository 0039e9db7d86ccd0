import { realMoment } from './clock.ts';
import { readMetricsPlace } from './env.ts';

const { namespace, service, off } = readMetricsPlace();

/** The hub's metrics, by provider and outcome; never by tenant: each dimension value is a metric that is paid for. */
export type MetricName =
  | 'WebhookAccepted'
  | 'WebhookRefused'
  | 'WebhookEvent'
  | 'WebhookHandled'
  | 'WebhookSubscription'
  | 'CallAttempt'
  | 'CallLatency'
  | 'CallDeferred'
  | 'CircuitOpened'
  | 'TokenRefreshed'
  | 'NeedsReauth'
  | 'GenerationRegression'
  | 'Revocation'
  | 'SyncRun'
  | 'SyncRecords'
  | 'SyncLag'
  | 'SyncFailing'
  | 'Delivery'
  | 'DeliveryLatency'
  | 'SubscriptionDisabled'
  | 'AuditLost'
  | 'ForeignTenant';

/** Writes one measurement, under the function's feature: a line of CloudWatch's embedded metric format. */
export function measure(
  name: MetricName,
  { provider, outcome }: { readonly provider?: string; readonly outcome?: string },
  value = 1,
  unit: 'Count' | 'Milliseconds' = 'Count',
): void {
  if (off) return;
  const dimensions = { service, ...(provider && { provider }), ...(outcome && { outcome }) };
  const metric = { Namespace: namespace, Dimensions: [Object.keys(dimensions)], Metrics: [{ Name: name, Unit: unit }] };
  const line = { _aws: { Timestamp: realMoment.nowMs, CloudWatchMetrics: [metric] }, ...dimensions, [name]: value };
  process.stdout.write(`${JSON.stringify(line)}\n`); // not by `console`: Lambda puts words of its own around its lines
}
