import { readEnv } from '../../shared/core/env.ts';
import { log } from '../../shared/core/log.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { renew } from '../../shared/webhooks/renew.ts';
import { keepAlivePorts } from '../../shared/webhooks/subscription-ports.ts';
import { schedule } from '../middleware/schedule.ts';

const contract = webhooksContract.renew;
const ports = keepAlivePorts(readEnv(contract.env));

/** One subscription is up to three requests of 10 s each, and a refresh of 25 s: none is begun with less left. */
const NEEDED_MS = 60_000;

export const handler = schedule(contract, async ({ moment, remainingMs }) => {
  const count = await renew(ports, moment, () => remainingMs() > NEEDED_MS);
  if (count > 0) log.info('subscriptions were due', { feature: 'webhooks', count });
});
