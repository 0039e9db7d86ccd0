import * as z from 'zod';
import { credentialEnv } from '../connections/contract.ts';
import type { FeatureContract } from '../core/contract.ts';
import { ConnectionRef, TenantId } from '../core/ids.ts';
import { connectionPath, page, setting, tenantPath } from '../core/paths.ts';

/** A due call, handed to a worker. The row holds all else. */
export const CallMessage = z.object({ tenant: TenantId, call: z.string() });
export type CallMessage = z.infer<typeof CallMessage>;

const RawRequest = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: z.string().min(1).max(4_000),
  query: z.record(z.string(), z.string()).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.unknown().optional(),
});

/** What the owner asks for: an action, a raw request or GraphQL; and how. */
export const CallBody = z
  .strictObject({
    action: z.string().min(1).max(100).optional(),
    input: z.unknown().optional(),
    request: RawRequest.optional(),
    graphql: z
      .strictObject({ query: z.string().min(1), variables: z.record(z.string(), z.unknown()).optional() })
      .optional(),
    mode: z.enum(['sync', 'async']).default('sync'),
    lane: z.enum(['interactive', 'bulk']).default('interactive'),
    expiresAt: z.iso.datetime({ offset: true }).optional(),
  })
  .refine(
    (body) => [body.action, body.request, body.graphql].filter((way) => way !== undefined).length === 1,
    'exactly one of action, request and graphql',
  );
export type CallBody = z.infer<typeof CallBody>;

export const callStatuses = [
  'queued',
  'waiting',
  'running',
  'succeeded',
  'failed',
  'outcome_unknown',
  'cancelled',
  'expired',
] as const;

const CallPath = tenantPath.extend({ call: z.string().regex(/^[a-z0-9_]{1,64}$/) });

/** Whatever makes attempts needs these. */
const attemptEnv = {
  ...credentialEnv,
  CALLS_TABLE: setting,
  LIMITS_TABLE: setting,
  CALL_QUEUE_URL: setting,
} as const;

export const callsContract = {
  submit: {
    env: z.object(attemptEnv),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['POST /v1/tenants/{tenant}/connections/{connection}/calls'],
      access: 'tenant',
      summary: 'Call a provider: at once, or queued',
      path: connectionPath,
      body: CallBody,
    },
  },
  run: {
    env: z.object(attemptEnv),
    timeoutS: 60,
    entry: { kind: 'queue', message: CallMessage, batchSize: 10 },
  },
  plan: {
    env: z.object({ CALLS_TABLE: setting, CALL_QUEUE_URL: setting }),
    timeoutS: 60,
    entry: { kind: 'schedule', everyMinutes: 1 },
  },
  list: {
    env: z.object({ CALLS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}/calls'],
      access: 'tenant',
      summary: 'List calls, newest first',
      path: tenantPath,
      query: z.strictObject({ ...page, status: z.enum(callStatuses).optional(), connection: ConnectionRef.optional() }),
    },
  },
  get: {
    env: z.object({ CALLS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}/calls/{call}'],
      access: 'tenant',
      summary: 'Read a call, with every attempt',
      path: CallPath,
    },
  },
  retry: {
    env: z.object({ CALLS_TABLE: setting, CALL_QUEUE_URL: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['POST /v1/tenants/{tenant}/calls/{call}/retry'],
      access: 'tenant',
      summary: 'Try an ended call again, under the same idempotency key',
      path: CallPath,
      status: 202,
    },
  },
  cancel: {
    env: z.object({ CALLS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['POST /v1/tenants/{tenant}/calls/{call}/cancel'],
      access: 'tenant',
      summary: 'Cancel a call that is not under way',
      path: CallPath,
    },
  },
  invoke: {
    env: z.object(attemptEnv),
    timeoutS: 60,
    entry: {
      kind: 'direct',
      input: CallBody.safeExtend({
        tenant: TenantId,
        connection: ConnectionRef,
        idempotencyKey: z.string().min(1).max(200).optional(),
      }),
    },
  },
  clear: {
    env: z.object({ CALLS_TABLE: setting }),
    timeoutS: 120,
    entry: { kind: 'event', types: ['tenant.removed'] },
  },
} as const satisfies FeatureContract;
