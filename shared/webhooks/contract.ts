import * as z from 'zod';
import type { FeatureContract } from '../core/contract.ts';
import { ProviderId } from '../core/ids.ts';
import { page, providerPath, setting, tenantPath } from '../core/paths.ts';

/** One verified HTTP request of a provider, as it waits in the intake queue. */
export const Delivery = z.object({
  provider: ProviderId,
  /** ISO 8601 UTC. */
  receivedAt: z.string(),
  requestId: z.string(),
  /** Lower-case names; only those that the provider's data reads. */
  headers: z.record(z.string(), z.string()),
  /** The exact bytes as base64, here or, where they are too many for a message, in the payload bucket. */
  body: z.union([z.object({ base64: z.string() }), z.object({ object: z.string() })]),
  /** Not verified yet, since no secret could be read: the consumer does it before any effect. */
  deferred: z.boolean(),
});
export type Delivery = z.infer<typeof Delivery>;

export const webhooksContract = {
  receive: {
    env: z.object({
      STAGE: setting,
      INTAKE_QUEUE_URL: setting,
      PAYLOAD_BUCKET: setting,
      PROVIDER_SECRETS: setting,
    }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['POST /webhooks/{provider}'],
      access: 'public',
      summary: 'Take in a webhook',
      path: providerPath,
    },
  },
  process: {
    env: z.object({
      STAGE: setting,
      INBOX_TABLE: setting,
      CONNECTIONS_TABLE: setting,
      PAYLOAD_BUCKET: setting,
      PROVIDER_SECRETS: setting,
      BUS_NAME: setting,
    }),
    timeoutS: 30,
    entry: { kind: 'queue', message: Delivery, batchSize: 10 },
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
      query: z.strictObject({
        ...page,
        provider: ProviderId.optional(),
        type: z.string().max(200).optional(),
        from: z.iso.datetime({ offset: true }).optional(),
        to: z.iso.datetime({ offset: true }).optional(),
      }),
    },
  },
  clear: {
    env: z.object({ INBOX_TABLE: setting, PAYLOAD_BUCKET: setting }),
    timeoutS: 120,
    entry: { kind: 'event', types: ['tenant.removed'] },
  },
} as const satisfies FeatureContract;
