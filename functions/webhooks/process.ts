import { connectionIdOf, kindOf } from '../../shared/connections/connection.ts';
import { endGrant } from '../../shared/connections/end-grant.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { openTable, readSecretString } from '../../shared/core/aws.ts';
import { gathering, openBus, openQueue } from '../../shared/core/bus.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { openNetwork } from '../../shared/core/fetch.ts';
import type { TenantId } from '../../shared/core/ids.ts';
import { openObjects } from '../../shared/core/objects.ts';
import { openApps } from '../../shared/providers/app.ts';
import type { WayKind } from '../../shared/providers/auth.ts';
import { handlersOf } from '../../shared/providers/handled.ts';
import { findWebhooks } from '../../shared/providers/senders.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { capturedFromEnv } from '../../shared/webhooks/captured.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { endpointStore } from '../../shared/webhooks/endpoint-store.ts';
import { endpointsFromEnv } from '../../shared/webhooks/endpoints.ts';
import { openPlatformKeys } from '../../shared/webhooks/platform-keys.ts';
import { processDelivery } from '../../shared/webhooks/process.ts';
import { renewSoon } from '../../shared/webhooks/renew-soon.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { queue } from '../middleware/queue.ts';

const env = readEnv(webhooksContract.process.env);
const connections = connectionStore(openTable(env.CONNECTIONS_TABLE));
const tenants = tenantStore(openTable(env.TENANTS_TABLE));
const endpoints = endpointStore(openTable(env.ENDPOINTS_TABLE));
const ENDPOINT_WITHIN_MS = 5_000;

const send = openNetwork({ loopback: env.STAGE === 'local' });

const ports = {
  findWebhooks,
  readEndpoint: endpointsFromEnv(env, () => realMoment.nowMs, ENDPOINT_WITHIN_MS),
  keys: openPlatformKeys(send, () => realMoment.nowMs),
  send,
  readApp: openApps(env, readSecretString, () => realMoment.nowMs),
  inbox: inboxStore(openTable(env.INBOX_TABLE)),
  objects: openObjects(env.PAYLOAD_BUCKET),
  captured: capturedFromEnv(env),
  publish: gathering(openBus(env.BUS_NAME), realMoment.sleep),
  handlersOf,
  handlerQueue: openQueue(env.HANDLER_QUEUE_URL),
  tenantSince: async (tenantId: TenantId) => (await tenants.get(tenantId))?.createdAtMs,
  findOwners: async (provider: string, accountId: string, ways?: readonly WayKind[]) => {
    const all = await connections.findByAccount(provider, accountId);
    const owners = ways ? all.filter((row) => ways.includes(kindOf(row))) : all;
    if (owners.length > 0) return owners.map((row) => ({ tenantId: row.tenantId, connection: connectionIdOf(row) }));
    const subscribed = await endpoints.ofAccount(provider, accountId);
    return subscribed.map(({ tenantId, name = '' }) => ({ tenantId, connection: { provider, name } }));
  },
};

export const handler = queue(webhooksContract.process, ({ message, moment }) =>
  processDelivery(message, {
    ...ports,
    renewSoon: (tenantId, endpoint) => renewSoon(endpoints, tenantId, endpoint, moment.nowMs),
    endConnection: ({ tenantId, connection }, end) =>
      endGrant({ store: connections, publish: ports.publish, moment }, tenantId, connection, end),
  }),
);
