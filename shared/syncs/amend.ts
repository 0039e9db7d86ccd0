import type { SyncRow } from './row.ts';
import type { TenantSyncs } from './store.ts';

/** More writers than this at one row at once is a bug, not bad luck. */
const MAX_TRIES = 20;

/** Returns the row as `change` made it and as it is stored now; nothing where the row, as it stands by then, is gone or
 *  not for `change` to touch. A change is asked again for each write that was faster. */
export async function amend(
  syncs: Pick<TenantSyncs, 'save'>,
  row: SyncRow,
  change: (row: SyncRow) => SyncRow | undefined,
): Promise<SyncRow | undefined> {
  let current: SyncRow | undefined = row;
  for (let tries = 0; current && tries < MAX_TRIES; tries++) {
    const successor = change(current);
    if (!successor) return undefined;
    const saved = await syncs.save(successor);
    if (saved.done) return successor;
    current = saved.row;
  }
  if (current) throw new Error(`a sync's row was written ${MAX_TRIES} times in between`);
  return undefined;
}
