import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

const metrics = new Metrics();

/** The hub's metrics, by provider and outcome; never by tenant: each dimension value is a metric that is paid for. */
export type MetricName =
  | 'WebhookAccepted'
  | 'WebhookRefused'
  | 'WebhookEvent'
  | 'CallAttempt'
  | 'CallLatency'
  | 'CallDeferred'
  | 'TokenRefreshed'
  | 'NeedsReauth'
  | 'Revocation'
  | 'SyncRun'
  | 'SyncRecords';

/** Adds one measurement (EMF), written when the invocation ends. */
export function measure(
  name: MetricName,
  dimensions: { readonly provider?: string; readonly outcome?: string },
  value = 1,
  unit: 'Count' | 'Milliseconds' = 'Count',
): void {
  const single = metrics.singleMetric();
  if (dimensions.provider) single.addDimension('provider', dimensions.provider);
  if (dimensions.outcome) single.addDimension('outcome', dimensions.outcome);
  single.addMetric(name, MetricUnit[unit], value);
}
