import { openTable } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { readEnv } from '../../shared/core/env.ts';
import { log } from '../../shared/core/log.ts';
import { syncsContract } from '../../shared/syncs/contract.ts';
import { plan } from '../../shared/syncs/plan.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { schedule } from '../middleware/schedule.ts';

const env = readEnv(syncsContract.plan.env);
const ports = { syncs: syncStore(openTable(env.SYNCS_TABLE)), queue: openQueue(env.SYNC_QUEUE_URL) };

/** Time kept back for what is under way when no further rows are claimed. */
const RESERVE_MS = 10_000;

export const handler = schedule(syncsContract.plan, async ({ moment, remainingMs }) => {
  const count = await plan(ports, moment, () => remainingMs() < RESERVE_MS);
  if (count > 0) log.info('syncs were handed out', { feature: 'syncs', count });
});
