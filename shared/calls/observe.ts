import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import type { AttemptOutcome, Job } from './attempt.ts';

/** Writes one line on an attempt that was made, and measures it: by provider and outcome, as each value of a metric's
 *  dimension is paid for; operation, method and status stand in the line alone. */
export function observe(job: Job, outcome: Exclude<AttemptOutcome, { kind: 'deferred' }>, ms: number): void {
  const { provider } = job.id;
  measure('CallAttempt', { provider, outcome: outcome.kind });
  measure('CallLatency', { provider }, ms, 'Milliseconds');
  const { status, code, requestId } =
    outcome.kind === 'succeeded' ? { status: outcome.status, code: undefined, requestId: undefined } : outcome.error;
  log.info('a call was tried', {
    ...{ tenant: job.tenantId, provider, connection: job.id.name, call: job.call },
    ...{ operation: operationOf(job), method: job.request.method, attempt: job.attempt ?? 1 },
    ...{ outcome: outcome.kind, status, code, ms, bytes: outcome.bytes, providerRequest: requestId },
  });
}

/** Returns what was called, the same for all its objects: an action's name, or a path of which the first word is left and
 *  whatever may be an id is not. */
export function operationOf({ action, request }: Pick<Job, 'action' | 'request'>): string {
  if (action !== undefined) return action;
  const [first = '', ...rest] = request.path.split('/').slice(1);
  const version = /^v\d{1,2}$/.test(first) ? [first] : [];
  const [word = '', ...ids] = version.length > 0 ? rest : [first, ...rest];
  const named = /^[A-Za-z][A-Za-z_.-]{0,39}$/.test(word) ? word : '{}';
  return `/${[...version, ...(word === '' ? [] : [named]), ...ids.map(() => '{}')].join('/')}`;
}
