import type { Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { dueShards } from '../core/keys.ts';
import { measure } from '../core/metrics.ts';
import { isHandedOut, messageOf } from './hand-out.ts';
import type { SyncStore } from './store.ts';

const AT_ONCE = 500;

/** Returns how many due syncs were handed to the queue. Of ticks at the same time one does it; what a tick leaves out, or
 *  loses on its way, is handed out when a lease has passed. */
export async function plan(
  { syncs, queue }: { readonly syncs: SyncStore; readonly queue: Pick<Queue, 'sendAll'> },
  moment: Moment,
  timeIsUp: () => boolean,
): Promise<number> {
  const nowMs = moment.nowMs;
  const first = await Promise.all(dueShards.map((shard) => syncs.due(shard, nowMs, AT_ONCE)));
  if (first.every(({ rows }) => rows.length === 0)) return 0;
  const lastMs = await syncs.lastTick();
  if (lastMs >= nowMs || !(await syncs.saveTick(nowMs, lastMs))) return 0;

  const lagsMs = new Map<string, number>();
  const counts = await Promise.all(dueShards.map(handOut));
  for (const [provider, lagMs] of lagsMs) measure('SyncLag', { provider }, lagMs, 'Milliseconds');
  return counts.reduce((sum, count) => sum + count, 0);

  async function handOut(shard: string, index: number): Promise<number> {
    let count = 0;
    for (let page = first[index]; page; ) {
      const due = page.rows.filter((row) => isHandedOut(row, lastMs, nowMs));
      await queue.sendAll(due.map((row) => messageOf(row, nowMs)));
      count += due.length;
      for (const { connection, dueAt = nowMs } of due) {
        const latestMs = lagsMs.get(connection.provider) ?? 0;
        lagsMs.set(connection.provider, Math.max(latestMs, nowMs - dueAt));
      }
      page = page.cursor && !timeIsUp() ? await syncs.due(shard, nowMs, AT_ONCE, page.cursor) : undefined;
    }
    return count;
  }
}
