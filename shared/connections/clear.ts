import type { TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import type { SessionStore } from './session-store.ts';
import type { ConnectionStore } from './store.ts';

export interface ClearPorts {
  readonly store: Pick<ConnectionStore, 'forTenant'>;
  readonly sessions: Pick<SessionStore, 'ofTenant' | 'discard'>;
}

/** Deletes the connections and connect sessions a removed tenant had until then; one made since belongs to a new tenant of
 *  the same id. Their tokens died with the data keys: nothing can be ended upstream any more. */
export async function clear({ store, sessions }: ClearPorts, tenantId: TenantId, removedAtMs: number): Promise<void> {
  const rows = store.forTenant(tenantId);
  let cursor: string | undefined;
  do {
    const page = await rows.every(cursor);
    for (const row of page.items) if (row.createdAtMs <= removedAtMs) await rows.discard(row);
    cursor = page.cursor;
  } while (cursor);
  do {
    const page = await sessions.ofTenant(tenantId, removedAtMs, cursor);
    for (const { id, provider, grant } of page.items) {
      if (grant) {
        measure('Revocation', { provider, outcome: 'given_up' });
        const about = { session: id, tenant: tenantId, provider, outcome: 'lost', cause: 'tenant_removed' };
        log.warn('the grant of a connect session was released', about);
      }
      await sessions.discard(id);
    }
    cursor = page.cursor;
  } while (cursor);
}
