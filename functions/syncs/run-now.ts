import { connectionStore } from '../../shared/connections/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { syncsContract } from '../../shared/syncs/contract.ts';
import { openOffer } from '../../shared/syncs/offer.ts';
import { runNow } from '../../shared/syncs/run-now.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { syncOf } from '../../shared/syncs/syncs-of.ts';
import { toView } from '../../shared/syncs/view.ts';
import { http } from '../middleware/http.ts';

const env = readEnv(syncsContract['run-now'].env);
const queue = openQueue(env.SYNC_QUEUE_URL);
const ports = {
  offered: openOffer(env.STAGE),
  syncs: syncStore(openTable(env.SYNCS_TABLE)),
  connections: connectionStore(openTable(env.CONNECTIONS_TABLE)),
};

export const handler = http(syncsContract['run-now'], async ({ path: { tenant, connection, sync }, body, moment }) => {
  const row = await syncOf(ports, tenant, connection, sync, moment);
  if (!row.ok) return row;
  const started = await runNow(row.value, body, { syncs: ports.syncs.forTenant(tenant), queue }, moment);
  return started.ok ? ok(toView(started.value, moment.nowMs)) : started;
});
