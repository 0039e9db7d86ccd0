import * as z from 'zod';
import { credentialEnv } from '../connections/credential-env.ts';
import type { FeatureContract } from '../core/contract.ts';
import { ConnectionName, ProviderId, TenantId } from '../core/ids.ts';
import { connectionPath, page, setting, tenantPath } from '../core/paths.ts';
import type { SyncRow } from './row.ts';

/** One turn of a sync, with the row as it was handed out. */
export const SyncMessage = z.object({
  tenant: TenantId,
  provider: ProviderId,
  name: ConnectionName,
  sync: z.string(),
  /** Until then no other message is on its way for the row; later the row is read first. */
  believedUntilMs: z.number(),
  requestId: z.string().optional(),
  row: z.custom<SyncRow>((row) => typeof row === 'object' && row !== null),
});
export type SyncMessage = z.infer<typeof SyncMessage>;

const SyncPath = connectionPath.extend({ sync: z.string().regex(/^[a-z0-9-]{1,64}$/) });

export const syncsContract = {
  follow: {
    env: z.object({ STAGE: setting, SYNCS_TABLE: setting, RECORDS_TABLE: setting }),
    timeoutS: 300,
    entry: { kind: 'event', types: ['connection.activated', 'connection.needs_reauth', 'connection.removed'] },
  },
  nudge: {
    env: z.object({ STAGE: setting, SYNCS_TABLE: setting }),
    timeoutS: 30,
    entry: { kind: 'event', types: ['webhook.received'] },
  },
  plan: {
    env: z.object({ SYNCS_TABLE: setting, SYNC_QUEUE_URL: setting }),
    timeoutS: 60,
    entry: { kind: 'schedule', everyMinutes: 1 },
  },
  run: {
    env: z.object({
      ...credentialEnv,
      LIMITS_TABLE: setting,
      SYNCS_TABLE: setting,
      RECORDS_TABLE: setting,
      SYNC_QUEUE_URL: setting,
    }),
    timeoutS: 120,
    entry: { kind: 'queue', message: SyncMessage, batchSize: 1 },
  },
  list: {
    env: z.object({ STAGE: setting, SYNCS_TABLE: setting, CONNECTIONS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}/connections/{connection}/syncs'],
      access: 'tenant',
      summary: 'List the syncs of a connection, with their state',
      path: connectionPath,
    },
  },
  set: {
    env: z.object({ STAGE: setting, SYNCS_TABLE: setting, CONNECTIONS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['PUT /v1/tenants/{tenant}/connections/{connection}/syncs/{sync}'],
      access: 'tenant',
      summary:
        'Set how often a sync runs (`every`: seconds, or `auto`), pause it, choose what it reads (`settings`), or for how long records are kept after their last change (`retention`)',
      audit: 'sync.changed',
      path: SyncPath,
      body: z.strictObject({
        every: z.union([z.number().int().min(60).max(86_400), z.literal('auto')]).optional(),
        enabled: z.boolean().optional(),
        settings: z.record(z.string().max(100), z.unknown()).optional(),
        retention: z
          .union(
            [
              z.literal('forever'),
              z.strictObject({ days: z.number().int().min(1).max(3_650) }),
              z.strictObject({ seconds: z.number().int().min(3_600).max(315_360_000) }),
            ],
            'one of "forever", {"days": 1 to 3650}, {"seconds": 3600 to 315360000}',
          )
          .optional(),
      }),
    },
  },
  'run-now': {
    env: z.object({
      STAGE: setting,
      SYNCS_TABLE: setting,
      CONNECTIONS_TABLE: setting,
      SYNC_QUEUE_URL: setting,
    }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['POST /v1/tenants/{tenant}/connections/{connection}/syncs/{sync}/run'],
      access: 'tenant',
      summary: 'Run a sync now; `full` forgets the checkpoint first',
      audit: 'sync.started',
      path: SyncPath,
      body: z.strictObject({ full: z.boolean().default(false) }),
      status: 202,
    },
  },
  records: {
    env: z.object({ STAGE: setting, RECORDS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}/records/{provider}/{model}'],
      access: 'tenant',
      summary: 'List the live copy of a model',
      path: tenantPath.extend({ provider: ProviderId, model: z.string().regex(/^[a-z0-9-]{1,64}$/) }),
      query: z.strictObject({ ...page, name: ConnectionName.default('default') }),
    },
  },
  clear: {
    env: z.object({ SYNCS_TABLE: setting, RECORDS_TABLE: setting }),
    timeoutS: 300,
    entry: { kind: 'event', types: ['tenant.removed'] },
  },
} as const satisfies FeatureContract;
