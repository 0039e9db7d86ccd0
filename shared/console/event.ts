import { type Fill, type Html, html, type Page } from '../core/html.ts';
import { UNROUTED } from '../core/keys.ts';
import { addresses } from './addresses.ts';
import { type Crumbs, type Desk, frame } from './frame.ts';
import { act, acts, choices, code, facts, link, more, notice, section, table, tag, when } from './parts.ts';
import { payloadSection } from './payload.ts';
import type { EventView, Listed, ReplayView } from './views.ts';

export interface EventDetails {
  readonly tenant: string;
  readonly event: EventView;
  /** Only where it was asked for. */
  readonly payload?: { readonly value: unknown };
  /** A replay that was begun a moment ago. */
  readonly begun?: string;
}

export interface Events {
  readonly tenant: string;
  readonly outcome?: string;
  readonly events: Listed<EventView>;
  readonly replays: readonly ReplayView[];
}

/** Returns one event that a provider sent, and what became of it. */
export function eventPage(desk: Desk, { tenant, event, payload, begun }: EventDetails): Page {
  const { id, provider, type, outcome, connection, receivedAt, occurredAt, handlers = [] } = event;
  const named = { provider, event: id };
  const here = addresses.events(tenant, named);
  const replay = act({ at: here, csrf: desk.csrf, action: 'replay', label: 'Replay this event', kind: 'go' });
  const can = tenant !== UNROUTED && outcome !== 'conflicting';
  return frame(
    desk,
    `Event ${type}`,
    [...crumbsTo(tenant), ['Events', addresses.events(tenant)]],
    html`${begun === undefined ? undefined : notice('good', html`It is being told again, as replay <code>${begun}</code>.`)}
${facts({
  Outcome: tag(outcome),
  Id: code(id),
  Provider: provider,
  Connection: connection === undefined ? 'none' : link(addresses.connection(tenant, connection), connection),
  Received: when(receivedAt, desk.nowMs),
  Happened: when(occurredAt, desk.nowMs),
})}
${acts([can ? replay : undefined])}
${section('handlers', 'Handlers', handlerTable(desk, handlers))}
${payloadSection('What the provider sent', payload, {
  shown: addresses.events(tenant, { ...named, show: 'payload' }),
  hidden: here,
})}`,
  );
}

function handlerTable({ nowMs }: Desk, handlers: NonNullable<EventView['handlers']>): Html {
  const rows = handlers.map(({ name, outcome, tries, at, error, replay }): Fill[] => [
    name,
    tag(outcome),
    tries,
    when(at, nowMs),
    error,
    replay === undefined ? undefined : code(replay),
  ]);
  return table(
    'handlers',
    ['Handler', 'Outcome', 'Tries', 'Last try', 'Failed with', 'Replay'],
    rows,
    'No handler is registered for it: it was kept, and told on the bus.',
  );
}

/** What events may be narrowed to. */
export const outcomes = ['routed', 'handled', 'ignored', 'failed', 'conflicting'] as const;

/** Returns the tenant's events, newest first, and the replays of them. */
export function eventsPage(desk: Desk, { tenant, outcome, events, replays }: Events): Page {
  const own = tenant !== UNROUTED;
  const ways = Object.fromEntries(outcomes.map((one) => [one, addresses.events(tenant, { outcome: one })]));
  return frame(
    desk,
    own ? 'Events' : 'Events that no connection claims',
    crumbsTo(tenant),
    html`${own ? choices('Outcome', { all: addresses.events(tenant), ...ways }, outcome ?? 'all') : undefined}
${section('events', outcome === undefined ? 'Newest first' : `Outcome ${outcome}, newest first`, [
  eventTable(desk, 'events', tenant, events.items, 'None within the last 90 days.'),
  more(events.cursor && addresses.events(tenant, { outcome, cursor: events.cursor })),
])}
${own ? section('replays', 'Replays', replayTable(desk, tenant, replays)) : undefined}`,
  );
}

/** Returns events as rows, under the heading of this id. */
export function eventTable(
  { nowMs }: Desk,
  heading: string,
  tenant: string,
  events: readonly EventView[],
  none: string,
): Html {
  const rows = events.map(({ id, provider, type, outcome, connection, receivedAt }): Fill[] => [
    when(receivedAt, nowMs),
    link(addresses.events(tenant, { provider, event: id }), type),
    connection ?? provider,
    tag(outcome),
  ]);
  return table(heading, ['Received', 'Type', 'From', 'Outcome'], rows, none);
}

function replayTable({ nowMs, csrf }: Desk, tenant: string, replays: readonly ReplayView[]): Html {
  const rows = replays.map(({ id, status, replayed, rate, filter, createdAt }): Fill[] => [
    when(createdAt, nowMs),
    code(id),
    Object.entries(filter).map(([name, value]) => html`${name} ${String(value)}; `),
    tag(status),
    `${replayed}, ${rate} a second`,
    status === 'running'
      ? act({
          ...{ at: addresses.events(tenant), csrf, action: 'cancel-replay', label: 'Cancel', about: id },
          ...{ fields: { replay: id }, kind: 'danger' },
        })
      : undefined,
  ]);
  return table(
    'replays',
    ['Begun', 'Id', 'Of', 'State', 'Told again', 'Action'],
    rows,
    'None within the last 90 days.',
  );
}

function crumbsTo(tenant: string): Crumbs {
  return tenant === UNROUTED ? [] : [[tenant, addresses.tenant(tenant)]];
}
