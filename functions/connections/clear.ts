import { clear } from '../../shared/connections/clear.ts';
import { connectionsContract } from '../../shared/connections/contract.ts';
import { sessionStore } from '../../shared/connections/session-store.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { event } from '../middleware/event.ts';

const contract = connectionsContract.clear;
const env = readEnv(contract.env);
const ports = {
  store: connectionStore(openTable(env.CONNECTIONS_TABLE)),
  sessions: sessionStore(openTable(env.SESSIONS_TABLE)),
};

export const handler = event(contract, async ({ event: removed }) =>
  clear(ports, TenantId.parse(removed.tenant), Date.parse(removed.time)),
);
