import * as z from 'zod';
import type { FeatureContract } from '../core/contract.ts';
import { TenantId } from '../core/ids.ts';
import { page, setting, tenantPath } from '../core/paths.ts';

/** Where the browser may be sent after connecting: https, or this computer while developing; compared exactly. */
const ReturnUrl = z
  .string() // not z.url(), which mends what it is given
  .max(2_000)
  .refine(
    (url) => returnable(url),
    'an https URL (http only on 127.0.0.1 or localhost), without user, query or fragment',
  );

function returnable(text: string): boolean {
  const url = URL.parse(text);
  if (!url || url.href !== (url.pathname === '/' && !text.endsWith('/') ? `${text}/` : text)) return false; // one spelling
  if (url.username || url.password || url.search || url.hash) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname));
}

/** Whoever is asked to agree reads this name: `Аcme` with a Cyrillic А is not Acme. */
function isOfOneScript(name: string): boolean {
  const alphabets = [/\p{Script=Latin}/u, /\p{Script=Greek}/u, /\p{Script=Cyrillic}/u, /\p{Script=Armenian}/u];
  const words = name.normalize('NFKC').match(/[\p{L}\p{M}]+/gu) ?? [];
  return words.every((word) => alphabets.filter((alphabet) => alphabet.test(word)).length <= 1);
}

const Profile = {
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .regex(/^[^\p{C}\p{Zl}\p{Zp}\p{DI}]+$/u, 'no control, direction or invisible characters')
    .refine(isOfOneScript, 'no word of letters that look alike from two alphabets'),
  returnUrls: z.array(ReturnUrl).max(20),
};

const KeyWord = z.string().trim().min(1).max(100);
const KeyPath = tenantPath.extend({ key: z.string().min(1).max(200) });

export const tenantsContract = {
  authorize: {
    env: z.object({ STAGE: setting, TENANTS_TABLE: setting, OPERATOR_SECRET: setting }),
    timeoutS: 5,
    entry: { kind: 'authorizer' },
  },
  create: {
    env: z.object({ TENANTS_TABLE: setting, TENANT_KEYS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['POST /v1/tenants'],
      access: 'operator',
      summary: 'Create a tenant',
      audit: 'tenant.created',
      body: z.strictObject({ id: TenantId.optional(), name: Profile.name, returnUrls: Profile.returnUrls.default([]) }),
      status: 201,
    },
  },
  get: {
    env: z.object({ TENANTS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}'],
      access: 'tenant',
      summary: 'Read a tenant',
      path: tenantPath,
    },
  },
  update: {
    env: z.object({ TENANTS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['PATCH /v1/tenants/{tenant}'],
      access: 'operator',
      summary: 'Change a tenant',
      audit: 'tenant.changed',
      path: tenantPath,
      body: z.strictObject({ name: Profile.name.optional(), returnUrls: Profile.returnUrls.optional() }),
    },
  },
  remove: {
    env: z.object({ TENANTS_TABLE: setting, BUS_NAME: setting }),
    timeoutS: 29,
    entry: {
      kind: 'http',
      routes: ['DELETE /v1/tenants/{tenant}'],
      access: 'operator',
      summary:
        'Erase a tenant: from now on it is not there; its grants upstream end, then its data keys, then all that is its own',
      audit: 'tenant.erasure_begun',
      path: tenantPath,
      status: 204,
    },
  },
  erase: {
    env: z.object({ TENANTS_TABLE: setting, TENANT_KEYS_TABLE: setting, BUS_NAME: setting }),
    timeoutS: 60,
    entry: { kind: 'event', types: ['tenant.disconnected'] },
  },
  'create-key': {
    env: z.object({ STAGE: setting, TENANTS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['POST /v1/tenants/{tenant}/keys'],
      access: 'operator',
      summary: 'Make an API key; it is shown this once',
      audit: 'key.created',
      path: tenantPath,
      body: z.strictObject({ name: KeyWord.optional(), service: KeyWord.optional() }),
      status: 201,
    },
  },
  'list-keys': {
    env: z.object({ TENANTS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['GET /v1/tenants/{tenant}/keys'],
      access: 'tenant',
      summary: 'List API keys, without their secrets',
      path: tenantPath,
      query: z.strictObject(page),
    },
  },
  'revoke-key': {
    env: z.object({ TENANTS_TABLE: setting }),
    timeoutS: 10,
    entry: {
      kind: 'http',
      routes: ['DELETE /v1/tenants/{tenant}/keys/{key}'],
      access: 'operator',
      summary: 'Revoke an API key',
      audit: 'key.revoked',
      path: KeyPath,
      status: 204,
    },
  },
} as const satisfies FeatureContract;
