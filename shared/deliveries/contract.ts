import * as z from 'zod';
import type { FeatureContract } from '../core/contract.ts';
import { HubEventMessage, hubEvents } from '../core/event.ts';
import { TenantId } from '../core/ids.ts';
import { page, setting } from '../core/paths.ts';

const SubscriptionId = z.string().regex(/^sub_[a-z0-9]{1,64}$/);
const EventId = z.string().regex(/^[A-Za-z0-9_-]{1,200}$/);

/** A due delivery, handed to a worker. The row holds all else. */
export const DeliveryMessage = z.object({
  subscription: SubscriptionId,
  event: EventId,
  requestId: z.string().optional(),
});
export type DeliveryMessage = z.infer<typeof DeliveryMessage>;

/** `pending`: sent, or on its way to be; `held`: its subscription is disabled; `exhausted`: every attempt failed. */
export const deliveryStatuses = ['pending', 'held', 'delivered', 'exhausted'] as const;

const known = Object.keys(hubEvents);
/** A type of event, all below a word (`connection.*`), or all (`*`). One that nothing could ever match is refused. */
const TypePattern = z
  .string()
  .refine(
    (pattern) => known.some((type) => covers(pattern, type)),
    `* or one of ${known.join(', ')}, or all of a kind: ${[...new Set(known.map((type) => `${type.split('.')[0]}.*`))].join(', ')}`,
  );

/** Returns whether a pattern of event types covers this one. */
export function covers(pattern: string, type: string): boolean {
  return pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)));
}

const Wishes = {
  url: z.string().min(1).max(2_000),
  types: z.array(TypePattern).min(1).max(50),
  tenants: z.array(TenantId).min(1).max(100),
  perSecond: z.number().int().min(1).max(500),
};

const SubscriptionPath = z.object({ subscription: SubscriptionId });
const DELIVERIES_TABLE = setting;

/** Whatever seals or opens signing keys needs these. */
const vaultEnv = { TENANT_KEYS_TABLE: setting, VAULT_KEY_ID: setting } as const;

export const deliveriesContract = {
  'event-types': {
    env: z.object({}),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/event-types'],
      access: 'key',
      summary: "List the hub's events: schema and example of each type",
    },
  },
  subscribe: {
    env: z.object({ ...vaultEnv, STAGE: setting, DELIVERIES_TABLE }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['POST /v1/subscriptions'],
      access: 'operator',
      summary: 'Have events sent to a URL; its signing secret is shown this once',
      audit: 'subscription.created',
      body: z.strictObject({
        url: Wishes.url,
        types: Wishes.types,
        tenants: Wishes.tenants.optional(),
        perSecond: Wishes.perSecond.default(50),
      }),
      status: 201,
    },
  },
  list: {
    env: z.object({ DELIVERIES_TABLE }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/subscriptions'],
      access: 'operator',
      summary: 'List subscriptions',
      query: z.strictObject(page),
    },
  },
  get: {
    env: z.object({ DELIVERIES_TABLE }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/subscriptions/{subscription}'],
      access: 'operator',
      summary: 'Read a subscription and how it fares',
      path: SubscriptionPath,
    },
  },
  update: {
    env: z.object({ STAGE: setting, DELIVERIES_TABLE, DELIVERY_QUEUE_URL: setting }),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['PATCH /v1/subscriptions/{subscription}'],
      access: 'operator',
      summary: 'Change, pause or enable a subscription; what was held meanwhile is sent once it is enabled',
      audit: 'subscription.changed',
      path: SubscriptionPath,
      body: z.strictObject({
        url: Wishes.url.optional(),
        types: Wishes.types.optional(),
        tenants: Wishes.tenants.nullable().optional(),
        perSecond: Wishes.perSecond.optional(),
        enabled: z.boolean().optional(),
      }),
    },
  },
  remove: {
    env: z.object({ DELIVERIES_TABLE }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['DELETE /v1/subscriptions/{subscription}'],
      access: 'operator',
      summary: 'Delete a subscription: nothing is sent to it any more',
      audit: 'subscription.removed',
      path: SubscriptionPath,
      status: 204,
    },
  },
  rotate: {
    env: z.object({ ...vaultEnv, DELIVERIES_TABLE }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['POST /v1/subscriptions/{subscription}/rotate'],
      access: 'operator',
      summary: 'Make new signing keys; the old ones sign beside them for `overlapS` seconds',
      audit: 'subscription.rotated',
      path: SubscriptionPath,
      body: z.strictObject({ overlapS: z.number().int().min(0).max(604_800).default(86_400) }),
    },
  },
  replay: {
    env: z.object({ DELIVERIES_TABLE, DELIVERY_QUEUE_URL: setting }),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['POST /v1/subscriptions/{subscription}/deliveries'],
      access: 'operator',
      summary: 'Send a test event, one event again, or all since a time',
      audit: 'subscription.resent',
      path: SubscriptionPath,
      body: z
        .strictObject({
          test: z.literal(true).optional(),
          event: EventId.optional(),
          since: z.iso.datetime({ offset: true }).optional(),
          status: z.enum(['held', 'delivered', 'exhausted']).optional(),
        })
        .refine(
          ({ test, event, since }) => [test, event, since].filter((way) => way !== undefined).length === 1,
          'exactly one of test, event and since',
        )
        .refine(({ since, status }) => status === undefined || since !== undefined, 'status goes with since'),
      status: 202,
    },
  },
  'list-deliveries': {
    env: z.object({ DELIVERIES_TABLE }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/subscriptions/{subscription}/deliveries'],
      access: 'operator',
      summary: 'List deliveries with their attempts, newest first',
      path: SubscriptionPath,
      query: z.strictObject({ ...page, status: z.enum(deliveryStatuses).optional() }),
    },
  },
  'fan-out': {
    env: z.object({ DELIVERIES_TABLE, DELIVERY_QUEUE_URL: setting }),
    timeoutS: 60,
    entry: { kind: 'queue', message: HubEventMessage, batchSize: 10 },
  },
  send: {
    env: z.object({
      ...vaultEnv,
      STAGE: setting,
      BUS_NAME: setting,
      DELIVERIES_TABLE,
      LIMITS_TABLE: setting,
      DELIVERY_QUEUE_URL: setting,
    }),
    timeoutS: 60,
    entry: { kind: 'queue', message: DeliveryMessage, batchSize: 10 },
  },
  plan: {
    env: z.object({ DELIVERIES_TABLE, DELIVERY_QUEUE_URL: setting }),
    timeoutS: 60,
    entry: { kind: 'schedule', everyMinutes: 1 },
  },
  clear: {
    env: z.object({ DELIVERIES_TABLE }),
    timeoutS: 300,
    entry: { kind: 'event', types: ['tenant.removed'] },
  },
} as const satisfies FeatureContract;
