import * as z from 'zod';
import type { FeatureContract } from '../core/contract.ts';
import { ConnectionName, ConnectionRef, ProviderId, TenantId } from '../core/ids.ts';
import { isForward, NOT_FORWARD, page, period, setting, tenantPath } from '../core/paths.ts';
import { WebhookSettings } from '../providers/settings.ts';
import { endpointContract, endpointEnv } from './endpoint-contract.ts';

const Connection = z.object({ provider: ProviderId, name: ConnectionName });

/** One verified HTTP request of a provider, as it waits in the intake queue. */
export const Delivery = z.object({
  provider: ProviderId,
  /** The endpoint it was sent to, which says whose it is; none: the URL of the owner's app. */
  endpoint: z.string().optional(),
  /** Whose endpoint that is; none where it could not be read, or where the event itself says whose it is. */
  owner: z.object({ tenantId: TenantId, connection: Connection.optional() }).optional(),
  /** What it was verified under, where the sender's data leaves that open. */
  settings: WebhookSettings.optional(),
  /** ISO 8601 UTC. */
  receivedAt: z.string(),
  requestId: z.string(),
  /** Lower-case names; only those that the provider's data reads. */
  headers: z.record(z.string(), z.string()),
  /** The exact bytes as base64, here or, where they are too many for a message, in the payload bucket; sealed where they
   *  hold a secret. */
  body: z.union([
    z.object({ base64: z.string() }),
    z.object({ object: z.string() }),
    z.object({ sealed: z.object({ wrapped: z.string(), record: z.string() }) }),
  ]),
  /** Not verified yet, since no secret could be read, or keys have to be fetched: the consumer does it before any effect. */
  deferred: z.boolean(),
  /** The public URL it was sent to, kept where that is still to be verified. */
  url: z.string().optional(),
});
export type Delivery = z.infer<typeof Delivery>;

/** What became of an event. `routed`: kept and published, and its handlers, where it has some, are not through yet.
 *  `handled`, `ignored`, `failed`: they are. `conflicting`: the provider had sent another body under the same id. */
export type Outcome = 'routed' | 'handled' | 'ignored' | 'failed' | 'unrouted' | 'conflicting';

/** One event for one of its handlers. */
export const HandlerMessage = z.object({
  tenant: TenantId,
  provider: ProviderId,
  event: z.string(),
  handler: z.string(),
  /** The replay that it belongs to. */
  replay: z.string().optional(),
  requestId: z.string().optional(),
});
export type HandlerMessage = z.infer<typeof HandlerMessage>;

/** One batch of a replay. */
export const ReplayMessage = z.object({
  tenant: TenantId,
  replay: z.string(),
  version: z.number(),
  requestId: z.string().optional(),
});
export type ReplayMessage = z.infer<typeof ReplayMessage>;

/** An account was connected: of the hub's event, what finds the events that came before it. */
export const Activation = z
  .object({
    tenant: TenantId,
    connection: ConnectionRef,
    time: z.iso.datetime(),
    data: z.object({ account: z.string() }),
  })
  .transform(({ tenant: tenantId, connection, time, data }) => ({
    ...{ tenantId, connection, accountId: data.account, atMs: Date.parse(time) },
  }));
export type Activation = z.infer<typeof Activation>;

/** What a list of events may be narrowed to. */
const unroutedFilter = {
  provider: ProviderId.optional(),
  type: z.string().max(200).optional(),
  ...period,
} as const;

const tenantFilter = {
  ...unroutedFilter,
  connection: ConnectionRef.optional(),
  outcome: z.enum(['routed', 'handled', 'ignored', 'failed', 'conflicting']).optional(),
} as const;
const replayFilter = z
  .strictObject({ ...tenantFilter, outcome: z.enum(['routed', 'handled', 'ignored', 'failed']).optional() })
  .refine(isForward, NOT_FORWARD)
  .transform(inMs);

function inMs<Filter extends { from?: string; to?: string }>({ from, to, ...rest }: Filter) {
  const fromMs = from === undefined ? {} : { fromMs: Date.parse(from) };
  return { ...rest, ...fromMs, ...(to !== undefined && { toMs: Date.parse(to) }) };
}

/** Of an event, what stands in the index by time: all but its data, which is most of it. */
export const eventLine = ['provider', 'type', 'connection', 'outcome', 'accountIds', 'requestId', 'bytes'] as const;

const ReplayPath = tenantPath.extend({ replay: z.string().regex(/^rpl_[0-9a-z]{1,40}$/) });

export const webhooksContract = {
  receive: {
    env: z.object({
      STAGE: setting,
      PUBLIC_URL: setting,
      INTAKE_QUEUE_URL: setting,
      PAYLOAD_BUCKET: setting,
      PROVIDER_SECRETS: setting,
      ...endpointEnv,
    }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: [
        'POST /webhooks/{provider}',
        'GET /webhooks/{provider}',
        'POST /webhooks/{provider}/{endpoint}',
        'GET /webhooks/{provider}/{endpoint}',
      ],
      access: 'public',
      summary: 'Take in a webhook, or answer a handshake',
      path: z.object({ provider: ProviderId, endpoint: z.string().min(1).max(200).optional() }),
    },
  },
  process: {
    env: z.object({
      STAGE: setting,
      INBOX_TABLE: setting,
      TENANTS_TABLE: setting,
      CONNECTIONS_TABLE: setting,
      PAYLOAD_BUCKET: setting,
      PROVIDER_SECRETS: setting,
      BUS_NAME: setting,
      HANDLER_QUEUE_URL: setting,
      ...endpointEnv,
    }),
    timeoutS: 30,
    entry: { kind: 'queue', message: Delivery, batchSize: 10 },
  },
  handle: {
    env: z.object({
      STAGE: setting,
      INBOX_TABLE: setting,
      PAYLOAD_BUCKET: setting,
      SYNCS_TABLE: setting,
      RECORDS_TABLE: setting,
      BUS_NAME: setting,
      HANDLER_QUEUE_URL: setting,
    }),
    timeoutS: 30,
    entry: { kind: 'queue', message: HandlerMessage, batchSize: 10 },
  },
  list: {
    env: z.object({ INBOX_TABLE: setting, PAYLOAD_BUCKET: setting, STAGE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}/events'],
      access: 'tenant',
      summary: 'List the events that came in by webhook, newest first',
      path: tenantPath,
      query: z
        .strictObject({ ...page, ...tenantFilter })
        .refine(isForward, NOT_FORWARD)
        .transform(inMs),
    },
  },
  'list-unrouted': {
    env: z.object({ INBOX_TABLE: setting, PAYLOAD_BUCKET: setting, ENDPOINT_KEY_ID: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/events/unrouted'],
      access: 'operator',
      summary: 'List the events that no connection claims, newest first',
      query: z
        .strictObject({ ...page, ...unroutedFilter })
        .refine(isForward, NOT_FORWARD)
        .transform(inMs),
    },
  },
  reroute: {
    env: z.object({
      INBOX_TABLE: setting,
      CONNECTIONS_TABLE: setting,
      PAYLOAD_BUCKET: setting,
      BUS_NAME: setting,
      HANDLER_QUEUE_URL: setting,
      ACTIVATION_QUEUE_URL: setting,
    }),
    timeoutS: 120,
    entry: { kind: 'queue', message: Activation, batchSize: 1 },
  },
  replay: {
    env: z.object({ INBOX_TABLE: setting, REPLAY_QUEUE_URL: setting }),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['POST /v1/tenants/{tenant}/events/replay'],
      access: 'tenant',
      summary: 'Tell past events again, to the handlers and on the bus; `dryRun` counts them only',
      audit: 'replay.started',
      path: tenantPath,
      body: z.strictObject({
        filter: replayFilter.prefault({}),
        dryRun: z.boolean().default(false),
        rate: z.number().int().min(1).max(100).default(10),
      }),
      status: 202,
    },
  },
  'run-replay': {
    env: z.object({
      INBOX_TABLE: setting,
      BUS_NAME: setting,
      HANDLER_QUEUE_URL: setting,
      REPLAY_QUEUE_URL: setting,
    }),
    timeoutS: 30,
    entry: { kind: 'queue', message: ReplayMessage, batchSize: 1 },
  },
  'list-replays': {
    env: z.object({ INBOX_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}/events/replay'],
      access: 'tenant',
      summary: 'List the replays of events, newest first',
      path: tenantPath,
      query: z.strictObject(page),
    },
  },
  'get-replay': {
    env: z.object({ INBOX_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}/events/replay/{replay}'],
      access: 'tenant',
      summary: 'How far a replay is',
      path: ReplayPath,
    },
  },
  'cancel-replay': {
    env: z.object({ INBOX_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['DELETE /v1/tenants/{tenant}/events/replay/{replay}'],
      access: 'tenant',
      summary: 'End a replay where it is',
      audit: 'replay.cancelled',
      path: ReplayPath,
    },
  },
  ...endpointContract,
  clear: {
    env: z.object({ INBOX_TABLE: setting, PAYLOAD_BUCKET: setting, ENDPOINTS_TABLE: setting }),
    timeoutS: 120,
    entry: { kind: 'event', types: ['tenant.removed'] },
  },
} as const satisfies FeatureContract;
