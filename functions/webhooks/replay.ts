import { openTable } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { beginReplay } from '../../shared/webhooks/begin-replay.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { countEvents } from '../../shared/webhooks/count.ts';
import { begun, toView } from '../../shared/webhooks/replay.ts';
import { replayStore } from '../../shared/webhooks/replay-store.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { http, Reply } from '../middleware/http.ts';

const env = readEnv(webhooksContract.replay.env);
const table = openTable(env.INBOX_TABLE);
const inbox = inboxStore(table);
const replays = replayStore(table);
const queue = openQueue(env.REPLAY_QUEUE_URL);

/** Kept back for the answer when a count comes to no end. */
const RESERVE_MS = 5_000;

export const handler = http(webhooksContract.replay, async ({ path: { tenant }, body, moment, remainingMs }) => {
  const replay = begun(tenant, body, moment);
  if (body.dryRun) {
    const timeIsUp = () => remainingMs() < RESERVE_MS;
    return ok(new Reply(200, await countEvents(inbox.forTenant(tenant), replay.filter, timeIsUp)));
  }
  await beginReplay(replay, { replays, queue }, moment);
  return ok(toView(replay));
});
