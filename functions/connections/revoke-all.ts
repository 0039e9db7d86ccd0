import { connectionsContract } from '../../shared/connections/contract.ts';
import { revokeAll, type Whose } from '../../shared/connections/revoke-all.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { log } from '../../shared/core/log.ts';
import { ok } from '../../shared/core/result.ts';
import { direct } from '../middleware/direct.ts';

const contract = connectionsContract['revoke-all'];
const store = connectionStore(openTable(readEnv(contract.env).CONNECTIONS_TABLE));

/** A page of rows is marked in seconds; none is begun with less left. */
const NEEDED_MS = 60_000;

export const handler = direct(contract, async ({ input, moment, remainingMs, requestId }) => {
  const answer = await revokeAll(
    { store, moment },
    input as Whose & { cursor?: string },
    () => remainingMs() > NEEDED_MS,
  );
  const about = { tenant: input.tenant, provider: input.provider, requestId };
  log.warn('connections were disconnected all at once', { ...about, count: answer.marked });
  return ok(answer);
});
