import { confirmPorts } from '../../shared/connections/connect-ports.ts';
import { connectionsContract } from '../../shared/connections/contract.ts';
import { sweep } from '../../shared/connections/sweep.ts';
import { readEnv } from '../../shared/core/env.ts';
import { schedule } from '../middleware/schedule.ts';

const contract = connectionsContract.sweep;
const ports = confirmPorts(readEnv(contract.env));

export const handler = schedule(contract, ({ moment, remainingMs }) => sweep(ports, moment, remainingMs));
