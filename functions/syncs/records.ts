import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { syncsContract } from '../../shared/syncs/contract.ts';
import { openOffer } from '../../shared/syncs/offer.ts';
import { toView } from '../../shared/syncs/record.ts';
import { recordStore } from '../../shared/syncs/record-store.ts';
import { http } from '../middleware/http.ts';

const env = readEnv(syncsContract.records.env);
const records = recordStore(openTable(env.RECORDS_TABLE));
const offered = openOffer(env.STAGE);

export const handler = http(syncsContract.records, async ({ path: { tenant, provider, model }, query, moment }) => {
  const kept = Object.values(offered(provider)).some((sync) => sync.model === model);
  if (!kept) return refuse('not_found', 'No sync of this provider keeps such a model.');
  const { rows, cursor } = await records
    .of(tenant, { provider, name: query.name }, model)
    .list(query.limit, moment.nowMs, query.cursor);
  return ok({ items: rows.map((row) => toView(row, model)), ...(cursor !== undefined && { cursor }) });
});
