import { openAttempts } from '../../shared/calls/attempt.ts';
import { limitStore } from '../../shared/calls/limit-store.ts';
import { credentialsFromEnv } from '../../shared/connections/ports.ts';
import { openTable, readSecretString } from '../../shared/core/aws.ts';
import { openBus, openQueue } from '../../shared/core/bus.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { openNetwork } from '../../shared/core/fetch.ts';
import { ok } from '../../shared/core/result.ts';
import { openApps } from '../../shared/providers/app.ts';
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
  attempts: openAttempts({
    credentials: credentialsFromEnv(env),
    limits: limitStore(openTable(env.LIMITS_TABLE)),
    send: openNetwork({ loopback: env.STAGE === 'local' }),
    readApp: openApps(env.STAGE, readSecretString, () => realMoment.nowMs),
    stage: env.STAGE,
  }),
  bus: openBus(env.BUS_NAME),
  queue: openQueue(env.SYNC_QUEUE_URL),
};

/** Whatever became of it, the message is done with: the row knows when the sync is due again. */
export const handler = queue(syncsContract.run, async ({ message, moment, remainingMs }) =>
  ok(await run(message, ports, moment, remainingMs)),
);
