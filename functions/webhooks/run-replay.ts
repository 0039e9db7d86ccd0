import { openTable } from '../../shared/core/aws.ts';
import { openBus, openQueue } from '../../shared/core/bus.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { handlersOf } from '../../shared/providers/handled.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { replayStore } from '../../shared/webhooks/replay-store.ts';
import { runReplay } from '../../shared/webhooks/run-replay.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { later, queue } from '../middleware/queue.ts';

const contract = webhooksContract['run-replay'];
const env = readEnv(contract.env);
const table = openTable(env.INBOX_TABLE);
const replayQueue = openQueue(env.REPLAY_QUEUE_URL);
const ports = {
  inbox: inboxStore(table),
  replays: replayStore(table),
  publish: openBus(env.BUS_NAME).publish,
  handlersOf,
  handlerQueue: openQueue(env.HANDLER_QUEUE_URL),
  replayQueue,
};

export const handler = queue(contract, async ({ message, receiptHandle, moment }) => {
  const fate = await runReplay(message, ports, moment);
  if (fate === 'settle') return ok('settled');
  await replayQueue.hide(receiptHandle, fate.waitMs);
  return ok(later);
});
