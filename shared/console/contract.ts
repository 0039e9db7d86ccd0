import * as z from 'zod';
import { auditedEvents } from '../core/audit.ts';
import type { FeatureContract } from '../core/contract.ts';
import { ConnectionRef, TenantId } from '../core/ids.ts';
import { UNROUTED } from '../core/keys.ts';
import { setting, tenantPath } from '../core/paths.ts';

/** Whatever only a signed-in operator sees needs these. */
const deskEnv = { STAGE: setting, PUBLIC_URL: setting, OPERATOR_SECRET: setting } as const;

/** A tenant's work, or what came in that is nobody's. */
const WorkPath = z.object({ tenant: z.union([TenantId, z.literal(UNROUTED)]) });

export const consoleContract = {
  health: {
    env: z.object({ STAGE: setting, VERSION: setting, TENANTS_TABLE: setting }),
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
  record: {
    env: z.object({ ACTIVITY_TABLE: setting, ACTIVITY_DAYS: setting }),
    timeoutS: 30,
    entry: { kind: 'event', types: auditedEvents },
  },
  home: {
    env: z.object({
      ...deskEnv,
      VERSION: setting,
      TENANTS_TABLE: setting,
      DELIVERIES_TABLE: setting,
      INBOX_TABLE: setting,
    }),
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
