import { toView } from '../../shared/connections/connection.ts';
import { connectionsContract } from '../../shared/connections/contract.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { http } from '../middleware/http.ts';

const contract = connectionsContract.list;
const connections = connectionStore(openTable(readEnv(contract.env).CONNECTIONS_TABLE));

export const handler = http(contract, async ({ path, query }) => {
  const { items, cursor } = await connections.forTenant(path.tenant).list(query);
  return ok({ items: items.map(toView), cursor });
});
