import { createHash } from 'node:crypto';
import { iso } from '../core/clock.ts';
import { lengthPrefixed } from '../core/crypto.ts';
import { hubEvent } from '../core/event.ts';
import { type ConnectionId, connectionRef } from '../core/ids.ts';
import { parseJson } from '../core/json.ts';
import { OWNER, UNROUTED } from '../core/keys.ts';
import type { Outcome } from './contract.ts';
import type { Sealed } from './endpoint.ts';
import { type Handling, untried } from './handling.ts';
import type { ProviderEvent } from './split.ts';

/** One event in one tenant's inbox. */
export interface InboxEvent {
  /** The provider's own id; behind it, where it conflicts, the body's hash. */
  readonly id: string;
  /** A tenant, or `UNROUTED`. */
  readonly tenantId: string;
  readonly provider: string;
  readonly type: string;
  readonly receivedAtMs: number;
  readonly occurredAtMs?: number;
  readonly retries?: number;
  readonly connection?: ConnectionId;
  /** Of one that nobody owns: whose it may be, for when they connect. */
  readonly accountIds?: readonly string[];
  readonly outcome: Outcome;
  /** What became of it at each of its handlers, by name. */
  readonly handling?: Readonly<Record<string, Handling>>;
  /** Counts the changes of `handling`. */
  readonly revision?: number;
  readonly bodyHash: string;
  /** The request that brought it: when the same one is processed again, its event may not be on the bus yet. */
  readonly requestId: string;
  readonly content: Content;
}

/** The event's data as JSON text, or where it lies in the payload bucket; or the request, sealed, that brought a secret. */
export type Content =
  | { readonly json: string }
  | { readonly object: string; readonly bytes: number }
  | { readonly sealed: Sealed };

/** Returns the event for one owner, with the names of the handlers that it has: they work on a connection. What brings a
 *  secret is an event of its own each time, so that it is shown again when it is asked for again. */
export function inboxEvent(
  { id, type, occurredAtMs, retries, bodyHash, accountIds, secret }: ProviderEvent,
  from: { readonly provider: string; readonly receivedAtMs: number; readonly requestId: string },
  owner: { readonly tenantId: string; readonly connection?: ConnectionId },
  content: Content,
  handlers: readonly string[],
): InboxEvent {
  const about = {
    id: secret ? from.requestId : id,
    type,
    occurredAtMs,
    ...(retries && { retries }),
    bodyHash,
    ...from,
    ...owner,
    content,
  };
  if (owner.tenantId === UNROUTED) return { ...about, outcome: 'unrouted', accountIds: secret ? [] : accountIds };
  return {
    ...about,
    outcome: 'routed',
    ...(owner.connection && handlers.length > 0 && { handling: untried(handlers) }),
  };
}

/** Returns an event that was nobody's as its owner's. */
export function rerouted(
  { accountIds: _, ...event }: InboxEvent,
  owner: { readonly tenantId: string; readonly connection: ConnectionId },
  content: Content,
  handlers: readonly string[],
): InboxEvent {
  return {
    ...event,
    ...owner,
    content,
    outcome: 'routed',
    ...(handlers.length > 0 && { handling: untried(handlers) }),
  };
}

/** Returns the same event under an id of its own: its body is not the one that is kept under that id. Nobody handles it. */
export function conflicting({ handling: _, ...event }: InboxEvent): InboxEvent {
  return { ...event, id: `${event.id}#${event.bodyHash}`, outcome: 'conflicting' };
}

/** Returns what the bus is told: the same event, with the same id, however often; with another for each replay. `data` is
 *  null where it is too large for the bus. */
export function announce(event: InboxEvent, replay?: string) {
  const { tenantId: tenant, provider, connection, type, outcome } = event;
  const whether = ['unrouted', 'conflicting'].includes(outcome) ? outcome : 'routed';
  const id = stableId([tenant, provider, event.id, whether, ...(replay === undefined ? [] : [replay])]);
  const about = { tenant, provider, connection, id };
  const moment = { nowMs: event.receivedAtMs, token: noChance };
  if (outcome === 'conflicting') return hubEvent('webhook.conflicting', about, { event: event.id, type }, moment);
  const data = 'json' in event.content ? parseJson(event.content.json) : null;
  const again = replay === undefined ? {} : { replayed: true, replay };
  return hubEvent('webhook.received', about, { event: event.id, type, data, ...again }, moment);
}

/** Returns what the owner alone is told of an event that went to several tenants. */
export function announceFanOut({ id, type, provider, receivedAtMs }: InboxEvent, tenants: readonly string[]) {
  const about = { tenant: OWNER, provider, id: stableId([OWNER, provider, id, ...tenants]) };
  return hubEvent(
    'webhook.fanned_out',
    about,
    { event: id, type, tenants: [...tenants] },
    { nowMs: receivedAtMs, token: noChance },
  );
}

/** Returns an id that the same parts always give. */
function stableId(parts: readonly string[]): string {
  return `evt_${createHash('sha256').update(lengthPrefixed(parts)).digest('hex').slice(0, 32)}`;
}

function noChance(): never {
  throw new Error('the id of an announcement is not chosen by chance');
}

/** Returns the public shape (design §2). */
export function toView(event: InboxEvent, data: unknown) {
  const { id, provider, type, receivedAtMs, occurredAtMs, retries, connection, outcome, handling } = event;
  return {
    ...{ id, provider, type },
    receivedAt: iso(receivedAtMs),
    ...(occurredAtMs !== undefined && { occurredAt: iso(occurredAtMs) }),
    ...(retries && { retries }),
    ...(connection && { connection: connectionRef(connection) }),
    outcome,
    ...(handling && {
      handlers: Object.entries(handling)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, one]) => handlerView(name, one)),
    }),
    data,
  };
}

function handlerView(name: string, { outcome, tries, atMs, error, replay }: Handling) {
  return {
    ...{ name, outcome, tries },
    ...(atMs !== undefined && { at: iso(atMs) }),
    ...(error !== undefined && { error }),
    ...(replay !== undefined && { replay }),
  };
}
