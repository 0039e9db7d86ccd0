import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { toView } from '../../shared/webhooks/endpoint.ts';
import { endpointStore } from '../../shared/webhooks/endpoint-store.ts';
import { http } from '../middleware/http.ts';

const contract = webhooksContract['list-endpoints'];
const env = readEnv(contract.env);
const endpoints = endpointStore(openTable(env.ENDPOINTS_TABLE));

export const handler = http(contract, async ({ path, query, moment }) => {
  const { items, cursor } = await endpoints.forTenant(path.tenant).list(query);
  return ok({ items: items.map((row) => toView(row, env.PUBLIC_URL, moment.nowMs)), cursor });
});
