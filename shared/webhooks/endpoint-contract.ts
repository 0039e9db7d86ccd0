import * as z from 'zod';
import { credentialEnv } from '../connections/credential-env.ts';
import type { FeatureContract } from '../core/contract.ts';
import { ConnectionName, ProviderId } from '../core/ids.ts';
import { page, setting, tenantPath } from '../core/paths.ts';
import { WebhookSettings } from '../providers/settings.ts';

/** What it takes to find an endpoint by its id alone, and to open its secrets. */
export const endpointEnv = { ENDPOINTS_TABLE: setting, ENDPOINT_KEY_ID: setting } as const;

const EndpointPath = tenantPath.extend({ endpoint: z.string().regex(/^[\w-]{43}$/) });

/** A shorter one is guessed (D-01). */
const GivenSecret = z
  .string()
  .min(16)
  .max(1_000)
  .regex(/^[\x21-\x7e]+$/, 'visible characters without spaces');

const KeepAliveEnv = z.object({ ...credentialEnv, ...endpointEnv, LIMITS_TABLE: setting, PUBLIC_URL: setting });

/** The functions of the tenants' own addresses and of the subscriptions that have one, as `contract.ts` takes them in. */
export const endpointContract = {
  'create-endpoint': {
    env: z.object({ ...endpointEnv, TENANTS_TABLE: setting, PUBLIC_URL: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['POST /v1/tenants/{tenant}/webhook-endpoints'],
      access: 'tenant',
      summary: 'Make an address for one sender of webhooks; a secret made here is shown this once',
      audit: 'endpoint.created',
      path: tenantPath,
      body: z.strictObject({
        provider: ProviderId,
        name: ConnectionName.optional(),
        secret: GivenSecret.optional(),
        settings: WebhookSettings.optional(),
      }),
      status: 201,
    },
  },
  'list-endpoints': {
    env: z.object({ ENDPOINTS_TABLE: setting, PUBLIC_URL: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}/webhook-endpoints'],
      access: 'tenant',
      summary: 'List the addresses for webhooks, those of subscriptions that the hub keeps alive behind them',
      path: tenantPath,
      query: z.strictObject(page),
    },
  },
  'get-endpoint': {
    env: z.object({ ENDPOINTS_TABLE: setting, PUBLIC_URL: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}/webhook-endpoints/{endpoint}'],
      access: 'tenant',
      summary: 'Show one address for webhooks, and what to do at its sender',
      path: EndpointPath,
    },
  },
  'remove-endpoint': {
    env: z.object({ ENDPOINTS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['DELETE /v1/tenants/{tenant}/webhook-endpoints/{endpoint}'],
      access: 'tenant',
      summary: 'Delete an address for webhooks; nothing is taken in there any more after 60 s at most',
      audit: 'endpoint.removed',
      path: EndpointPath,
      status: 204,
    },
  },
  'rotate-endpoint': {
    env: z.object({ ...endpointEnv, PUBLIC_URL: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['POST /v1/tenants/{tenant}/webhook-endpoints/{endpoint}/rotate'],
      access: 'tenant',
      summary: 'Replace the secret of an address; the old one is believed for `overlapS` more (default: a day)',
      audit: 'endpoint.rotated',
      path: EndpointPath,
      body: z.strictObject({
        secret: GivenSecret.optional(),
        overlapS: z.number().int().min(0).max(604_800).default(86_400),
      }),
    },
  },
  follow: {
    env: KeepAliveEnv,
    timeoutS: 120,
    entry: { kind: 'event', types: ['connection.activated', 'connection.removed'] },
  },
  renew: {
    env: KeepAliveEnv,
    timeoutS: 120,
    entry: { kind: 'schedule', everyMinutes: 5 },
  },
} as const satisfies FeatureContract;
