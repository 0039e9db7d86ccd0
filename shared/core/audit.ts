import * as z from 'zod';
import { sha256 } from './crypto.ts';
import type { HubEventMessage, HubEventType } from './event.ts';
import { type ConnectionId, connectionRef, newId } from './ids.ts';
import { OWNER } from './keys.ts';

/** What the entry of a contract may say that its function does. `makes`: what the answer's `id` names. `failsClosed`:
 *  nothing is handed out unless the entry stands. */
export const auditedActs = {
  'tenant.created': { makes: 'tenant' },
  'tenant.changed': {},
  'tenant.erasure_begun': {},
  'key.created': { makes: 'key' },
  'key.revoked': {},
  'session.created': { makes: 'session' },
  'link.started': {},
  'oauth.completed': {},
  'connection.confirmed': {},
  'connection.created': {},
  'connection.disconnected': {},
  'connections.disconnected': {},
  'data_keys.rotated': {},
  'token.exported': { failsClosed: true },
  'endpoint.created': { makes: 'endpoint' },
  'endpoint.rotated': {},
  'endpoint.removed': {},
  'replay.started': { makes: 'replay' },
  'replay.cancelled': {},
  'call.retried': {},
  'call.cancelled': {},
  'calls.redriven': {},
  'sync.changed': {},
  'sync.started': {},
  'subscription.created': { makes: 'subscription' },
  'subscription.changed': {},
  'subscription.rotated': {},
  'subscription.removed': {},
  'subscription.resent': {},
  'console.signed_in': {},
} as const satisfies Readonly<Record<string, { readonly makes?: keyof Target; readonly failsClosed?: true }>>;

export type AuditedAct = keyof typeof auditedActs;

/** What a contract says: one act, or several of which the function names one each time; or that none is done. */
export type Audited = AuditedAct | readonly AuditedAct[] | undefined;

/** What the hub does by itself: the entries are made of its own events. */
export const auditedEvents = [
  'connection.activated',
  'connection.needs_reauth',
  'connection.removed',
  'subscription.disabled',
  'tenant.removed',
] as const satisfies readonly HubEventType[];

/** Who did it. An API key by its id, an end user by the connect session; of a caller with IAM, CloudTrail knows more, under
 *  the same request id. */
export interface Actor {
  readonly kind: 'operator' | 'key' | 'end_user' | 'iam' | 'hub';
  readonly id?: string;
}

/** Whom or what it was done to, by ids alone: no secret, no body, no text of anybody's. */
export interface Target {
  readonly tenant?: string;
  readonly provider?: string;
  /** As paths spell it. */
  readonly connection?: string;
  readonly session?: string;
  readonly key?: string;
  readonly endpoint?: string;
  readonly replay?: string;
  readonly sync?: string;
  readonly call?: string;
  readonly subscription?: string;
  /** The hub's event that tells of it. */
  readonly event?: string;
}

export interface AuditEntry {
  /** Sorts by time. */
  readonly id: string;
  /** `_owner` for what is no tenant's. */
  readonly tenant: string;
  readonly atMs: number;
  readonly action: AuditedAct | (typeof auditedEvents)[number];
  readonly actor: Actor;
  readonly target: Target;
  /** Why nothing, or not all, came of it: a refusal's code. */
  readonly error?: string;
  /** Why the hub did it; of a disconnection, what became of the grant. */
  readonly reason?: string;
  readonly requestId?: string;
}

const Named = z.looseObject({ provider: z.string(), name: z.string().optional() });

/** A path's `link` is a secret, and none of these. */
const named = ['provider', 'session', 'key', 'endpoint', 'replay', 'sync', 'call', 'subscription'] as const;

/** Returns the ids that a request names, in what was parsed of it, and in its answer. */
export function targetOf(act: AuditedAct, given: unknown, body?: unknown, answer?: unknown): Target {
  const { connection, ...ids } = (given ?? {}) as { readonly connection?: ConnectionId } & Record<string, unknown>;
  const { makes } = auditedActs[act] as { readonly makes?: keyof Target };
  const made = makes && (answer as { readonly id?: unknown } | undefined)?.id;
  return {
    ...Object.fromEntries(named.filter((name) => typeof ids[name] === 'string').map((name) => [name, ids[name]])),
    ...(connection ? { connection: connectionRef(connection) } : (connectionIn(answer) ?? connectionIn(body))),
    ...(makes && typeof made === 'string' && { [makes]: made }),
  };
}

function connectionIn(value: unknown): Target | undefined {
  const { data } = Named.safeParse(value);
  if (!data) return undefined;
  const { provider, name } = data;
  return name === undefined ? { provider } : { connection: connectionRef({ provider, name }) };
}

/** Returns the entry of what the hub did by itself; the same event gives the same one. */
export function entryOf(event: HubEvent): AuditEntry | undefined {
  const action = auditedEvents.find((type) => type === event.type);
  if (!action) return undefined;
  const { id, tenant, connection, time } = event;
  const atMs = Date.parse(time);
  const { subscription, reason, revocation } = event.data as Readonly<Record<string, string | undefined>>;
  const why = reason ?? revocation;
  return {
    id: newId('aud', { nowMs: atMs, token: () => sha256(id).slice(0, 22) }),
    ...{ atMs, action, actor: { kind: 'hub' } },
    ...(action === 'tenant.removed' ? { tenant: OWNER } : { tenant }),
    target: {
      event: id,
      ...(action === 'tenant.removed' && { tenant }),
      ...(connection !== undefined && { connection }),
      ...(subscription !== undefined && { subscription }),
    },
    ...(why !== undefined && /^[a-z0-9_]{1,60}$/.test(why) && { reason: why }),
  };
}

type HubEvent = z.output<typeof HubEventMessage>;
