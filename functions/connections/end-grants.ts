import { releasePorts } from '../../shared/connections/connect-ports.ts';
import { connectionsContract } from '../../shared/connections/contract.ts';
import { endGrants } from '../../shared/connections/end-grants.ts';
import { readEnv } from '../../shared/core/env.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { event } from '../middleware/event.ts';

const contract = connectionsContract['end-grants'];
const ports = releasePorts(readEnv(contract.env));
const LIMIT_MS = 60_000;

export const handler = event(contract, ({ event: removing }) =>
  endGrants(ports, TenantId.parse(removing.tenant), Date.parse(removing.time), LIMIT_MS),
);
