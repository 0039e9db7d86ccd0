import type { AuditEntry } from '../core/audit.ts';
import { iso } from '../core/clock.ts';
import { type Fill, type Html, html, type Page } from '../core/html.ts';
import { addresses } from './addresses.ts';
import { callTable } from './call.ts';
import { syncTable } from './connection.ts';
import { eventTable } from './event.ts';
import { type Desk, frame } from './frame.ts';
import { code, facts, link, more, notice, section, table, tag, when } from './parts.ts';
import type { CallView, ConnectionView, EndpointView, EventView, Listed, SyncView, TenantView } from './views.ts';

export interface TenantOverview {
  /** `status`: whether it is being erased. */
  readonly tenant: TenantView & { readonly status: string };
  readonly connections: Listed<Connected>;
  readonly endpoints: Listed<EndpointView>;
  /** Of the latest, those that did not end well. */
  readonly failedCalls: readonly CallView[];
  readonly failedEvents: readonly EventView[];
  /** Each with its connection. */
  readonly failingSyncs: readonly (SyncView & { readonly connection: string })[];
  readonly calls: readonly CallView[];
  readonly events: readonly EventView[];
  /** Who did what, newest first. */
  readonly activity: readonly AuditEntry[];
}

/** `ref`: how paths name it. */
export type Connected = ConnectionView & { readonly ref: string };

/** Returns a tenant at a glance: what needs somebody first, then all that is there. */
export function tenantPage(desk: Desk, about: TenantOverview): Page {
  const { tenant, connections, endpoints, calls, events } = about;
  const { id } = tenant;
  return frame(
    desk,
    tenant.name,
    [],
    html`${facts({
      State: tenant.status === 'active' ? undefined : tag(tenant.status),
      Id: code(id),
      'Return URLs': tenant.returnUrls.join(', ') || 'none',
      Created: when(tenant.createdAt, desk.nowMs),
    })}
${trouble(desk, about)}
${section('connections', 'Connections', [
  connectionTable(desk, id, connections.items),
  more(connections.cursor && `${addresses.tenant(id)}?${new URLSearchParams({ connections: connections.cursor })}`),
])}
${section('endpoints', 'Webhook endpoints', endpointTable(desk, id, endpoints))}
${section('calls', 'Latest calls', [
  callTable(desk, 'calls', id, calls, 'None within the last 70 days.'),
  more(addresses.calls(id), 'All calls'),
])}
${section('events', 'Latest events', [
  eventTable(desk, 'events', id, events, 'None within the last 90 days.'),
  more(addresses.events(id), 'All events, and replays'),
])}
${section('activity', 'Activity', activityTable(desk, about.activity))}`,
  );
}

/** What nobody mends unless somebody looks. */
function trouble(desk: Desk, { tenant, connections, failedCalls, failedEvents, failingSyncs }: TenantOverview): Html {
  const { id } = tenant;
  const broken = connections.items.filter(({ status }) => status === 'needs_reauth');
  const parts = [
    ...broken.map(({ ref, reason }) =>
      notice(
        'bad',
        html`${link(addresses.connection(id, ref), ref)} needs its end user to connect again${reason && html`: <b>${reason}</b>`}.`,
      ),
    ),
    ...(failingSyncs.length > 0
      ? [section('failing-syncs', 'Syncs that fail', syncTable(desk, 'failing-syncs', failingSyncs, id))]
      : []),
    ...(failedCalls.length > 0
      ? [section('failed-calls', 'Calls that failed', callTable(desk, 'failed-calls', id, failedCalls, ''))]
      : []),
    ...(failedEvents.length > 0
      ? [section('failed-events', 'Events that failed', eventTable(desk, 'failed-events', id, failedEvents, ''))]
      : []),
  ];
  return parts.length > 0 ? html`${parts}` : notice('good', 'Nothing has failed of late.');
}

function connectionTable({ nowMs }: Desk, tenant: string, connections: readonly Connected[]): Html {
  const rows = connections.map(({ ref, status, reason, account, mode, expiresAt, updatedAt }): Fill[] => [
    link(addresses.connection(tenant, ref), ref),
    html`${tag(status)}${reason && html` <small>${reason}</small>`}${mode === 'live' ? undefined : html` ${tag(mode)}`}`,
    html`<bdi>${account.name ?? account.id}</bdi>`,
    when(expiresAt, nowMs),
    when(updatedAt, nowMs),
  ]);
  return table(
    'connections',
    ['Connection', 'Status', 'Account', 'Token ends', 'Changed'],
    rows,
    'None. A connect session brings the first.',
  );
}

function endpointTable({ nowMs }: Desk, tenant: string, { items, cursor }: Listed<EndpointView>): Html {
  const rows = items.map(({ provider, connection, subscription, secrets, createdAt }): Fill[] => [
    provider,
    connection === undefined ? undefined : link(addresses.connection(tenant, connection), connection),
    subscription
      ? html`${subscription.kind} ${tag(subscription.status)} <small>${subscription.error?.message}</small>`
      : 'its own',
    subscription ? when(subscription.endsAt, nowMs) : `${secrets.length} of its sender`,
    when(createdAt, nowMs),
  ]);
  const columns = ['Provider', 'Connection', 'Kind', 'Secrets, or its end', 'Created'];
  return html`${table('endpoints', columns, rows, 'None.')}${cursor && html`<p class="quiet">The API lists the rest.</p>`}`;
}

function activityTable({ nowMs }: Desk, entries: readonly AuditEntry[]): Html {
  const rows = entries.map(({ atMs, action, actor, target, error }): Fill[] => [
    when(iso(atMs), nowMs),
    html`${action}${error && html` ${tag(error)}`}`,
    html`${actor.kind}${actor.id && html` <small><code>${actor.id}</code></small>`}`,
    Object.entries(target).map(([name, value]) => html`<small>${name}</small> <code>${value}</code> `),
  ]);
  return table('activity', ['At', 'Act', 'By', 'To'], rows, 'Nothing within the last 60 days.');
}
