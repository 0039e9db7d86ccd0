import { connectionsContract } from '../../shared/connections/contract.ts';
import { portsFromEnv } from '../../shared/connections/ports.ts';
import { remove } from '../../shared/connections/remove.ts';
import { readEnv } from '../../shared/core/env.ts';
import { http } from '../middleware/http.ts';

const contract = connectionsContract.remove;
const ports = portsFromEnv(readEnv(contract.env));

export const handler = http(contract, ({ path, moment }) => remove({ ...ports, moment }, path.tenant, path.connection));
