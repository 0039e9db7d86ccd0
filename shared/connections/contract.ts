import * as z from 'zod';
import type { FeatureContract } from '../core/contract.ts';
import { ConnectionName, ConnectionRef, ProviderId, TenantId } from '../core/ids.ts';
import { connectionPath, page, providerPath, setting, tenantPath } from '../core/paths.ts';
import { credentialEnv } from './credential-env.ts';

const EndUser = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}\p{DI}]+$/u, 'no control, direction or invisible characters');
const secretText = z.string().min(1).max(16_384);

/** A credential that the owner's backend has: tokens of its own OAuth app, or the fields of the kind. */
export const GivenCredential = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('oauth2'),
    accessToken: secretText.regex(/^[\x21-\x7e]+$/, 'printable ASCII'),
    refreshToken: secretText.regex(/^[\x20-\x7e]+$/, 'printable ASCII').optional(),
    expiresAt: z.iso.datetime({ offset: true }).optional(),
    scopes: z.array(z.string().min(1).max(200)).max(50).optional(),
    account: z.strictObject({ id: z.string().min(1).max(500), name: z.string().max(200).optional() }).optional(),
  }),
  z
    .object({ kind: z.enum(['api_key', 'basic', 'sigv4', 'password', 'client_credentials', 'app_jwt']) })
    .catchall(z.string().max(16_384)),
]);
export type GivenCredential = z.infer<typeof GivenCredential>;

const SessionPath = tenantPath.extend({ session: z.string().regex(/^[a-z0-9_]{1,64}$/) });
const LinkPath = z.object({ link: z.string().max(200) });

export const connectionsContract = {
  catalogue: {
    env: z.object({ STAGE: setting, PUBLIC_URL: setting }),
    timeoutS: 10,
    entry: { kind: 'http', routes: ['GET /v1/providers'], access: 'key', summary: 'List the providers' },
  },
  describe: {
    env: z.object({ STAGE: setting, PUBLIC_URL: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/providers/{provider}'],
      access: 'key',
      summary: 'Read a provider: its scopes, actions with examples, syncs, URLs to register',
      path: providerPath,
    },
  },
  'create-session': {
    env: z.object({
      STAGE: setting,
      PUBLIC_URL: setting,
      TENANTS_TABLE: setting,
      SESSIONS_TABLE: setting,
      CONNECTIONS_TABLE: setting,
      PROVIDER_SECRETS: setting,
    }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['POST /v1/tenants/{tenant}/connect-sessions'],
      access: 'tenant',
      summary: 'Begin to connect an account: answers with the link for the end user',
      audit: 'session.created',
      path: tenantPath,
      body: z.strictObject({
        provider: ProviderId,
        name: ConnectionName.default('default'),
        endUser: EndUser,
        returnUrl: z.string().max(2_000),
        scopes: z
          .array(
            z
              .string()
              .min(1)
              .max(200)
              .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope (RFC 6749 §3.3)'),
          )
          .max(50)
          .optional(),
        allowAccountChange: z.boolean().optional(),
      }),
      status: 201,
    },
  },
  open: {
    env: z.object({
      STAGE: setting,
      PUBLIC_URL: setting,
      OWNER: setting,
      TENANTS_TABLE: setting,
      SESSIONS_TABLE: setting,
      PROVIDER_SECRETS: setting,
    }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /connect/{link}'],
      access: 'public',
      summary: 'The page that asks the end user',
      path: LinkPath,
    },
  },
  start: {
    env: z.object({
      STAGE: setting,
      PUBLIC_URL: setting,
      OWNER: setting,
      TENANTS_TABLE: setting,
      SESSIONS_TABLE: setting,
      CONNECTIONS_TABLE: setting,
      TENANT_KEYS_TABLE: setting,
      VAULT_KEY_ID: setting,
      PROVIDER_SECRETS: setting,
    }),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['POST /connect/{link}/start'],
      access: 'public',
      summary: 'Claim the link: go to the provider, or try what was entered',
      audit: 'link.started',
      path: LinkPath,
    },
  },
  callback: {
    env: z.object({
      STAGE: setting,
      PUBLIC_URL: setting,
      OWNER: setting,
      TENANTS_TABLE: setting,
      SESSIONS_TABLE: setting,
      CONNECTIONS_TABLE: setting,
      TENANT_KEYS_TABLE: setting,
      VAULT_KEY_ID: setting,
      PROVIDER_SECRETS: setting,
    }),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['GET /oauth/{provider}/callback'],
      access: 'public',
      summary: 'The one redirect URI of a provider',
      audit: 'oauth.completed',
      path: providerPath,
    },
  },
  confirm: {
    env: z.object({ ...credentialEnv, TENANTS_TABLE: setting, SESSIONS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['POST /v1/tenants/{tenant}/connect-sessions/{session}/confirm'],
      access: 'tenant',
      summary: 'Vouch for the end user: the connection comes into being',
      audit: 'connection.confirmed',
      path: SessionPath,
      body: z.strictObject({ ticket: z.string().min(1).max(200), endUser: EndUser }),
    },
  },
  create: {
    env: z.object({ ...credentialEnv, TENANTS_TABLE: setting, HYBRID_MODE: z.enum(['on', 'off']) }),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['POST /v1/tenants/{tenant}/connections'],
      access: 'tenant',
      summary: 'Connect with a credential that the backend already has, which is tried once; or a mock, without any',
      audit: 'connection.created',
      path: tenantPath,
      body: z
        .strictObject({
          provider: ProviderId,
          name: ConnectionName.default('default'),
          mode: z.enum(['live', 'mock', 'hybrid']).default('live'),
          credential: GivenCredential.optional(),
        })
        .refine(({ mode, credential }) => (mode === 'mock') === (credential === undefined), {
          path: ['credential'],
          error: 'needed, except in mock mode, which takes none',
        }),
      status: 201,
    },
  },
  list: {
    env: z.object({ CONNECTIONS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}/connections'],
      access: 'tenant',
      summary: 'List connections',
      path: tenantPath,
      query: z.strictObject({ ...page, provider: ProviderId.optional() }),
    },
  },
  get: {
    env: z.object({ CONNECTIONS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}/connections/{connection}'],
      access: 'tenant',
      summary: 'Read a connection; never its credential',
      path: connectionPath,
    },
  },
  remove: {
    env: z.object(credentialEnv),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['DELETE /v1/tenants/{tenant}/connections/{connection}'],
      access: 'tenant',
      summary: 'Disconnect: revoke upstream, erase',
      audit: 'connection.disconnected',
      path: connectionPath,
    },
  },
  refresh: {
    env: z.object(credentialEnv),
    timeoutS: 120,
    entry: { kind: 'schedule', everyMinutes: 1 },
  },
  sweep: {
    env: z.object({ ...credentialEnv, TENANTS_TABLE: setting, SESSIONS_TABLE: setting }),
    timeoutS: 120,
    entry: { kind: 'schedule', everyMinutes: 1 },
  },
  'end-grants': {
    env: z.object({ ...credentialEnv, SESSIONS_TABLE: setting }),
    timeoutS: 120,
    entry: { kind: 'event', types: ['tenant.removing'] },
  },
  clear: {
    env: z.object({ CONNECTIONS_TABLE: setting, SESSIONS_TABLE: setting }),
    timeoutS: 120,
    entry: { kind: 'event', types: ['tenant.removed'] },
  },
  rotate: {
    env: z.object({ CONNECTIONS_TABLE: setting, TENANT_KEYS_TABLE: setting, VAULT_KEY_ID: setting }),
    timeoutS: 300,
    entry: {
      kind: 'direct',
      audit: 'data_keys.rotated',
      input: z.strictObject({ tenant: TenantId.optional(), cursor: z.string().max(2_000).optional() }),
    },
  },
  'revoke-all': {
    env: z.object({ CONNECTIONS_TABLE: setting }),
    timeoutS: 300,
    entry: {
      kind: 'direct',
      audit: 'connections.disconnected',
      input: z
        .strictObject({
          tenant: TenantId.optional(),
          provider: ProviderId.optional(),
          cursor: z.string().max(2_000).optional(),
        })
        .refine(
          ({ tenant, provider }) => tenant !== undefined || provider !== undefined,
          'a tenant, a provider, or both',
        ),
    },
  },
  token: {
    env: z.object({ ...credentialEnv, TOKEN_EXPORT: z.enum(['on', 'off']) }),
    timeoutS: 29,
    entry: {
      kind: 'direct',
      audit: 'token.exported',
      input: z.strictObject({ tenant: TenantId, connection: ConnectionRef }),
    },
  },
} as const satisfies FeatureContract;
