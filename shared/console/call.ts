import { type Fill, type Html, html, type Page } from '../core/html.ts';
import { addresses } from './addresses.ts';
import { type Desk, frame } from './frame.ts';
import { act, acts, choices, code, facts, lasting, link, more, notice, section, table, tag, when } from './parts.ts';
import { payloadSection } from './payload.ts';
import type { CallView, Listed } from './views.ts';

export interface CallDetails {
  readonly tenant: string;
  readonly call: CallView;
  /** Only where it was asked for. */
  readonly payload?: { readonly value: unknown };
}

export interface Calls {
  readonly tenant: string;
  readonly status?: string;
  readonly calls: Listed<CallView>;
}

/** Endings that may be tried again by hand, and states that may be ended. */
const retried = ['failed', 'outcome_unknown', 'expired'];
const cancelled = ['queued', 'waiting'];
const filters = [
  'failed',
  'outcome_unknown',
  'expired',
  'waiting',
  'queued',
  'running',
  'succeeded',
  'cancelled',
] as const;

/** Returns one call with every attempt on record. */
export function callPage(desk: Desk, { tenant, call, payload }: CallDetails): Page {
  const { id, status, connection, action, error, attempts, createdAt, expiresAt, nextAttemptAt } = call;
  const { nowMs, csrf } = desk;
  const here = addresses.calls(tenant, { call: id });
  return frame(
    desk,
    action === undefined ? 'Call' : `Call ${action}`,
    [
      [tenant, addresses.tenant(tenant)],
      ['Calls', addresses.calls(tenant)],
    ],
    html`${facts({
      Status: tag(status),
      Error: error && html`<b>${error.code}</b> ${error.message}`,
      'Provider’s request': error?.requestId && code(error.requestId),
      Id: code(id),
      Connection: link(addresses.connection(tenant, connection), connection),
      Action: action ?? 'none: a raw request, or GraphQL',
      Mocked: call.mocked ? 'yes: the result is the action’s example' : undefined,
      Created: when(createdAt, nowMs),
      'Next attempt': when(nextAttemptAt, nowMs),
      Expires: nextAttemptAt === undefined ? undefined : when(expiresAt, nowMs),
    })}
${status === 'outcome_unknown' ? notice('warn', 'The provider may have done it. Look there first: another try may do it twice.') : undefined}
${acts([
  retried.includes(status) ? act({ at: here, csrf, action: 'retry', label: 'Try again', kind: 'go' }) : undefined,
  cancelled.includes(status)
    ? act({ at: here, csrf, action: 'cancel', label: 'Cancel the call', kind: 'danger' })
    : undefined,
])}
${section('attempts', 'Attempts', attemptTable(desk, attempts))}
${payloadSection('What was asked, and what the provider answered', payload, {
  shown: addresses.calls(tenant, { call: id, show: 'payload' }),
  hidden: here,
})}`,
  );
}

function attemptTable({ nowMs }: Desk, attempts: CallView['attempts']): Html {
  const rows = attempts.map(({ at, ms, status, error }): Fill[] => [
    when(at, nowMs),
    `${ms} ms`,
    status,
    error ? html`<b>${error.code}</b> ${error.message}` : tag('succeeded'),
    error?.retryAfter === undefined ? undefined : lasting(error.retryAfter),
  ]);
  return table('attempts', ['At', 'Took', 'HTTP', 'Outcome', 'Retry after'], rows, 'None yet.');
}

/** Returns the tenant's calls, newest first. */
export function callsPage(desk: Desk, { tenant, status, calls }: Calls): Page {
  const ways = Object.fromEntries(filters.map((one) => [one, addresses.calls(tenant, { status: one })]));
  return frame(
    desk,
    'Calls',
    [[tenant, addresses.tenant(tenant)]],
    html`${choices('Status', { all: addresses.calls(tenant), ...ways }, status ?? 'all')}
${section('calls', status === undefined ? 'Newest first' : `Status ${status}, newest first`, [
  callTable(desk, 'calls', tenant, calls.items, 'None on this page.'),
  more(calls.cursor && addresses.calls(tenant, { status, cursor: calls.cursor })),
])}`,
  );
}

/** Returns calls as rows, under the heading of this id. */
export function callTable(
  { nowMs }: Desk,
  heading: string,
  tenant: string,
  calls: readonly CallView[],
  none: string,
): Html {
  const rows = calls.map(({ id, action, connection, status, error, createdAt, attempts }): Fill[] => [
    when(createdAt, nowMs),
    link(addresses.calls(tenant, { call: id }), action ?? 'request'),
    connection,
    html`${tag(status)}${error && html` <small>${error.code}</small>`}`,
    attempts.length,
  ]);
  return table(heading, ['Created', 'Call', 'Connection', 'Status', 'Attempts'], rows, none);
}
