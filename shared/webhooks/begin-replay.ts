import type { Queue } from '../core/bus.ts';
import { messageOf, type Replay } from './replay.ts';
import type { ReplayStore } from './replay-store.ts';

export interface BeginReplayPorts {
  readonly replays: ReplayStore;
  readonly queue: Pick<Queue, 'send'>;
}

/** Keeps the replay, and has its first batch told. */
export async function beginReplay(replay: Replay, { replays, queue }: BeginReplayPorts): Promise<void> {
  await replays.forTenant(replay.tenantId).save(replay);
  await queue.send(messageOf(replay));
}
