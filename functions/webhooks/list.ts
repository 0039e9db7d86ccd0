import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { openObjects } from '../../shared/core/objects.ts';
import { ok } from '../../shared/core/result.ts';
import { readData } from '../../shared/webhooks/content.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { listEvents } from '../../shared/webhooks/list.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { http } from '../middleware/http.ts';

const env = readEnv(webhooksContract.list.env);
const inbox = inboxStore(openTable(env.INBOX_TABLE));
const objects = openObjects(env.PAYLOAD_BUCKET);

export const handler = http(webhooksContract.list, async ({ path, query }) =>
  ok(await listEvents(await inbox.forTenant(path.tenant).list(query), (event) => readData(event, objects))),
);
