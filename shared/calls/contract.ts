import * as z from 'zod';
import { credentialEnv } from '../connections/credential-env.ts';
import type { FeatureContract } from '../core/contract.ts';
import { ConnectionRef, TenantId } from '../core/ids.ts';
import { connectionPath, isForward, NOT_FORWARD, page, period, setting, tenantPath } from '../core/paths.ts';

/** A due call, handed to a worker. The row holds all else. `requestId`: of the request that asked for it. */
export const CallMessage = z.object({ tenant: TenantId, call: z.string(), requestId: z.string().optional() });
export type CallMessage = z.infer<typeof CallMessage>;

const RawRequest = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: z.string().min(1).max(4_000),
  /** Another of the provider's addresses, by its name (`GET /v1/providers/{provider}` lists them). */
  base: z.string().min(1).max(40).optional(),
  query: z.record(z.string(), z.string()).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.unknown().optional(),
});

const GraphqlBody = z.strictObject({
  query: z.string().min(1),
  variables: z.record(z.string(), z.unknown()).optional(),
  operationName: z.string().min(1).max(200).optional(),
});
export type GraphqlBody = z.infer<typeof GraphqlBody>;

const Caching = z
  .strictObject({ ttlS: z.int().min(1).max(86_400).optional(), revalidate: z.boolean().optional() })
  .refine(({ ttlS, revalidate }) => ttlS !== undefined || revalidate === true, 'ttlS, revalidate, or both');
export type Caching = z.infer<typeof Caching>;

const wanted = {
  action: z.string().min(1).max(100).optional(),
  input: z.unknown().optional(),
  request: RawRequest.optional(),
  /** A list: one after the other, each judged by itself; the result is `{answers}`. */
  graphql: z.union([GraphqlBody, z.array(GraphqlBody).min(1).max(20)]).optional(),
  /** Of a read: the pages that follow too, each within the limits; the result is `{pages, more}`. */
  paginate: z.strictObject({ maxPages: z.int().min(1).max(50) }).optional(),
  /** Of a read: an answer to the same request is used again for `ttlS` seconds; then, or from the first with `revalidate`,
   *  the provider is asked whether it still holds (ETag, Last-Modified). */
  cache: Caching.optional(),
  lane: z.enum(['interactive', 'bulk']).default('interactive'),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
} as const;
export type Wanted = z.infer<z.ZodObject<typeof wanted>>;

const givenOf = ({ action, request, graphql }: Pick<Wanted, 'action' | 'request' | 'graphql'>) =>
  [action, request, graphql].filter((way) => way !== undefined).length;
const mode = z.enum(['sync', 'async']);

/** What the owner asks for: an action, a raw request or GraphQL; and how. */
export const CallBody = z
  .strictObject({ ...wanted, mode: mode.default('sync') })
  .refine((body) => givenOf(body) === 1, 'exactly one of action, request and graphql');
export type CallBody = z.infer<typeof CallBody>;

const BatchItem = z
  .strictObject({ ...wanted, idempotencyKey: z.string().min(1).max(200).optional() })
  .refine((item) => givenOf(item) === 1, 'exactly one of action, request and graphql');
export type BatchItem = z.infer<typeof BatchItem>;

/** One call, or up to a hundred that are queued at once. */
const SubmitBody = z
  .strictObject({ ...wanted, mode: mode.optional(), calls: z.array(BatchItem).min(1).max(100).optional() })
  .refine((body) => givenOf(body) + (body.calls ? 1 : 0) === 1, 'exactly one of action, request, graphql and calls')
  .refine((body) => !body.calls || body.mode !== 'sync', 'several calls are queued: mode is async, or left out')
  .transform(({ calls, mode = 'sync', ...body }) => ({ calls, one: { ...body, mode } satisfies CallBody }));

/** Of a call, what stands in its indexes: not what it asks and brings, which is most of it. */
export const callLine = ['status', 'connection', 'expiresAtMs', 'notBeforeMs', 'requestId', 'rest'] as const;
export const dueCall = ['requestId'] as const;

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

/** Which ended calls begin anew, and how fast. Those that may have been done are chosen by name alone. */
const RedriveBody = z
  .strictObject({
    status: z.enum(['failed', 'expired', 'outcome_unknown']).default('failed'),
    connection: ConnectionRef.optional(),
    /** Of calls created from then on, and before then. */
    ...period,
    perSecond: z.int().min(1).max(50).default(5),
    notBefore: z.iso.datetime({ offset: true }).optional(),
    dryRun: z.boolean().default(false),
    cursor: page.cursor,
  })
  .refine(isForward, NOT_FORWARD);
export type RedriveBody = z.infer<typeof RedriveBody>;

/** How many calls the owner lets each tenant ask for: `100/3600` is a hundred an hour; or `off`. */
const QuotaSetting = z
  .string()
  .regex(/^(off|[1-9]\d*\/[1-9]\d*)$/, 'off, or calls/seconds')
  .transform((text) => {
    const [calls, perS] = text === 'off' ? [] : text.split('/').map(Number);
    return calls && perS ? { calls, perS } : undefined;
  });
export type Quota = NonNullable<z.output<typeof QuotaSetting>>;

const submitEnv = { ...attemptEnv, TENANT_QUOTA: QuotaSetting } as const;

export const callsContract = {
  submit: {
    env: z.object(submitEnv),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['POST /v1/tenants/{tenant}/connections/{connection}/calls'],
      access: 'tenant',
      summary: 'Call a provider: at once, or queued; or queue up to a hundred calls',
      path: connectionPath,
      body: SubmitBody,
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
      summary: 'List calls, newest first, without their results',
      path: tenantPath,
      query: z.strictObject({ ...page, status: z.enum(callStatuses).optional(), connection: ConnectionRef.optional() }),
    },
  },
  get: {
    env: z.object({ CALLS_TABLE: setting, TENANT_KEYS_TABLE: setting, VAULT_KEY_ID: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}/calls/{call}'],
      access: 'tenant',
      summary: 'Read a call, with its result and every attempt',
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
      audit: 'call.retried',
      path: CallPath,
      status: 202,
    },
  },
  redrive: {
    env: z.object({ CALLS_TABLE: setting }),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['POST /v1/tenants/{tenant}/calls/redrive'],
      access: 'tenant',
      summary: 'Try ended calls again, chosen by filter, so many a second',
      audit: 'calls.redriven',
      path: tenantPath,
      body: RedriveBody,
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
      audit: 'call.cancelled',
      path: CallPath,
    },
  },
  circuit: {
    env: z.object({ LIMITS_TABLE: setting, CONNECTIONS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}/connections/{connection}/circuit'],
      access: 'tenant',
      summary: 'Read whether calls of a connection, and of its provider, are held back by an outage',
      path: connectionPath,
    },
  },
  invoke: {
    env: z.object(submitEnv),
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
