import type { Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { cancelled, messageOf, type Replay } from './replay.ts';
import type { ReplayStore } from './replay-store.ts';

export interface BeginReplayPorts {
  readonly replays: ReplayStore;
  readonly queue: Pick<Queue, 'send'>;
}

/** Keeps the replay, and has its first batch told. Where that cannot be asked for, the replay is over. */
export async function beginReplay(
  replay: Replay,
  { replays, queue }: BeginReplayPorts,
  { nowMs }: Pick<Moment, 'nowMs'>,
): Promise<void> {
  const store = replays.forTenant(replay.tenantId);
  await store.save(replay);
  try {
    await queue.send(messageOf(replay));
  } catch (error) {
    const over = cancelled(replay, nowMs);
    if (over) await store.save(over); // unless the message went out all the same, and a batch is told
    throw error;
  }
}
