import { openTable } from '../../shared/core/aws.ts';
import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { createEndpoint } from '../../shared/webhooks/create-endpoint.ts';
import { toView } from '../../shared/webhooks/endpoint.ts';
import { endpointPorts } from '../../shared/webhooks/endpoint-ports.ts';
import { http } from '../middleware/http.ts';

const contract = webhooksContract['create-endpoint'];
const env = readEnv(contract.env);
const publicUrl = env.PUBLIC_URL;
const ports = { ...endpointPorts(env), tenants: tenantStore(openTable(env.TENANTS_TABLE)), publicUrl };

export const handler = http(contract, async ({ path, body, moment }) => {
  const made = await createEndpoint(ports, path.tenant, body, moment);
  if (!made.ok) return made;
  const { row, ...once } = made.value;
  return ok({ ...toView(row, publicUrl, moment.nowMs), ...once });
});
