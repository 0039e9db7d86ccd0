import type { Moment } from '../core/clock.ts';
import { dueShards } from '../core/keys.ts';
import { log } from '../core/log.ts';
import { activateOrRelease, type ConfirmPorts } from './confirm.ts';
import { finishRelease, release } from './release.ts';
import type { Session } from './session.ts';

/** A session may want a revocation and its writes: no new one is begun with less time left. */
const NEEDED_MS = 40_000;
const AGAIN_MS = 60_000;

/** Ends what nobody confirmed in time (A.3, step 6), finishes confirmations and revocations that were cut off. */
export async function sweep(ports: ConfirmPorts, moment: Moment, remainingMs: () => number): Promise<void> {
  await Promise.all(
    dueShards.map(async (shard) => {
      for (const session of await ports.sessions.due(shard, moment.nowMs)) {
        if (remainingMs() < NEEDED_MS) return;
        try {
          await attend(ports, session, moment);
        } catch (error) {
          log.bug('a connect session was not swept; the next tick tries again', error, { session: session.id });
        }
      }
    }),
  );
}

async function attend(ports: ConfirmPorts, session: Session, moment: Moment): Promise<unknown> {
  if (session.status === 'ready') return release(ports, session, 'unconfirmed', moment);
  if (session.status === 'revoking') return finishRelease(ports, session, moment);
  const result = await activateOrRelease(ports, session, moment);
  if (!result.ok && result.error.code === 'unavailable') {
    await ports.sessions.postpone(session.id, session.status, moment.nowMs + AGAIN_MS);
  }
}
