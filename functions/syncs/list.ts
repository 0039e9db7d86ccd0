import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { syncsContract } from '../../shared/syncs/contract.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { toView } from '../../shared/syncs/sync.ts';
import { http } from '../middleware/http.ts';

const env = readEnv(syncsContract.list.env);
const syncs = syncStore(openTable(env.SYNCS_TABLE));

/** A connection has a row for each sync that its provider offers, from the moment it is made. */
export const handler = http(syncsContract.list, async ({ path: { tenant, connection }, moment }) => {
  const rows = await syncs.forTenant(tenant).list(connection);
  if (rows.length === 0) return refuse('not_found', 'There is no such connection.');
  return ok({ items: rows.map((row) => toView(row, moment.nowMs)) });
});
