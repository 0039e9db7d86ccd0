import { confirm } from '../../shared/connections/confirm.ts';
import { confirmPorts } from '../../shared/connections/connect-ports.ts';
import { connectionsContract } from '../../shared/connections/contract.ts';
import { readEnv } from '../../shared/core/env.ts';
import { http } from '../middleware/http.ts';

const contract = connectionsContract.confirm;
const ports = confirmPorts(readEnv(contract.env));

export const handler = http(contract, ({ path, body, moment }) =>
  confirm(ports, { tenantId: path.tenant, session: path.session, ...body }, moment),
);
