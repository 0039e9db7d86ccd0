import { createHash } from 'node:crypto';
import { iso } from '../core/clock.ts';
import { lengthPrefixed } from '../core/crypto.ts';
import { hubEvent } from '../core/event.ts';
import { type ConnectionId, connectionRef } from '../core/ids.ts';
import { parseJson } from '../core/json.ts';
import type { ProviderEvent } from './split.ts';

/** `conflicting`: the provider had sent another body under the same id. */
export type Outcome = 'routed' | 'unrouted' | 'conflicting';

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
  readonly connection?: ConnectionId;
  readonly outcome: Outcome;
  readonly bodyHash: string;
  /** The request that brought it: when the same one is processed again, its event may not be on the bus yet. */
  readonly requestId: string;
  readonly content: Content;
}

/** The event's data as JSON text, or where it lies in the payload bucket. */
export type Content = { readonly json: string } | { readonly object: string; readonly bytes: number };

/** Returns the event for one owner; its content is filled in once it is known where it lies. */
export function inboxEvent(
  event: ProviderEvent,
  from: { readonly provider: string; readonly receivedAtMs: number; readonly requestId: string },
  owner: { readonly tenantId: string; readonly connection?: ConnectionId },
  content: Content,
): InboxEvent {
  const { id, type, occurredAtMs, bodyHash } = event;
  const outcome = owner.connection ? 'routed' : 'unrouted';
  return { id, type, occurredAtMs, bodyHash, ...from, ...owner, outcome, content };
}

/** Returns the same event under an id of its own: its body is not the one that is kept under that id. */
export function conflicting(event: InboxEvent): InboxEvent {
  return { ...event, id: `${event.id}#${event.bodyHash}`, outcome: 'conflicting' };
}

/** Returns what the bus is told: the same event, with the same id, however often. `data` is null where it is too
 *  large for the bus. */
export function announce(event: InboxEvent) {
  const { tenantId: tenant, provider, connection, type } = event;
  const about = { tenant, provider, connection, id: stableId([tenant, provider, event.id, event.outcome]) };
  const moment = { nowMs: event.receivedAtMs, token: noChance };
  if (event.outcome === 'conflicting') return hubEvent('webhook.conflicting', about, { event: event.id, type }, moment);
  const data = 'json' in event.content ? parseJson(event.content.json) : null;
  return hubEvent('webhook.received', about, { event: event.id, type, data }, moment);
}

/** Returns what the bus is told of a connection that this event ends. */
export function announceEnd(
  { tenantId: tenant, id, receivedAtMs }: InboxEvent,
  connection: ConnectionId,
  reason: string,
) {
  const about = { tenant, connection, id: stableId([tenant, connection.provider, connection.name, id, reason]) };
  return hubEvent('connection.needs_reauth', about, { reason }, { nowMs: receivedAtMs, token: noChance });
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
  const { id, provider, type, receivedAtMs, occurredAtMs, connection, outcome } = event;
  return {
    ...{ id, provider, type },
    receivedAt: iso(receivedAtMs),
    ...(occurredAtMs !== undefined && { occurredAt: iso(occurredAtMs) }),
    ...(connection && { connection: connectionRef(connection) }),
    outcome,
    data,
  };
}
