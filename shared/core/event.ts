import * as z from 'zod';
import { type ConnectionId, connectionRef, newId } from './ids.ts';
import { currentRequest } from './log.ts';

/** Rises when a field goes or changes its meaning. New fields and new types come without: readers pass over them. */
export const EVENT_VERSION = 1;

interface EventKind {
  /** When it is told. */
  readonly says: string;
  readonly data: z.ZodObject;
  readonly example: Readonly<Record<string, unknown>>;
}

const contact = { id: 'c1', name: 'Ada Lovelace', email: 'ada@people.example' } as const;

/** Everything the hub tells the owner, and its own features tell each other. A new kind is one entry here. */
export const hubEvents = {
  'tenant.removing': {
    says: 'A tenant is being erased: nobody acts in its name any more.',
    data: z.object({}),
    example: {},
  },
  'tenant.disconnected': {
    says: 'All connections of a tenant that is being erased were disconnected. `since` is when its erasure began.',
    data: z.object({ since: z.string() }),
    example: { since: '2026-11-20T09:30:00.000Z' },
  },
  'tenant.removed': {
    says: 'A tenant was erased.',
    data: z.object({}),
    example: {},
  },
  'connection.activated': {
    says: 'An account was connected, or connected again; `kind` is by which way, `mock` where it has no account.',
    data: z.object({
      account: z.string(),
      kind: z.string().optional(),
      scopes: z.array(z.string()),
      reconnected: z.boolean(),
    }),
    example: { account: 'T0123456789', kind: 'oauth2', scopes: ['chat:write'], reconnected: false },
  },
  'connection.needs_reauth': {
    says: 'A connection does not work any more until its end user connects again.',
    data: z.object({ reason: z.string() }),
    example: { reason: 'revoked' },
  },
  'connection.removed': {
    says: 'A connection was disconnected; `revocation` is what became of its grant at the provider.',
    data: z.object({ revocation: z.enum(['revoked', 'pending', 'parked', 'none', 'shared']) }),
    example: { revocation: 'revoked' },
  },
  'webhook.received': {
    says: "A provider's webhook came in, verified, for the first time, or was `replayed`. `event` is the provider's id of it.",
    data: z.object({
      event: z.string(),
      type: z.string(),
      data: z.unknown(),
      replayed: z.boolean().optional(),
      replay: z.string().optional(),
    }),
    example: { event: 'Ev0123456789', type: 'message', data: { text: 'Hello' } },
  },
  'webhook.fanned_out': {
    says: 'An event went to each of several tenants, who have connected the same account. For the owner alone.',
    data: z.object({ event: z.string(), type: z.string(), tenants: z.array(z.string()) }),
    example: { event: 'Ev0123456789', type: 'message', tenants: ['acme', 'globex'] },
  },
  'webhook.conflicting': {
    says: 'A provider sent another body under the id of an event that is known.',
    data: z.object({ event: z.string(), type: z.string() }),
    example: { event: 'Ev0123456789#5d41402a', type: 'message' },
  },
  'webhook.subscription_failing': {
    says: 'What the hub subscribed to for a connection cannot be kept alive at present; it goes on trying.',
    data: z.object({
      endpoint: z.string(),
      subscription: z.string(),
      code: z.string(),
      endsAt: z.string().optional(),
    }),
    example: {
      endpoint: 'mPpvU3zYVRTbT0FqBq8kGUpDn1lFhBEqkbo2dNuc7hI',
      ...{ subscription: 'calendar', code: 'forbidden', endsAt: '2026-11-27T10:00:00.000Z' },
    },
  },
  'call.succeeded': {
    says: 'A call to a provider succeeded.',
    data: z.object({ call: z.string() }),
    example: { call: 'call_01k9w2v3x4y5z6a7b8c9d0e1f2' },
  },
  'call.failed': {
    says: 'A call to a provider has ended, and not well: `failed`, `outcome_unknown` or `expired`.',
    data: z.object({ call: z.string(), status: z.string(), code: z.string() }),
    example: { call: 'call_01k9w2v3x4y5z6a7b8c9d0e1f2', status: 'failed', code: 'http_500' },
  },
  'record.created': {
    says: "An object is new in the live copy of a provider's model.",
    data: z.object({ model: z.string(), id: z.string(), data: z.unknown() }),
    example: { model: 'contacts', id: contact.id, data: contact },
  },
  'record.updated': {
    says: 'An object of the live copy changed.',
    data: z.object({ model: z.string(), id: z.string(), data: z.unknown() }),
    example: { model: 'contacts', id: contact.id, data: { ...contact, name: 'Ada King' } },
  },
  'record.deleted': {
    says: 'An object of the live copy is gone at the provider.',
    data: z.object({ model: z.string(), id: z.string() }),
    example: { model: 'contacts', id: contact.id },
  },
  'subscription.disabled': {
    says: "The hub stopped sending to one of the owner's subscriptions; its events are held from now on.",
    data: z.object({ subscription: z.string(), reason: z.enum(['gone', 'failing']) }),
    example: { subscription: 'sub_01k9w2v3x4y5z6a7b8c9d0e1f2', reason: 'failing' },
  },
  'subscription.test': {
    says: 'The owner asked for a test of one subscription; it goes to that one alone.',
    data: z.object({ subscription: z.string() }),
    example: { subscription: 'sub_01k9w2v3x4y5z6a7b8c9d0e1f2' },
  },
} as const satisfies Record<string, EventKind>;

export type HubEventType = keyof typeof hubEvents;

export interface HubEvent<Type extends HubEventType = HubEventType> {
  readonly id: string;
  readonly type: Type;
  /** Of this shape: `EVENT_VERSION`. */
  readonly version: number;
  /** ISO 8601 UTC. */
  readonly time: string;
  /** Whose it is; `_unrouted` for webhooks that no connection claims, `_owner` for the owner's own matters. */
  readonly tenant: string;
  readonly provider?: string;
  /** The connection as paths spell it: `slack`, `slack:sales`. */
  readonly connection?: string;
  /** Of the request that led to it; the hub's log has it. */
  readonly requestId?: string;
  readonly data: z.infer<(typeof hubEvents)[Type]['data']>;
}

/** The event as it arrives from the bus, checked: `detail` of an EventBridge event. */
export const HubEventMessage = z.object({
  id: z.string(),
  type: z.enum(Object.keys(hubEvents) as [HubEventType, ...HubEventType[]]),
  version: z.number().default(EVENT_VERSION),
  time: z.string(),
  tenant: z.string(),
  provider: z.string().optional(),
  connection: z.string().optional(),
  requestId: z.string().optional(),
  data: z.record(z.string(), z.unknown()),
});

/** Returns one event, ready for the bus. `id` where the same happening must give the same event again. */
export function hubEvent<Type extends HubEventType>(
  type: Type,
  about: {
    readonly tenant: string;
    readonly connection?: ConnectionId;
    readonly provider?: string;
    readonly id?: string;
  },
  data: z.infer<(typeof hubEvents)[Type]['data']>,
  moment: { readonly nowMs: number; token(bytes?: number): string },
): HubEvent<Type> {
  const requestId = currentRequest();
  return {
    id: about.id ?? newId('evt', moment),
    type,
    version: EVENT_VERSION,
    time: new Date(moment.nowMs).toISOString(),
    tenant: about.tenant,
    ...(about.connection && { provider: about.connection.provider, connection: connectionRef(about.connection) }),
    ...(about.provider && { provider: about.provider }),
    ...(requestId !== undefined && { requestId }),
    data,
  };
}
