import type { APIGatewayRequestAuthorizerEventV2, APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda';
import { openTable, readSecretString } from '../../shared/core/aws.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { authorize } from '../../shared/tenants/authorize.ts';
import { tenantsContract } from '../../shared/tenants/contract.ts';
import { openOperatorKey } from '../../shared/tenants/operator-key.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import type { Principal } from '../middleware/principal.ts';

const env = readEnv(tenantsContract.authorize.env);
const ports = {
  stage: env.STAGE,
  tenants: tenantStore(openTable(env.TENANTS_TABLE)),
  readOperatorKey: openOperatorKey(env.OPERATOR_SECRET, readSecretString, () => realMoment.nowMs),
};

/** The one handler outside the stacks. It lets everybody in and says who they are: a refusal here could only be the
 *  gateway's own `{"message":"Forbidden"}`; the `http` stack answers `unknown` with the hub's 401. */
export async function handler(
  event: APIGatewayRequestAuthorizerEventV2,
): Promise<APIGatewaySimpleAuthorizerWithContextResult<Principal>> {
  return { isAuthorized: true, context: await authorize(ports, event.headers?.authorization, realMoment.nowMs) };
}
