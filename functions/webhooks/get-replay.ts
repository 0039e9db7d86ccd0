import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { toView } from '../../shared/webhooks/replay.ts';
import { replayStore } from '../../shared/webhooks/replay-store.ts';
import { http } from '../middleware/http.ts';

const env = readEnv(webhooksContract['get-replay'].env);
const store = replayStore(openTable(env.INBOX_TABLE));

export const handler = http(webhooksContract['get-replay'], async ({ path }) => {
  const replay = await store.forTenant(path.tenant).get(path.replay);
  return replay ? ok(toView(replay)) : refuse('not_found', 'There is no such replay.');
});
