import type { Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { dueShards } from '../core/keys.ts';
import { measure } from '../core/metrics.ts';
import { inParallel } from '../core/parallel.ts';
import { messageOf } from './message.ts';
import type { SyncStore } from './store.ts';
import { claimed, type SyncRow } from './sync.ts';

const AT_ONCE = 200;
const WIDTH = 16;

/** Returns how many due syncs were claimed and handed to the queue. A row that another tick has claimed is left alone; a
 *  claim whose message was lost is due again when its lease ends. */
export async function plan(
  { syncs, queue }: { readonly syncs: SyncStore; readonly queue: Pick<Queue, 'sendAll'> },
  moment: Moment,
  timeIsUp: () => boolean,
): Promise<number> {
  let lagMs = 0;
  const shards = await Promise.all(dueShards.map(claimShard));
  if (lagMs > 0) measure('SyncLag', {}, lagMs, 'Milliseconds');
  return shards.reduce((sum, count) => sum + count, 0);

  async function claimShard(shard: string): Promise<number> {
    const nowMs = moment.nowMs;
    let count = 0;
    let cursor: string | undefined;
    do {
      const due = await syncs.due(shard, nowMs, AT_ONCE, cursor);
      const mine = await inParallel(due.rows, WIDTH, claim);
      const messages = mine.filter((row) => row !== undefined).map((row) => messageOf(row));
      await queue.sendAll(messages);
      count += messages.length;
      cursor = due.cursor;
    } while (cursor && !timeIsUp());
    return count;
  }

  async function claim(row: SyncRow): Promise<SyncRow | undefined> {
    const successor = claimed(row, moment);
    const saved = await syncs.forTenant(row.tenantId).save(successor);
    if (!saved.done) return undefined;
    lagMs = Math.max(lagMs, moment.nowMs - (row.dueAt ?? moment.nowMs));
    return successor;
  }
}
