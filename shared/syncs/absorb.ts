import type { Bus } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { type ConnectionId, newId, type TenantId } from '../core/ids.ts';
import { keep } from './keep.ts';
import type { Offered } from './offer.ts';
import type { Seen } from './record.ts';
import type { RecordStore } from './record-store.ts';
import type { SyncRow } from './row.ts';
import type { SyncStore } from './store.ts';

export interface AbsorbPorts {
  readonly offered: Offered;
  readonly syncs: SyncStore;
  readonly records: RecordStore;
  readonly bus: Pick<Bus, 'publish'>;
}

/** Whose objects were seen outside of a run. */
export interface Copy {
  readonly tenantId: TenantId;
  readonly connection: ConnectionId;
  readonly model: string;
}

/** Keeps objects that a webhook shows as a run of the model's sync would, and announces what changed; says whether it
 *  did. A connection without the sync's row is gone, or so new that its first run is still to read all there is. */
export async function absorb(
  seen: readonly Seen[],
  { tenantId, connection, model }: Copy,
  { offered, syncs, records, bus }: AbsorbPorts,
  moment: Moment,
): Promise<boolean> {
  const [name] = Object.entries(offered(connection.provider)).find(([, sync]) => sync.model === model) ?? [];
  if (name === undefined) return false;
  const row = await syncs.forTenant(tenantId).get(connection, name);
  if (!row) return false;

  const copy = records.of(tenantId, connection, model);
  const run = row.run?.id ?? unwritten(row, moment); // to a run under way it counts as met: its sweep leaves it alone
  const about = { tenantId, connection, model, run, retentionS: row.retentionS, bornAtMs: row.bornAtMs };
  await keep(seen, about, { records: copy, bus }, moment);
  if (await syncs.forTenant(tenantId).get(connection, name)) return true;
  await copy.clear(run); // disconnected meanwhile: what was written goes too
  return false;
}

/** Returns the id of a run that none is older than which may be under way already, and not written down so far. */
function unwritten({ dueAt }: SyncRow, moment: Moment): string {
  const isDue = dueAt !== undefined && dueAt <= moment.nowMs;
  return newId('run', isDue ? { nowMs: dueAt, token: () => '' } : moment);
}
