import { connectionStore } from '../../shared/connections/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { syncsContract } from '../../shared/syncs/contract.ts';
import { openOffer } from '../../shared/syncs/offer.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { syncsOf } from '../../shared/syncs/syncs-of.ts';
import { toView } from '../../shared/syncs/view.ts';
import { http } from '../middleware/http.ts';

const env = readEnv(syncsContract.list.env);
const ports = {
  offered: openOffer(env.STAGE),
  syncs: syncStore(openTable(env.SYNCS_TABLE)),
  connections: connectionStore(openTable(env.CONNECTIONS_TABLE)),
};

export const handler = http(syncsContract.list, async ({ path: { tenant, connection }, moment }) => {
  const rows = await syncsOf(ports, tenant, connection, moment);
  return rows.ok ? ok({ items: rows.value.map((row) => toView(row, moment.nowMs)) }) : rows;
});
