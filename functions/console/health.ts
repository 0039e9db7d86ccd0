import { consoleContract } from '../../shared/console/contract.ts';
import { deadLettersIn, health } from '../../shared/console/health.ts';
import { ping } from '../../shared/console/store.ts';
import { openTable } from '../../shared/core/aws.ts';
import { countWaiting } from '../../shared/core/bus.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { http, Reply } from '../middleware/http.ts';

const env = readEnv(consoleContract.health.env);
const tenants = openTable(env.TENANTS_TABLE);
const deadLetters = deadLettersIn(env.DEAD_LETTER_QUEUE_URLS, countWaiting, realMoment);

export const handler = http(consoleContract.health, async () => {
  const found = await health({ stage: env.STAGE, version: env.VERSION }, () => ping(tenants), deadLetters);
  return ok(new Reply(found.status === 'ok' ? 200 : 503, found));
});
