import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { toView } from '../../shared/webhooks/replay.ts';
import { replayStore } from '../../shared/webhooks/replay-store.ts';
import { http } from '../middleware/http.ts';

const env = readEnv(webhooksContract['list-replays'].env);
const store = replayStore(openTable(env.INBOX_TABLE));

export const handler = http(webhooksContract['list-replays'], async ({ path, query }) => {
  const { replays, cursor } = await store.forTenant(path.tenant).list(query.limit, query.cursor);
  return ok({ items: replays.map(toView), ...(cursor !== undefined && { cursor }) });
});
