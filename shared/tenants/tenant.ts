import { iso } from '../core/clock.ts';
import type { TenantId } from '../core/ids.ts';

/** A tenant as stored; times in ms since the epoch. */
export interface Tenant {
  readonly tenantId: TenantId;
  readonly name: string;
  /** Where a browser may be sent after connecting. */
  readonly returnUrls: readonly string[];
  /** `removing`: it is being erased, and answers like a tenant that does not exist. */
  readonly status: 'active' | 'removing';
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Returns the public shape of a tenant. */
export function tenantView({ tenantId, name, returnUrls, createdAtMs, updatedAtMs }: Tenant) {
  return { id: tenantId, name, returnUrls, createdAt: iso(createdAtMs), updatedAt: iso(updatedAtMs) };
}

/** Returns whether the tenant registered exactly this return URL: character by character, nothing is normalized. */
export function isReturnUrl({ returnUrls }: Pick<Tenant, 'returnUrls'>, url: string): boolean {
  return returnUrls.includes(url);
}
