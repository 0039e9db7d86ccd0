import { openQueue } from '../../shared/core/bus.ts';
import { realMoment, within } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { openObjects } from '../../shared/core/objects.ts';
import { openService, readSecretText } from '../../shared/core/service.ts';
import { openApps } from '../../shared/providers/app.ts';
import { findWebhooks } from '../../shared/providers/senders.ts';
import { capturedFromEnv } from '../../shared/webhooks/captured.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { endpointsFromEnv } from '../../shared/webhooks/endpoints.ts';
import { openReceiver } from '../../shared/webhooks/receive.ts';
import { raw } from '../middleware/raw.ts';

const env = readEnv(webhooksContract.receive.env);
/** A secret store that hangs must not eat the provider's patience: then the request is deferred. */
const SECRET_WITHIN_MS = 600;

const secrets = openService('secretsmanager');

const receive = openReceiver({
  findWebhooks,
  readApp: openApps(
    env,
    (id) => within(readSecretText(secrets, id), SECRET_WITHIN_MS),
    () => realMoment.nowMs,
  ),
  readEndpoint: endpointsFromEnv(env, () => realMoment.nowMs, SECRET_WITHIN_MS),
  queue: openQueue(env.INTAKE_QUEUE_URL),
  objects: openObjects(env.PAYLOAD_BUCKET),
  captured: capturedFromEnv(env),
});

const publicUrl = env.PUBLIC_URL.replace(/\/+$/, '');

export const handler = raw(webhooksContract.receive, ({ path, target, moment, ...request }) =>
  receive({ ...path, ...request, url: `${publicUrl}${target}` }, moment),
);
