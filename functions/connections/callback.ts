import { callback } from '../../shared/connections/callback.ts';
import { hostedPorts } from '../../shared/connections/connect-ports.ts';
import { connectionsContract } from '../../shared/connections/contract.ts';
import { failurePage } from '../../shared/connections/failure-page.ts';
import { readOwner } from '../../shared/connections/owner.ts';
import { readEnv } from '../../shared/core/env.ts';
import { page } from '../middleware/page.ts';

const contract = connectionsContract.callback;
const env = readEnv(contract.env);
const owner = readOwner(env.OWNER);
const ports = hostedPorts(env);

export const handler = page(
  contract,
  { secure: env.STAGE !== 'local', failure: (error, requestId) => failurePage(owner, error, requestId) },
  ({ path, query, cookie, moment }) => callback(ports, { provider: path.provider, query, cookie }, moment),
);
