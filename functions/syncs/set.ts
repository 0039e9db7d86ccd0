import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { amend } from '../../shared/syncs/amend.ts';
import { syncsContract } from '../../shared/syncs/contract.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { set, toView } from '../../shared/syncs/sync.ts';
import { http } from '../middleware/http.ts';

const env = readEnv(syncsContract.set.env);
const syncs = syncStore(openTable(env.SYNCS_TABLE));

export const handler = http(syncsContract.set, async ({ path: { tenant, connection, sync }, body, moment }) => {
  const rows = syncs.forTenant(tenant);
  const row = await rows.get(connection, sync);
  const changed = row && (await amend(rows, row, (it) => set(it, body, moment)));
  return changed ? ok(toView(changed, moment.nowMs)) : refuse('not_found', 'There is no such sync.');
});
