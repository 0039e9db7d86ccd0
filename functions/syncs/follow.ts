import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { syncsContract } from '../../shared/syncs/contract.ts';
import { ConnectionEvent, follow } from '../../shared/syncs/follow.ts';
import { openOffer } from '../../shared/syncs/offer.ts';
import { recordStore } from '../../shared/syncs/record-store.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { event } from '../middleware/event.ts';

const env = readEnv(syncsContract.follow.env);
const ports = {
  syncs: syncStore(openTable(env.SYNCS_TABLE)),
  records: recordStore(openTable(env.RECORDS_TABLE)),
  offered: openOffer(env.STAGE),
};

export const handler = event(syncsContract.follow, ({ event, moment }) =>
  follow(ConnectionEvent.parse(event), ports, moment),
);
