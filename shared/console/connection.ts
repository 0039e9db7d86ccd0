import { type Fill, type Html, html, type Page } from '../core/html.ts';
import { addresses } from './addresses.ts';
import { callTable } from './call.ts';
import { type Desk, frame } from './frame.ts';
import { act, acts, facts, lasting, link, more, notice, section, table, tag, when } from './parts.ts';
import type { CallView, CircuitsView, ConnectionView, EndpointView, SyncView } from './views.ts';

export interface ConnectionDetails {
  readonly tenant: string;
  /** How paths name it. */
  readonly ref: string;
  readonly connection: ConnectionView;
  readonly refresh: Refresh;
  readonly circuits: CircuitsView;
  readonly syncs: readonly SyncView[];
  /** What the hub keeps alive at the provider. */
  readonly subscriptions: readonly EndpointView[];
  readonly calls: readonly CallView[];
  /** The operator is about to disconnect it, and is asked whether. */
  readonly confirming: boolean;
}

/** How the credential is kept alive, without a word of what it is. */
export interface Refresh {
  /** By which of the provider's ways it was connected. */
  readonly way: string;
  /** What the way asks for that is no secret. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly authorizedAt: string;
  readonly refreshAt?: string;
  /** Somebody is at the provider with it. */
  readonly underWay: boolean;
  /** Attempts since the last that succeeded, and when the next may be. */
  readonly failed?: { readonly attempts: number; readonly notBefore?: string; readonly ambiguous: boolean };
  /** A disconnection on its way. */
  readonly removal?: { readonly since: string; readonly attempts: number; readonly nextAt?: string };
}

/** Returns a connection: whose account, how its credential fares, what works on it. */
export function connectionPage(desk: Desk, about: ConnectionDetails): Page {
  const { tenant, ref, connection, refresh, circuits, syncs, subscriptions, calls } = about;
  const { status, reason, account, scopes, mode, expiresAt, createdAt, updatedAt } = connection;
  const { nowMs } = desk;
  return frame(
    desk,
    ref,
    [[tenant, addresses.tenant(tenant)]],
    html`${status === 'needs_reauth' ? notice('bad', html`It does not work until its end user connects again: <b>${reason}</b>.`) : undefined}
${about.confirming ? question(desk, about) : undefined}
${facts({
  Status: html`${tag(status)}${reason && html` <small>${reason}</small>`}`,
  Account: html`<bdi>${account.name ?? account.id}</bdi> <small><code>${account.id}</code></small>`,
  Scopes: scopes.length === 0 ? 'none named' : scopes.join(', '),
  Mode: mode,
  'Connected by': refresh.way,
  ...Object.fromEntries(Object.entries(refresh.settings ?? {}).map(([name, value]) => [`Setting ${name}`, value])),
  Authorized: when(refresh.authorizedAt, nowMs),
  Created: when(createdAt, nowMs),
  Changed: when(updatedAt, nowMs),
})}
${acts([about.confirming || refresh.removal?.nextAt ? undefined : html`<a class="button danger" href="${addresses.connection(tenant, ref, { confirm: 'disconnect' })}">Disconnect …</a>`])}
${section('credential', 'Credential', credentialFacts(refresh, expiresAt, nowMs))}
${section('circuits', 'Circuits', circuitFacts(circuits, nowMs))}
${section('syncs', 'Syncs', syncTable(desk, 'syncs', syncs, tenant, ref))}
${subscriptions.length > 0 ? section('subscriptions', 'Subscriptions at the provider', subscriptionTable(subscriptions, nowMs)) : undefined}
${section('calls', 'Latest calls', [
  callTable(desk, 'calls', tenant, calls, 'None among the latest of the tenant.'),
  more(addresses.calls(tenant), 'All calls of the tenant'),
])}`,
  );
}

function question({ csrf }: Desk, { tenant, ref, connection }: ConnectionDetails): Html {
  const at = addresses.connection(tenant, ref);
  const name = connection.account.name ?? connection.account.id;
  return html`<div class="notice warn" role="alert"><p><b>Disconnect ${ref} (<bdi>${name}</bdi>)?</b> It is unusable from then on. Within a minute
its grant is ended at the provider and its credential erased. Only the end user can connect it again.</p>
<div class="acts">${act({ at, csrf, action: 'disconnect', label: 'Disconnect', about: ref, kind: 'danger' })}<a class="button" href="${at}">Keep it</a></div></div>`;
}

function credentialFacts({ refreshAt, underWay, failed, removal }: Refresh, endsAt: string | undefined, nowMs: number) {
  return facts({
    'Token ends': when(endsAt, nowMs) ?? 'never, as far as the provider says',
    'Refreshed from': when(refreshAt, nowMs) ?? 'it is not refreshed',
    'Under way': underWay ? 'a refresh, at this moment' : undefined,
    'Failed refreshes': failed && html`<b>${failed.attempts}</b>${failed.ambiguous ? ' (an answer was lost)' : ''}`,
    'Next may be': when(failed?.notBefore, nowMs),
    'Disconnected since': when(removal?.since, nowMs),
    'Revocation tried': removal && `${removal.attempts} times`,
    'Tried next': removal && (when(removal.nextAt, nowMs) ?? 'not again, unless it is disconnected once more'),
  });
}

function circuitFacts({ connection, provider }: CircuitsView, nowMs: number): Html {
  const told = ({ state, since, nextTryAt }: CircuitsView['connection']) =>
    html`${tag(state)}${since && html` since ${when(since, nowMs)}`}${nextTryAt && html`, next try ${when(nextTryAt, nowMs)}`}`;
  return facts({ 'Of this connection': told(connection), 'Of the provider': told(provider) });
}

/** Returns syncs as rows, under the heading of this id; those of one connection can be run. */
export function syncTable(
  { nowMs, csrf }: Desk,
  heading: string,
  syncs: readonly (SyncView & { readonly connection?: unknown })[],
  tenant: string,
  ref?: string,
): Html {
  const run = (sync: string, action: string, label: string) =>
    act({ at: addresses.connection(tenant, ref ?? ''), csrf, action, label, about: sync, fields: { sync } });
  const rows = syncs.map((row): Fill[] => {
    const { sync, enabled, status, every, lagS, nextRunAt, records, error, connection } = row;
    return [
      typeof connection === 'string' ? link(addresses.connection(tenant, connection), `${connection}: ${sync}`) : sync,
      enabled ? tag(status) : tag('paused'),
      lagS === undefined ? 'no complete run yet' : lasting(lagS),
      error && html`<b>${error.code}</b> ${error.message} <small>${when(error.at, nowMs)}</small>`,
      html`${when(nextRunAt, nowMs) ?? 'not planned'} <small>every ${lasting(every)}</small>`,
      records,
      ref === undefined || !enabled || status === 'stopped'
        ? undefined
        : acts([run(sync, 'run', 'Run now'), run(sync, 'run-full', 'Read all again')]),
    ];
  });
  const columns = [
    'Sync',
    'State',
    'Behind',
    'Last error',
    'Next run',
    'Records',
    ...(ref === undefined ? [] : ['Action']),
  ];
  const cut = ref === undefined ? rows.map((cells) => cells.slice(0, -1)) : rows;
  return table(heading, columns, cut, 'The provider has none, or none is set up yet.');
}

function subscriptionTable(subscriptions: readonly EndpointView[], nowMs: number): Html {
  const rows = subscriptions.map(({ subscription }): Fill[] => [
    subscription?.kind,
    subscription && tag(subscription.status),
    when(subscription?.endsAt, nowMs),
    subscription?.error?.message,
  ]);
  return table('subscriptions', ['Kind', 'State', 'Ends', 'Last error'], rows, '');
}
