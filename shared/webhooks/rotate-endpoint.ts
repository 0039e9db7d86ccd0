import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import type { TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { ok, type Result } from '../core/result.ts';
import { configure } from '../providers/settings.ts';
import type { EndpointPorts } from './create-endpoint.ts';
import type { EndpointRow } from './endpoint.ts';
import { faultOf, makeSecret, withSecret } from './endpoint-secret.ts';

/** Returns the endpoint with another secret; those before it are believed for `overlapS` more (a reader
 *  hears of it within 60 s). `secret` comes back where it was made here.
 *  Errors: `not_found`, `invalid_request`, `conflict` (the hub's own, or changed at the same time). */
export async function rotateEndpoint(
  { endpoints, vault, findWebhooks, findSetup }: Omit<EndpointPorts, 'tenants' | 'publicUrl'>,
  { tenantId, id }: { readonly tenantId: TenantId; readonly id: string },
  { secret: given, overlapS }: { readonly secret?: string; readonly overlapS: number },
  moment: Moment,
): Promise<Result<{ readonly row: EndpointRow; readonly secret?: string }>> {
  const rows = endpoints.forTenant(tenantId);
  const row = await rows.get(id);
  if (!row) return refuse('not_found', 'There is no such endpoint.');
  if (row.subscription) return refuse('conflict', 'The hub made this endpoint for a subscription of its own.');
  const webhooks = findWebhooks(row.provider);
  const configured = webhooks && configure(webhooks, row.settings);
  const setup = findSetup(row.provider);
  if (!configured || !setup) return refuse('conflict', 'The hub does not have this sender any more.');
  if (given === undefined && setup.secret !== 'chosen') {
    return refuse('invalid_request', 'body.secret: the sender makes it; enter the one that it shows');
  }
  const fault = given === undefined ? undefined : faultOf(configured, given);
  if (fault) return refuse('invalid_request', `body.secret: ${fault}`);

  const secret = given ?? makeSecret(configured, moment);
  const saved = await rows.save(await withSecret(vault, row, { secret, overlapMs: overlapS * 1000 }, moment));
  if (!saved.done) return refuse('conflict', 'The endpoint was changed at the same time; try again.');
  log.info('the secret of a webhook endpoint was replaced', { tenant: tenantId, provider: row.provider });
  return ok({ row: saved.row ?? row, ...(given === undefined && { secret }) });
}
