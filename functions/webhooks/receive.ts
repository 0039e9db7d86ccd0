import { readSecretString } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { realMoment, within } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { openObjects } from '../../shared/core/objects.ts';
import { openApps } from '../../shared/providers/app.ts';
import { findWebhooks } from '../../shared/providers/senders.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { openReceiver } from '../../shared/webhooks/receive.ts';
import { raw } from '../middleware/raw.ts';

const env = readEnv(webhooksContract.receive.env);
/** A secret store that hangs must not eat the provider's patience: then the request is deferred. */
const SECRET_WITHIN_MS = 600;

const receive = openReceiver({
  findWebhooks,
  readApp: openApps(
    env.STAGE,
    (id) => within(readSecretString(id), SECRET_WITHIN_MS),
    () => realMoment.nowMs,
  ),
  queue: openQueue(env.INTAKE_QUEUE_URL),
  objects: openObjects(env.PAYLOAD_BUCKET),
});

export const handler = raw(webhooksContract.receive, ({ path, headers, bytes, moment, requestId }) =>
  receive({ provider: path.provider, headers, bytes, requestId }, moment),
);
