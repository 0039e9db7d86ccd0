import { openTable } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { syncsContract } from '../../shared/syncs/contract.ts';
import { runNow } from '../../shared/syncs/run-now.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { toView } from '../../shared/syncs/sync.ts';
import { http } from '../middleware/http.ts';

const env = readEnv(syncsContract['run-now'].env);
const syncs = syncStore(openTable(env.SYNCS_TABLE));
const queue = openQueue(env.SYNC_QUEUE_URL);

export const handler = http(syncsContract['run-now'], async ({ path: { tenant, connection, sync }, body, moment }) => {
  const rows = syncs.forTenant(tenant);
  const row = await rows.get(connection, sync);
  if (!row) return refuse('not_found', 'There is no such sync.');
  const started = await runNow(row, body, { syncs: rows, queue }, moment);
  return started.ok ? ok(toView(started.value, moment.nowMs)) : started;
});
