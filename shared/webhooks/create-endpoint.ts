import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import type { TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { ok, type Result } from '../core/result.ts';
import { configure, type WebhookSettings } from '../providers/settings.ts';
import type { Setup } from '../providers/setup.ts';
import type { Webhooks } from '../providers/webhooks.ts';
import type { TenantStore } from '../tenants/store.ts';
import { born, type EndpointRow, instructionsFor } from './endpoint.ts';
import { faultOf, makeSecret, withSecret } from './endpoint-secret.ts';
import type { EndpointStore } from './endpoint-store.ts';
import type { EndpointVault } from './endpoint-vault.ts';

export interface EndpointPorts {
  readonly tenants: Pick<TenantStore, 'get'>;
  readonly endpoints: EndpointStore;
  readonly vault: EndpointVault;
  readonly findWebhooks: (provider: string) => Webhooks | undefined;
  readonly findSetup: (provider: string) => Setup | undefined;
  readonly publicUrl: string;
}

export interface WantedEndpoint {
  readonly provider: string;
  /** The connection's. */
  readonly name?: string;
  readonly secret?: string;
  readonly settings?: WebhookSettings;
}

export interface NewEndpoint {
  readonly row: EndpointRow;
  /** Where it was made here: never told again. */
  readonly secret?: string;
  /** What to do at the sender. */
  readonly instructions: readonly string[];
}

/** Returns a new address for one sender of a tenant's webhooks. Errors: `not_found` (tenant), `invalid_request`. */
export async function createEndpoint(
  ports: EndpointPorts,
  tenantId: TenantId,
  wanted: WantedEndpoint,
  moment: Moment,
): Promise<Result<NewEndpoint>> {
  const { tenants, endpoints, vault, publicUrl } = ports;
  if (!(await tenants.get(tenantId))) return refuse('not_found', 'There is no such tenant.');
  const judged = judge(ports, wanted);
  if (!judged.ok) return judged;
  const { webhooks, setup } = judged.value;
  const made = wanted.secret === undefined && setup.secret === 'chosen' ? makeSecret(webhooks, moment) : undefined;
  const secret = wanted.secret ?? made;

  const { provider, name, settings } = wanted;
  const bare = born({ tenantId, provider, ...(name && { name }), ...(settings && { settings }) }, moment);
  const row = secret === undefined ? bare : await withSecret(vault, bare, { secret, overlapMs: 0 }, moment);
  await endpoints.forTenant(tenantId).create(row);
  // A tenant that is being erased meanwhile keeps nothing.
  if (!(await tenants.get(tenantId))) {
    await endpoints.forTenant(tenantId).remove(row);
    return refuse('not_found', 'There is no such tenant.');
  }
  log.info('a webhook endpoint was made', { tenant: tenantId, provider });
  return ok({ row, ...(made && { secret: made }), instructions: instructionsFor(row, setup, publicUrl) });
}

function judge(
  { findWebhooks, findSetup }: EndpointPorts,
  { provider, secret, settings }: WantedEndpoint,
): Result<{ readonly webhooks: Webhooks; readonly setup: Setup }> {
  const webhooks = findWebhooks(provider);
  const setup = findSetup(provider);
  if (!webhooks || !setup) return refuse('invalid_request', 'body.provider: not a sender of webhooks to this hub');
  const known = { signature: webhooks.settings === 'signature', senders: webhooks.settings === 'senders' };
  const strange = (['signature', 'senders'] as const).find((word) => settings?.[word] && !known[word]);
  if (strange) return refuse('invalid_request', `body.settings.${strange}: this sender has none`);
  const configured = configure(webhooks, settings);
  if (!configured) return refuse('invalid_request', 'body.settings.signature: say how the sender signs');
  if (setup.secret === 'none' && !settings?.senders) {
    return refuse('invalid_request', 'body.settings.senders: say which senders are meant');
  }
  const fault = secret === undefined ? undefined : faultOf(configured, secret);
  return fault ? refuse('invalid_request', `body.secret: ${fault}`) : ok({ webhooks: configured, setup });
}
