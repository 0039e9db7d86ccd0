import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { UNROUTED } from '../../shared/core/keys.ts';
import { openObjects } from '../../shared/core/objects.ts';
import { ok } from '../../shared/core/result.ts';
import { capturedFromEnv, readForOperator } from '../../shared/webhooks/captured.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { listEvents } from '../../shared/webhooks/list.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { http } from '../middleware/http.ts';

const env = readEnv(webhooksContract['list-unrouted'].env);
const inbox = inboxStore(openTable(env.INBOX_TABLE));
const captured = capturedFromEnv(env);
const objects = openObjects(env.PAYLOAD_BUCKET);

export const handler = http(webhooksContract['list-unrouted'], async ({ query, moment }) => {
  const page = await inbox.forTenant(UNROUTED).list(query);
  return ok(await listEvents(page, (event) => readForOperator(event, { objects, captured }, moment.nowMs)));
});
