import { clear } from '../../shared/connections/clear.ts';
import { connectionsContract } from '../../shared/connections/contract.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { event } from '../middleware/event.ts';

const contract = connectionsContract.clear;
const connections = connectionStore(openTable(readEnv(contract.env).CONNECTIONS_TABLE));

export const handler = event(contract, async ({ event: removed }) =>
  clear(connections.forTenant(TenantId.parse(removed.tenant)), Date.parse(removed.time)),
);
