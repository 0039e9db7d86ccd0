import { refuse } from '../core/errors.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { connectionKey } from '../core/keys.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import { ok, type Result } from '../core/result.ts';
import type { Connection } from './connection.ts';
import type { ConnectionStore } from './store.ts';

/** So many connections are remembered: those that were used last. */
const KEPT = 1_000;

/** Returns a reader that remembers the newest generation it saw of each connection. No write of the hub's makes it smaller
 *  (C-03): an older one was put back by whoever can write to the table, and is not used (B-16). That costs no request, and
 *  sees what this process lives to see: another, or one that has not had the newer one, takes the older for the newest. */
export function newestOf(store: Pick<ConnectionStore, 'forTenant'>) {
  const newest = new Map<string, number>();

  function isOlder(row: Connection): boolean {
    return row.generation < (newest.get(placeOf(row)) ?? 0);
  }

  function remember(row: Connection): void {
    const place = placeOf(row);
    const generation = Math.max(row.generation, newest.get(place) ?? 0);
    newest.delete(place);
    newest.set(place, generation);
    const [oldest] = newest.keys();
    if (newest.size > KEPT && oldest !== undefined) newest.delete(oldest);
  }

  return {
    remember,

    /** Returns the row, if there is one. Errors: `unavailable` (it is older than it was). */
    async read(tenantId: TenantId, id: ConnectionId): Promise<Result<Connection | undefined>> {
      const rows = store.forTenant(tenantId);
      let row = await rows.get(id);
      if (row && isOlder(row)) row = await rows.get(id); // the answer may have been overtaken on its way
      if (!row) return ok(undefined);
      if (isOlder(row)) return regressed(row);
      remember(row);
      return ok(row);
    },
  };
}

function regressed({ tenantId, provider, name }: Connection) {
  log.warn('a connection is older than it was', {
    ...{ tenant: tenantId, provider, connection: name, code: 'generation_regression' },
  });
  measure('GenerationRegression', { provider });
  return refuse('unavailable', 'The stored credential is older than the one that was in use; it is not used.', {
    cause: 'generation_regression',
  });
}

function placeOf(row: Connection): string {
  return `${row.tenantId}#${connectionKey(row)}`;
}
