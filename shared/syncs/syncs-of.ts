import { grantedTo } from '../connections/connection.ts';
import type { TenantConnections } from '../connections/store.ts';
import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';
import { bornWith } from './fit.ts';
import type { Offered } from './offer.ts';
import type { SyncRow } from './row.ts';
import type { SyncStore } from './store.ts';

export interface SyncsOfPorts {
  readonly offered: Offered;
  readonly syncs: SyncStore;
  readonly connections: { forTenant(tenantId: TenantId): Pick<TenantConnections, 'get'> };
}

/** Returns the syncs of a connection. One that has no row yet gets it here: its activation may not have been heard of
 *  so far, and a release may have added a sync. Errors: `not_found`. */
export async function syncsOf(
  { offered, syncs, connections }: SyncsOfPorts,
  tenantId: TenantId,
  connection: ConnectionId,
  moment: Moment,
): Promise<Result<SyncRow[]>> {
  const store = syncs.forTenant(tenantId);
  const rows = await store.list(connection);
  const known = new Set(rows.map((row) => row.sync));
  const missing = Object.entries(offered(connection.provider)).filter(([name]) => !known.has(name));
  if (missing.length === 0 && rows.length > 0) return ok(rows);

  const owner = await connections.forTenant(tenantId).get(connection);
  if (owner?.status !== 'active') {
    return rows.length > 0 ? ok(rows) : refuse('not_found', 'There is no such connection.');
  }
  for (const [name, sync] of missing) {
    const row = bornWith(
      grantedTo(owner),
      { tenantId, connection, sync: name, account: owner.account.id },
      sync,
      owner.updatedAtMs,
      moment,
    );
    const made = await store.create(row);
    const present = made.done ? row : made.row;
    if (present) rows.push(present);
  }
  return ok(rows);
}

/** Returns one sync of a connection, as `syncsOf` has it. Errors: `not_found`. */
export async function syncOf(
  ports: SyncsOfPorts,
  tenantId: TenantId,
  connection: ConnectionId,
  name: string,
  moment: Moment,
): Promise<Result<SyncRow>> {
  const rows = await syncsOf(ports, tenantId, connection, moment);
  if (!rows.ok) return rows;
  const row = rows.value.find(({ sync }) => sync === name);
  return row ? ok(row) : refuse('not_found', 'There is no such sync.');
}
