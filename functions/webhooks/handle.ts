import { openTable } from '../../shared/core/aws.ts';
import { openBus, openQueue } from '../../shared/core/bus.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { openObjects } from '../../shared/core/objects.ts';
import { ok } from '../../shared/core/result.ts';
import { findHandler } from '../../shared/providers/handled.ts';
import { absorb } from '../../shared/syncs/absorb.ts';
import { openOffer } from '../../shared/syncs/offer.ts';
import { recordStore } from '../../shared/syncs/record-store.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { type HandlePorts, handle } from '../../shared/webhooks/handle.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { later, queue } from '../middleware/queue.ts';

const env = readEnv(webhooksContract.handle.env);
const handlerQueue = openQueue(env.HANDLER_QUEUE_URL);
const copies = {
  offered: openOffer(env.STAGE),
  syncs: syncStore(openTable(env.SYNCS_TABLE)),
  records: recordStore(openTable(env.RECORDS_TABLE)),
  bus: openBus(env.BUS_NAME),
};
const ports: HandlePorts = {
  inbox: inboxStore(openTable(env.INBOX_TABLE)),
  objects: openObjects(env.PAYLOAD_BUCKET),
  findHandler,
  absorb: (seen, about) => absorb(seen, about, copies, realMoment),
};

export const handler = queue(webhooksContract.handle, async ({ message, receiptHandle, moment }) => {
  const fate = await handle(message, ports, moment);
  if (fate === 'settle') return ok('settled');
  await handlerQueue.hide(receiptHandle, fate.waitMs);
  return ok(later);
});
