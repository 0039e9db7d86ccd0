import * as z from 'zod';
import { auditedEvents } from '../core/audit.ts';
import type { FeatureContract } from '../core/contract.ts';
import { ConnectionRef, TenantId } from '../core/ids.ts';
import { UNROUTED } from '../core/keys.ts';
import { page, setting, tenantPath } from '../core/paths.ts';
import { activityKinds } from './activity.ts';

/** Whatever only a signed-in operator sees needs these. */
const deskEnv = { STAGE: setting, PUBLIC_URL: setting, OPERATOR_SECRET: setting } as const;

/** What the hub's own state is read from. */
const healthEnv = {
  ...{ STAGE: setting, VERSION: setting, TENANTS_TABLE: setting },
  DEAD_LETTER_QUEUE_URLS: setting.transform((urls) => urls.split(' ')),
} as const;

/** A tenant's work, or what came in that is nobody's. */
const WorkPath = z.object({ tenant: z.union([TenantId, z.literal(UNROUTED)]) });

/** What happened is read from here; a call's results and a webhook's data are not. */
const activityEnv = {
  TENANTS_TABLE: setting,
  ACTIVITY_TABLE: setting,
  CALLS_TABLE: setting,
  INBOX_TABLE: setting,
  ACTIVITY_DAYS: setting,
} as const;

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const consoleContract = {
  health: {
    env: z.object(healthEnv),
    timeoutS: 10,
    entry: { kind: 'http', routes: ['GET /health'], access: 'public', summary: 'Whether the hub can work' },
  },
  openapi: {
    env: z.object({ PUBLIC_URL: setting, VERSION: setting }),
    timeoutS: 10,
    entry: { kind: 'http', routes: ['GET /openapi.json'], access: 'public', summary: 'This description' },
  },
  docs: {
    env: z.object({ STAGE: setting, PUBLIC_URL: setting, VERSION: setting }),
    timeoutS: 10,
    entry: { kind: 'http', routes: ['GET /docs'], access: 'public', summary: 'This description, as a page' },
  },
  nowhere: {
    env: z.object({}),
    timeoutS: 10,
    entry: { kind: 'http', routes: ['$default'], access: 'public', summary: 'Whatever has no route' },
  },
  activity: {
    env: z.object(activityEnv),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['GET /v1/activity'],
      access: 'key',
      summary:
        "List what happened, newest first: who did what (`audit`), calls, webhooks. The operator names the tenant, or reads what is no tenant's",
      query: z.strictObject({
        ...page,
        tenant: TenantId.optional(),
        from: time.optional(),
        to: time.optional(),
        kind: z.enum(activityKinds).optional(),
      }),
    },
  },
  usage: {
    env: z.object(activityEnv),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['GET /v1/usage'],
      access: 'key',
      summary:
        'Read what a tenant used in a month (UTC), this one or the one before, by provider; where `complete` is false, ask again: it goes on from there',
      query: z.strictObject({
        tenant: TenantId.optional(),
        /** Default: this one. */
        month: z
          .string()
          .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month, like 2026-11')
          .optional(),
      }),
    },
  },
  record: {
    env: z.object({ ACTIVITY_TABLE: setting, ACTIVITY_DAYS: setting }),
    timeoutS: 30,
    entry: { kind: 'event', types: auditedEvents },
  },
  home: {
    env: z.object({ ...deskEnv, ...healthEnv, DELIVERIES_TABLE: setting, INBOX_TABLE: setting }),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['GET /console', 'POST /console'],
      access: 'session',
      audit: 'console.signed_in',
      summary: 'The first page, or the form to sign in; sign in, sign out',
    },
  },
  tenant: {
    env: z.object({
      ...deskEnv,
      TENANTS_TABLE: setting,
      CONNECTIONS_TABLE: setting,
      ENDPOINTS_TABLE: setting,
      CALLS_TABLE: setting,
      LIMITS_TABLE: setting,
      INBOX_TABLE: setting,
      SYNCS_TABLE: setting,
      SYNC_QUEUE_URL: setting,
      AUDIT_TABLE: setting,
    }),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: [
        'GET /console/tenants/{tenant}',
        'GET /console/tenants/{tenant}/connections/{connection}',
        'POST /console/tenants/{tenant}/connections/{connection}',
      ],
      access: 'session',
      audit: ['connection.disconnected', 'sync.started'],
      summary: 'A tenant at a glance, or one connection of it; run a sync, disconnect',
      path: tenantPath.extend({ connection: ConnectionRef.optional() }),
    },
  },
  work: {
    env: z.object({
      ...deskEnv,
      CALLS_TABLE: setting,
      CALL_QUEUE_URL: setting,
      TENANT_KEYS_TABLE: setting,
      VAULT_KEY_ID: setting,
      INBOX_TABLE: setting,
      PAYLOAD_BUCKET: setting,
      REPLAY_QUEUE_URL: setting,
    }),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: [
        'GET /console/tenants/{tenant}/calls',
        'POST /console/tenants/{tenant}/calls',
        'GET /console/tenants/{tenant}/events',
        'POST /console/tenants/{tenant}/events',
      ],
      access: 'session',
      audit: ['call.retried', 'call.cancelled', 'replay.started', 'replay.cancelled'],
      summary: 'Calls and events, or one of them; retry, cancel, replay',
      path: WorkPath,
    },
  },
  subscription: {
    env: z.object({ ...deskEnv, DELIVERIES_TABLE: setting, DELIVERY_QUEUE_URL: setting }),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['GET /console/subscriptions/{subscription}', 'POST /console/subscriptions/{subscription}'],
      access: 'session',
      audit: ['subscription.resent', 'subscription.changed'],
      summary: 'A subscription and its deliveries; test, enable, pause, send again',
      path: z.object({ subscription: z.string().regex(/^sub_[a-z0-9]{1,64}$/) }),
    },
  },
} as const satisfies FeatureContract;
