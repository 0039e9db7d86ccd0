import type { Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { dueShards } from '../core/keys.ts';
import { inParallel } from '../core/parallel.ts';
import { messageOf } from './run.ts';
import type { CallStore } from './store.ts';

/** Kept of the tick's time; what is left over is the next tick's. */
const MARGIN_MS = 10_000;
const WIDTH = 10;

/** Returns how many calls were handed to the workers: those whose wait is over, and those whose message was lost. */
export async function plan(
  { calls, queue }: { readonly calls: CallStore; readonly queue: Queue },
  remainingMs: () => number,
  moment: Moment,
): Promise<number> {
  const counts = await Promise.all(dueShards.map(handOut));
  return counts.reduce((sum, count) => sum + count, 0);

  async function handOut(shard: string): Promise<number> {
    let count = 0;
    let cursor: string | undefined;
    do {
      const page = await calls.due(shard, moment.nowMs, cursor);
      const taken = await inParallel(page.calls, WIDTH, (due) => calls.handOver(due, moment.nowMs));
      const mine = page.calls.filter((_, index) => taken[index]);
      await queue.sendAll(mine.map((call) => messageOf(call)));
      count += mine.length;
      cursor = page.cursor;
    } while (cursor && remainingMs() > MARGIN_MS);
    return count;
  }
}
