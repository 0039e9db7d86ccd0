import { attemptsFromEnv } from '../../shared/calls/open.ts';
import { openTable } from '../../shared/core/aws.ts';
import { openBus, openQueue } from '../../shared/core/bus.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { syncsContract } from '../../shared/syncs/contract.ts';
import { openOffer } from '../../shared/syncs/offer.ts';
import { recordStore } from '../../shared/syncs/record-store.ts';
import { run } from '../../shared/syncs/run.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { queue } from '../middleware/queue.ts';

const env = readEnv(syncsContract.run.env);
const ports = {
  offered: openOffer(env.STAGE),
  syncs: syncStore(openTable(env.SYNCS_TABLE)),
  records: recordStore(openTable(env.RECORDS_TABLE)),
  attempts: attemptsFromEnv(env),
  bus: openBus(env.BUS_NAME),
  queue: openQueue(env.SYNC_QUEUE_URL),
};

/** Whatever became of it, the message is done with: the row knows when the sync is due again. */
export const handler = queue(syncsContract.run, async ({ message, moment, remainingMs }) =>
  ok(await run(message, ports, moment, remainingMs)),
);
