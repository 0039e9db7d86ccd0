import { refuse } from '../core/errors.ts';
import { TenantId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';

/** Whose activity is read, from when on. */
export interface Subject {
  /** None: what is no tenant's. */
  readonly tenant?: TenantId;
  readonly sinceMs: number;
}

/** Returns whose activity a caller reads: the operator anybody's, a tenant's key its own, and nothing of another tenant that
 *  had the same id before. Errors: `not_found`. */
export async function subjectOf(
  tenants: { get(tenantId: TenantId): Promise<{ readonly createdAtMs: number } | undefined> },
  caller: { readonly kind: string; readonly tenantId?: string },
  asked: TenantId | undefined,
): Promise<Result<Subject>> {
  if (caller.kind === 'operator') return ok({ tenant: asked, sinceMs: 0 });
  const own = TenantId.safeParse(caller.tenantId);
  const tenant = own.success && (asked ?? own.data) === own.data ? await tenants.get(own.data) : undefined;
  if (!tenant) return refuse('not_found', 'There is nothing at this address.');
  return ok({ tenant: own.data, sinceMs: tenant.createdAtMs });
}
