import { type Fill, type Html, html, type Page } from '../core/html.ts';
import { addresses } from './addresses.ts';
import { type Desk, frame } from './frame.ts';
import { act, acts, choices, code, facts, more, notice, section, table, tag, when } from './parts.ts';
import type { DeliveryView, Listed, SubscriptionView } from './views.ts';

export interface SubscriptionDetails {
  readonly subscription: SubscriptionView;
  readonly status?: string;
  readonly deliveries: Listed<DeliveryView>;
  /** Whether the beginnings of refusing answers were asked for. */
  readonly answers: boolean;
  /** What was done a moment ago. */
  readonly done?: string;
}

const statuses = ['pending', 'held', 'exhausted', 'delivered'] as const;

/** Returns a subscription, how it fares, and the log of what was sent to it. */
export function subscriptionPage(
  desk: Desk,
  { subscription, status, deliveries, answers, done }: SubscriptionDetails,
): Page {
  const { id, url, types, tenants, perSecond, enabled, failingSince, createdAt } = subscription;
  const { csrf, nowMs } = desk;
  const here = addresses.subscription(id);
  const shown = answers ? 'payload' : undefined;
  const ways = Object.fromEntries(
    statuses.map((one) => [one, addresses.subscription(id, { status: one, show: shown })]),
  );
  return frame(
    desk,
    'Subscription',
    [],
    html`${done === undefined ? undefined : notice('good', done)}
${facts({
  State: subscriptionState(subscription),
  'Nothing accepted since': when(failingSince, nowMs),
  To: url,
  Id: code(id),
  Events: types.join(', '),
  Tenants: tenants?.join(', ') ?? 'all',
  'At most': `${perSecond} a second`,
  Created: when(createdAt, nowMs),
})}
${acts(
  enabled
    ? [
        act({ at: here, csrf, action: 'test', label: 'Send a test event', kind: 'go' }),
        act({ at: here, csrf, action: 'pause', label: 'Pause', kind: 'danger' }),
      ]
    : [act({ at: here, csrf, action: 'enable', label: 'Enable, and send what is held', kind: 'go' })],
)}
${section('deliveries', 'Deliveries, newest first', [
  choices('Status', { all: addresses.subscription(id, { show: shown }), ...ways }, status ?? 'all'),
  deliveryTable(desk, subscription, deliveries.items, answers),
  html`<p class="more"><a href="${addresses.subscription(id, { status, show: answers ? undefined : 'payload' })}">${answers ? 'Hide' : 'Show'} what the receiver answered</a></p>`,
  more(deliveries.cursor && addresses.subscription(id, { status, show: shown, cursor: deliveries.cursor })),
])}`,
  );
}

function deliveryTable(
  { nowMs, csrf }: Desk,
  { id, enabled }: SubscriptionView,
  deliveries: readonly DeliveryView[],
  answers: boolean,
): Html {
  const rows = deliveries.map(({ event, type, tenant, status, attempts, nextAttemptAt, createdAt }): Fill[] => [
    when(createdAt, nowMs),
    html`${type} <small><code>${event}</code></small>`,
    tenant,
    html`${tag(status)}${nextAttemptAt && html` <small>next ${when(nextAttemptAt, nowMs)}</small>`}`,
    attempts.length === 0 ? 'none' : attemptList(attempts, answers, nowMs),
    enabled && status !== 'pending'
      ? act({
          ...{ at: addresses.subscription(id), csrf, action: 'again', label: 'Send again', about: event },
          fields: { event },
        })
      : undefined,
  ]);
  return table(
    'deliveries',
    ['Created', 'Event', 'Tenant', 'Status', 'Attempts', 'Action'],
    rows,
    'None on this page.',
  );
}

function attemptList(attempts: DeliveryView['attempts'], answers: boolean, nowMs: number): Html {
  const last = attempts.at(-1);
  const summary = html`${attempts.length}, last ${last?.status ?? last?.error} `;
  return html`<details><summary>${summary}</summary>${attempts.map(
    ({ at, ms, status, error, answer }) =>
      html`<p>${when(at, nowMs)} ${ms} ms ${status} ${error}${answers && answer ? html`<br><code>${answer}</code>` : undefined}</p>`,
  )}</details>`;
}

/** Returns how a subscription fares. */
export function subscriptionState({ enabled, reason = 'paused', failingSince }: SubscriptionView): Html {
  if (!enabled) return html`${tag(reason)} <small>disabled: its events are held</small>`;
  return failingSince === undefined ? tag('enabled') : html`${tag('failing')} <small>nothing is accepted</small>`;
}
