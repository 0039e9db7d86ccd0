import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { findSetup } from '../../shared/providers/setups.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { instructionsFor, toView } from '../../shared/webhooks/endpoint.ts';
import { endpointStore } from '../../shared/webhooks/endpoint-store.ts';
import { http } from '../middleware/http.ts';

const contract = webhooksContract['get-endpoint'];
const env = readEnv(contract.env);
const endpoints = endpointStore(openTable(env.ENDPOINTS_TABLE));

export const handler = http(contract, async ({ path, moment }) => {
  const row = await endpoints.forTenant(path.tenant).get(path.endpoint);
  if (!row) return refuse('not_found', 'There is no such endpoint.');
  const setup = row.subscription ? undefined : findSetup(row.provider);
  const instructions = setup ? instructionsFor(row, setup, env.PUBLIC_URL) : [];
  return ok({ ...toView(row, env.PUBLIC_URL, moment.nowMs), instructions });
});
