import { connectionsContract } from '../../shared/connections/contract.ts';
import { credentialsFromEnv } from '../../shared/connections/ports.ts';
import { exportToken } from '../../shared/connections/token.ts';
import { readEnv } from '../../shared/core/env.ts';
import { connectionRef } from '../../shared/core/ids.ts';
import { log } from '../../shared/core/log.ts';
import { direct } from '../middleware/direct.ts';

const contract = connectionsContract.token;
const env = readEnv(contract.env);
const credentials = credentialsFromEnv(env);

export const handler = direct(contract, async ({ input, requestId, moment, remainingMs }) => {
  const allowed = env.TOKEN_EXPORT === 'on';
  const endsAtMs = moment.nowMs + remainingMs();
  const token = await exportToken(credentials, allowed, input.tenant, input.connection, endsAtMs);
  const about = { tenant: input.tenant, connection: connectionRef(input.connection), requestId };
  log.info('a token was asked for', { ...about, outcome: token.ok ? 'handed out' : token.error.code });
  return token;
});
