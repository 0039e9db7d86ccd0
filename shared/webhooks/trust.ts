import type { ConnectionId, TenantId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';
import type { ReadApp } from '../providers/app.ts';
import { configure, type WebhookSettings } from '../providers/settings.ts';
import type { Webhooks } from '../providers/webhooks.ts';
import { unverified } from './verify.ts';

/** A tenant's own address at the hub, and what its sender signs with. */
export interface Endpoint {
  readonly tenantId: TenantId;
  readonly connection?: ConnectionId;
  /** The newest first. */
  readonly secrets: readonly string[];
  readonly settings?: WebhookSettings;
}

/** Returns the endpoint; nothing where this provider has none of this id. Throws where it cannot be read. */
export type ReadEndpoint = (provider: string, endpointId: string) => Promise<Endpoint | undefined>;

export interface TrustPorts {
  readonly readApp: ReadApp;
  readonly readEndpoint: ReadEndpoint;
}

/** Whom to believe, of those who write to one address. */
export interface Trust {
  /** As the settings complete them. */
  readonly webhooks: Webhooks;
  readonly secrets: readonly string[];
  /** What was missing in the sender's data. */
  readonly settings?: WebhookSettings;
  /** Those that a platform may vouch for. */
  readonly senders: readonly string[];
  /** Of the owner's app, for whom a platform's tokens are. */
  readonly clientId?: string;
  /** Whose address it is; none: the owner's. */
  readonly endpoint?: Pick<Endpoint, 'tenantId' | 'connection'>;
}

/** Returns whom to believe at the address. Throws where that cannot be read. Errors: `unauthenticated` (the address is
 *  unknown, or nobody can be believed there). */
export async function readTrust(
  webhooks: Webhooks,
  { provider, endpoint: id }: { readonly provider: string; readonly endpoint?: string },
  { readApp, readEndpoint }: TrustPorts,
): Promise<Result<Trust>> {
  if (id === undefined && webhooks.endpointsOnly) return unverified('it has endpoints alone');
  const endpoint = id === undefined ? undefined : await readEndpoint(provider, id);
  if (id !== undefined && !endpoint) return unverified('the endpoint is unknown');
  const app = !endpoint || namesClient(webhooks) ? await readApp(provider) : {};
  const { secrets, settings } = endpoint ?? { secrets: app.webhookSecrets ?? [], settings: app.webhookSettings };
  const configured = configure(webhooks, settings);
  if (!configured) return unverified('the settings are missing');
  return ok({
    webhooks: configured,
    secrets,
    ...(webhooks.settings === 'signature' && { settings }),
    senders: settings?.senders ?? [],
    ...(app.clientId && { clientId: app.clientId }),
    ...(endpoint && { endpoint: { tenantId: endpoint.tenantId, connection: endpoint.connection } }),
  });
}

function namesClient({ signatures }: Webhooks): boolean {
  return signatures.some((signature) => signature.kind === 'jwt' && signature.audience === 'clientId');
}
