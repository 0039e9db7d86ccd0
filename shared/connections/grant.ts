import type { ConnectionId, TenantId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';
import type { Secret } from '../core/secret.ts';
import type { Connection, SealedGrant } from './connection.ts';
import type { Values } from './template.ts';
import type { Vault } from './vault.ts';

/** What the end user granted or entered, in plaintext: tokens, and the secret fields of the way. */
export interface Grant {
  readonly accessToken?: Secret;
  readonly refreshToken?: Secret;
  readonly [field: string]: Secret | undefined;
}

/** Returns a grant sealed for one connection and generation, each secret for its own field. */
export async function sealGrant(
  vault: Pick<Vault, 'seal'>,
  tenantId: TenantId,
  { provider, name }: ConnectionId,
  generation: number,
  grant: Grant,
): Promise<SealedGrant> {
  const sealed: Record<string, string> = {};
  for (const [field, secret] of Object.entries(grant)) {
    if (secret) sealed[field] = await vault.seal(tenantId, { provider, name, generation, field }, secret);
  }
  return sealed;
}

/** Returns a sealed grant's secrets; of `fields` alone where they are named. Errors: those of the vault. */
export async function openGrant(
  vault: Pick<Vault, 'open'>,
  tenantId: TenantId,
  { provider, name }: ConnectionId,
  generation: number,
  sealed: SealedGrant,
  fields: readonly string[] = Object.keys(sealed),
): Promise<Result<Grant>> {
  const grant: Record<string, Secret> = {};
  for (const [field, record] of Object.entries(sealed)) {
    if (!fields.includes(field)) continue;
    const opened = await vault.open(tenantId, { provider, name, generation, field }, record);
    if (!opened.ok) return opened;
    grant[field] = opened.value;
  }
  return ok(grant);
}

/** Returns all that a template may name of a connection: its account where it is known, its settings, and these secrets. */
export function valuesOf(
  { account, settings }: Partial<Pick<Connection, 'account' | 'settings'>>,
  grant: Grant,
): Values {
  return { ...settings, account: account?.id, ...grant };
}
