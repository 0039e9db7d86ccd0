import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { openObjects } from '../../shared/core/objects.ts';
import { clear } from '../../shared/webhooks/clear.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { endpointStore } from '../../shared/webhooks/endpoint-store.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { event } from '../middleware/event.ts';

const env = readEnv(webhooksContract.clear.env);
const ports = {
  inbox: inboxStore(openTable(env.INBOX_TABLE)),
  endpoints: endpointStore(openTable(env.ENDPOINTS_TABLE)),
  objects: openObjects(env.PAYLOAD_BUCKET),
};

export const handler = event(webhooksContract.clear, ({ event: { tenant }, remainingMs }) =>
  clear(TenantId.parse(tenant), ports, remainingMs),
);
