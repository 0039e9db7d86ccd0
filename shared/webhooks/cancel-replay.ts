import type { Moment } from '../core/clock.ts';
import { cancelled, type Replay } from './replay.ts';
import type { ReplayStore } from './replay-store.ts';

/** Returns the replay as it ended: by this, or before. Nothing where there is none. */
export async function cancelReplay(
  id: string,
  replays: ReturnType<ReplayStore['forTenant']>,
  { nowMs }: Moment,
): Promise<Replay | undefined> {
  for (let replay = await replays.get(id); replay; replay = await replays.get(id)) {
    const next = cancelled(replay, nowMs);
    if (!next) return replay;
    if (await replays.save(next)) return next; // else a batch came between
  }
  return undefined;
}
