import { createSessionPorts } from '../../shared/connections/connect-ports.ts';
import { connectionsContract } from '../../shared/connections/contract.ts';
import { createSession } from '../../shared/connections/create-session.ts';
import { readEnv } from '../../shared/core/env.ts';
import { http } from '../middleware/http.ts';

const contract = connectionsContract['create-session'];
const ports = createSessionPorts(readEnv(contract.env));

export const handler = http(contract, ({ path, body, moment }) => createSession(ports, path.tenant, body, moment));
