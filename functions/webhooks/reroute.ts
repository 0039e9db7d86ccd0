import { kindOf } from '../../shared/connections/connection.ts';
import { connectionStore } from '../../shared/connections/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { gathering, openBus, openQueue } from '../../shared/core/bus.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { openObjects } from '../../shared/core/objects.ts';
import { ok } from '../../shared/core/result.ts';
import { handlersOf } from '../../shared/providers/handled.ts';
import { findWebhooks } from '../../shared/providers/senders.ts';
import { waysOf } from '../../shared/providers/webhooks.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { type ReroutePorts, reroute } from '../../shared/webhooks/reroute.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { later, queue } from '../middleware/queue.ts';

const env = readEnv(webhooksContract.reroute.env);
const connections = connectionStore(openTable(env.CONNECTIONS_TABLE));
const activations = openQueue(env.ACTIVATION_QUEUE_URL);
const ports: ReroutePorts = {
  inbox: inboxStore(openTable(env.INBOX_TABLE)),
  objects: openObjects(env.PAYLOAD_BUCKET),
  publish: gathering(openBus(env.BUS_NAME), realMoment.sleep),
  handlersOf,
  handlerQueue: openQueue(env.HANDLER_QUEUE_URL),
  owns: async ({ tenantId, connection }, accountId) => {
    const row = await connections.forTenant(tenantId).get(connection);
    const ways = waysOf(findWebhooks(connection.provider) ?? {});
    return row?.status === 'active' && row.account.id === accountId && ways.includes(kindOf(row));
  },
};

export const handler = queue(webhooksContract.reroute, async ({ message, receiptHandle, moment, remainingMs }) => {
  const fate = await reroute(message, ports, moment, remainingMs);
  if (fate === 'settle') return ok('settled');
  await activations.hide(receiptHandle, fate.waitMs);
  return ok(later);
});
