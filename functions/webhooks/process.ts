import { connectionIdOf } from '../../shared/connections/connection.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { openTable, readSecretString } from '../../shared/core/aws.ts';
import { gathering, openBus } from '../../shared/core/bus.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { openObjects } from '../../shared/core/objects.ts';
import { openApps } from '../../shared/providers/app.ts';
import { findWebhooks } from '../../shared/providers/senders.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { processDelivery } from '../../shared/webhooks/process.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { queue } from '../middleware/queue.ts';

const env = readEnv(webhooksContract.process.env);
const connections = connectionStore(openTable(env.CONNECTIONS_TABLE));

const ports = {
  findWebhooks,
  readApp: openApps(env.STAGE, readSecretString, () => realMoment.nowMs),
  inbox: inboxStore(openTable(env.INBOX_TABLE)),
  objects: openObjects(env.PAYLOAD_BUCKET),
  publish: gathering(openBus(env.BUS_NAME), realMoment.sleep),
  findOwners: async (provider: string, accountId: string) => {
    const owners = await connections.findByAccount(provider, accountId);
    return owners.map((row) => ({ tenantId: row.tenantId, connection: connectionIdOf(row) }));
  },
};

export const handler = queue(webhooksContract.process, ({ message, moment }) =>
  processDelivery(message, {
    ...ports,
    endConnection: async ({ tenantId, connection }, reason) => {
      await connections.forTenant(tenantId).markNeedsReauth(connection, reason, moment.nowMs);
    },
  }),
);
