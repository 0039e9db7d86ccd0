import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { syncsContract } from '../../shared/syncs/contract.ts';
import { News, nudge } from '../../shared/syncs/nudge.ts';
import { openOffer } from '../../shared/syncs/offer.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { event } from '../middleware/event.ts';

const env = readEnv(syncsContract.nudge.env);
const ports = { syncs: syncStore(openTable(env.SYNCS_TABLE)), offered: openOffer(env.STAGE) };

/** An event that no connection claims is news for no sync. */
export const handler = event(syncsContract.nudge, async ({ event, moment }) => {
  const news = News.safeParse(event);
  if (news.success) await nudge(news.data, ports, moment);
});
