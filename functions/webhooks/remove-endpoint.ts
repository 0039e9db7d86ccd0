import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok } from '../../shared/core/result.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { endpointStore } from '../../shared/webhooks/endpoint-store.ts';
import { http } from '../middleware/http.ts';

const contract = webhooksContract['remove-endpoint'];
const endpoints = endpointStore(openTable(readEnv(contract.env).ENDPOINTS_TABLE));

export const handler = http(contract, async ({ path }) => {
  const rows = endpoints.forTenant(path.tenant);
  const row = await rows.get(path.endpoint);
  if (!row) return refuse('not_found', 'There is no such endpoint.');
  if (row.subscription) {
    return refuse('conflict', 'The hub made this endpoint for a subscription, which ends with the connection.');
  }
  await rows.remove(row);
  return ok(undefined);
});
