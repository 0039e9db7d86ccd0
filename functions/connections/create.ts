import { createPorts } from '../../shared/connections/connect-ports.ts';
import { connectionsContract } from '../../shared/connections/contract.ts';
import { create } from '../../shared/connections/create.ts';
import { readEnv } from '../../shared/core/env.ts';
import { http } from '../middleware/http.ts';

const contract = connectionsContract.create;
const ports = createPorts(readEnv(contract.env));

export const handler = http(contract, ({ path, body, principal, moment }) =>
  create(ports, { tenantId: path.tenant, isOperator: principal.kind === 'operator' }, body, moment),
);
