import { consoleContract } from '../../shared/console/contract.ts';
import { features } from '../../shared/console/features.ts';
import { describeApi } from '../../shared/console/openapi.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { http, Reply } from '../middleware/http.ts';

const env = readEnv(consoleContract.openapi.env);
const api = describeApi(features, { version: env.VERSION, publicUrl: env.PUBLIC_URL });

export const handler = http(consoleContract.openapi, async () =>
  ok(new Reply(200, api, { 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' })),
);
