import type { Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import { amend } from './amend.ts';
import { messageOf } from './hand-out.ts';
import type { SyncRow } from './row.ts';
import type { TenantSyncs } from './store.ts';
import { claimed } from './sync.ts';

/** Returns the row with a run under way: the one that was, or one that starts now. `full` begins from nothing.
 *  Errors: `needs_reauth`, `conflict` (paused). */
export async function runNow(
  row: SyncRow,
  { full }: { readonly full: boolean },
  { syncs, queue }: { readonly syncs: TenantSyncs; readonly queue: Pick<Queue, 'send'> },
  moment: Moment,
): Promise<Result<SyncRow>> {
  if (row.status === 'stopped') {
    return refuse('needs_reauth', row.error?.message ?? 'Connect the account again: until then nothing can run.');
  }
  if (!row.enabled) return refuse('conflict', 'The sync is paused: enable it first.');
  const started = await amend(syncs, row, (it) => {
    if (it.status === 'stopped' || !it.enabled || (it.status === 'running' && !full)) return undefined;
    return claimed(it, moment, full);
  });
  if (started) await queue.send(messageOf(started, moment.nowMs));
  return ok(started ?? row);
}
