import { readEnv } from '../../shared/core/env.ts';
import { ok } from '../../shared/core/result.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { toView } from '../../shared/webhooks/endpoint.ts';
import { endpointPorts } from '../../shared/webhooks/endpoint-ports.ts';
import { rotateEndpoint } from '../../shared/webhooks/rotate-endpoint.ts';
import { http } from '../middleware/http.ts';

const contract = webhooksContract['rotate-endpoint'];
const env = readEnv(contract.env);
const ports = endpointPorts(env);

export const handler = http(contract, async ({ path, body, moment }) => {
  const rotated = await rotateEndpoint(ports, { tenantId: path.tenant, id: path.endpoint }, body, moment);
  if (!rotated.ok) return rotated;
  const { row, ...once } = rotated.value;
  return ok({ ...toView(row, env.PUBLIC_URL, moment.nowMs), ...once });
});
