import { limitRows } from '../../shared/calls/limit-row.ts';
import { openVault } from '../../shared/connections/vault.ts';
import { openTable } from '../../shared/core/aws.ts';
import { openBus, openQueue } from '../../shared/core/bus.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { openNetwork } from '../../shared/core/fetch.ts';
import { ok } from '../../shared/core/result.ts';
import { deliveriesContract } from '../../shared/deliveries/contract.ts';
import { openGate } from '../../shared/deliveries/gate.ts';
import { send } from '../../shared/deliveries/send.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import { later, queue } from '../middleware/queue.ts';

const contract = deliveriesContract.send;
const env = readEnv(contract.env);
const own = openQueue(env.DELIVERY_QUEUE_URL);
const ports = {
  store: deliveryStore(openTable(env.DELIVERIES_TABLE)),
  vault: openVault({ keyId: env.VAULT_KEY_ID, keysTable: openTable(env.TENANT_KEYS_TABLE), moment: realMoment }),
  gate: openGate(limitRows(openTable(env.LIMITS_TABLE))),
  send: openNetwork({ loopback: env.STAGE === 'local' }),
  bus: openBus(env.BUS_NAME),
};

export const handler = queue(contract, async ({ message, receiptHandle, receives, remainingMs, moment }) => {
  const fate = await send(message, { receives, remainingMs: remainingMs() }, ports, moment);
  if (fate === 'settle') return ok('settled');
  await own.hide(receiptHandle, fate.waitMs);
  return ok(later);
});
