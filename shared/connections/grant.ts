import type { ConnectionId, TenantId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';
import type { Secret } from '../core/secret.ts';
import type { SealedGrant } from './connection.ts';
import type { Vault } from './vault.ts';

/** What the end user granted, in plaintext. */
export interface Grant {
  readonly accessToken: Secret;
  readonly refreshToken?: Secret;
}

/** Returns a grant sealed for one connection and generation, each token for its own field. */
export async function sealGrant(
  vault: Pick<Vault, 'seal'>,
  tenantId: TenantId,
  { provider, name }: ConnectionId,
  generation: number,
  { accessToken, refreshToken }: Grant,
): Promise<SealedGrant> {
  const place = { provider, name, generation };
  const sealed = await vault.seal(tenantId, { ...place, field: 'accessToken' }, accessToken);
  if (!refreshToken) return { accessToken: sealed };
  const second = await vault.seal(tenantId, { ...place, field: 'refreshToken' }, refreshToken);
  return { accessToken: sealed, refreshToken: second };
}

/** Returns a sealed grant's tokens. Errors: those of the vault. */
export async function openGrant(
  vault: Pick<Vault, 'open'>,
  tenantId: TenantId,
  { provider, name }: ConnectionId,
  generation: number,
  sealed: SealedGrant,
): Promise<Result<Grant>> {
  const place = { provider, name, generation };
  const accessToken = await vault.open(tenantId, { ...place, field: 'accessToken' }, sealed.accessToken);
  if (!accessToken.ok) return accessToken;
  if (sealed.refreshToken === undefined) return ok({ accessToken: accessToken.value });
  const refreshToken = await vault.open(tenantId, { ...place, field: 'refreshToken' }, sealed.refreshToken);
  return refreshToken.ok ? ok({ accessToken: accessToken.value, refreshToken: refreshToken.value }) : refreshToken;
}
