import * as z from 'zod';
import { type ConnectionId, connectionRef, newId } from './ids.ts';

/** Everything the hub tells the owner, and its own features tell each other. A new kind is one line here. */
export const hubEvents = {
  'tenant.removed': z.object({}),
  'connection.activated': z.object({ account: z.string(), scopes: z.array(z.string()), reconnected: z.boolean() }),
  'connection.needs_reauth': z.object({ reason: z.string() }),
  'connection.removed': z.object({ revocation: z.enum(['revoked', 'pending', 'parked', 'none']) }),
  'webhook.received': z.object({ event: z.string(), type: z.string(), data: z.unknown() }),
  'webhook.conflicting': z.object({ event: z.string(), type: z.string() }),
  'call.succeeded': z.object({ call: z.string() }),
  'call.failed': z.object({ call: z.string(), status: z.string(), code: z.string() }),
  'record.created': z.object({ model: z.string(), id: z.string(), data: z.unknown() }),
  'record.updated': z.object({ model: z.string(), id: z.string(), data: z.unknown() }),
  'record.deleted': z.object({ model: z.string(), id: z.string() }),
} as const satisfies Record<string, z.ZodObject>;

export type HubEventType = keyof typeof hubEvents;

export interface HubEvent<Type extends HubEventType = HubEventType> {
  readonly id: string;
  readonly type: Type;
  /** ISO 8601 UTC. */
  readonly time: string;
  readonly tenant: string;
  readonly provider?: string;
  /** The connection as paths spell it: `slack`, `slack:sales`. */
  readonly connection?: string;
  readonly data: z.infer<(typeof hubEvents)[Type]>;
}

/** The event as it arrives from the bus, checked: `detail` of an EventBridge event. */
export const HubEventMessage = z.object({
  id: z.string(),
  type: z.enum(Object.keys(hubEvents) as [HubEventType, ...HubEventType[]]),
  time: z.string(),
  tenant: z.string(),
  provider: z.string().optional(),
  connection: z.string().optional(),
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
  data: z.infer<(typeof hubEvents)[Type]>,
  moment: { readonly nowMs: number; token(bytes?: number): string },
): HubEvent<Type> {
  return {
    id: about.id ?? newId('evt', moment),
    type,
    time: new Date(moment.nowMs).toISOString(),
    tenant: about.tenant,
    ...(about.connection && { provider: about.connection.provider, connection: connectionRef(about.connection) }),
    ...(about.provider && { provider: about.provider }),
    data,
  };
}
