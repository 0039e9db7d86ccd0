import { connectionStore } from '../../shared/connections/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { amend } from '../../shared/syncs/amend.ts';
import { syncsContract } from '../../shared/syncs/contract.ts';
import { findSync, openOffer } from '../../shared/syncs/offer.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { set } from '../../shared/syncs/sync.ts';
import { syncOf } from '../../shared/syncs/syncs-of.ts';
import { toView } from '../../shared/syncs/view.ts';
import { judgeWish } from '../../shared/syncs/wish.ts';
import { http } from '../middleware/http.ts';

const env = readEnv(syncsContract.set.env);
const ports = {
  offered: openOffer(env.STAGE),
  syncs: syncStore(openTable(env.SYNCS_TABLE)),
  connections: connectionStore(openTable(env.CONNECTIONS_TABLE)),
};

export const handler = http(syncsContract.set, async ({ path: { tenant, connection, sync }, body, moment }) => {
  const row = await syncOf(ports, tenant, connection, sync, moment);
  if (!row.ok) return row;
  const offer = findSync(ports.offered, connection.provider, sync);
  const wish = offer ? judgeWish(offer, row.value, body) : refuse('not_found', 'There is no such sync.');
  if (!wish.ok) return wish;
  const changed = await amend(ports.syncs.forTenant(tenant), row.value, (it) => set(it, wish.value, moment));
  return changed ? ok(toView(changed, moment.nowMs)) : refuse('not_found', 'There is no such sync.');
});
