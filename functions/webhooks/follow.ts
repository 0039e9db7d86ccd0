import { readEnv } from '../../shared/core/env.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { ConnectionNews, follow } from '../../shared/webhooks/follow.ts';
import { keepAlivePorts } from '../../shared/webhooks/subscription-ports.ts';
import { event } from '../middleware/event.ts';

const contract = webhooksContract.follow;
const ports = keepAlivePorts(readEnv(contract.env));

export const handler = event(contract, ({ event, moment }) => follow(ConnectionNews.parse(event), ports, moment));
