import { toView } from '../../shared/connections/connection.ts';
import { connectionsContract } from '../../shared/connections/contract.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { http } from '../middleware/http.ts';

const contract = connectionsContract.get;
const connections = connectionStore(openTable(readEnv(contract.env).CONNECTIONS_TABLE));

export const handler = http(contract, async ({ path }) => {
  const connection = await connections.forTenant(path.tenant).get(path.connection);
  return connection ? ok(toView(connection)) : refuse('not_found', 'There is nothing at this address.');
});
