import { amend } from './amend.ts';
import type { RecordStore } from './record-store.ts';
import type { SyncRow } from './row.ts';
import type { SyncStore } from './store.ts';
import { abandoned, forgetful } from './sync.ts';

/** Erases a sync and its records, unless its connection was made again after `atMs`. The row goes between two clearings:
 *  while it stands, a crash leaves the way to its records; a run that still writes notices and takes its part back. */
export async function erase(
  row: SyncRow,
  { syncs, records }: { readonly syncs: SyncStore; readonly records: RecordStore },
  atMs: number,
): Promise<void> {
  const tenant = syncs.forTenant(row.tenantId);
  const copy = records.of(row.tenantId, row.connection, row.model);
  const last = await amend(tenant, row, (it) =>
    it.followedAtMs <= atMs ? { ...abandoned(it), followedAtMs: atMs, bornAtMs: atMs } : undefined,
  );
  if (!last) return;

  await copy.clear();
  const removed = await tenant.remove(last);
  if (removed.done) await copy.clear();
  // Made again in between: what its new run has written may be among the cleared.
  else if (removed.row)
    await amend(tenant, removed.row, (it) => ({ ...forgetful(it, atMs), bornAtMs: it.followedAtMs }));
}
