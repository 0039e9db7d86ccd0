import { iso, type Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import { newId, type TenantId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';
import type { ReadApp } from '../providers/app.ts';
import { type ProviderEntry, wayOf } from '../providers/provider.ts';
import type { TenantStore } from '../tenants/store.ts';
import { isReturnUrl } from '../tenants/tenant.ts';
import { hashed, newSecret, writeHandle } from './handle.ts';
import { LINK_MS } from './session.ts';
import type { SessionStore } from './session-store.ts';
import type { ConnectionStore } from './store.ts';
import { openWays } from './ways.ts';

export interface CreateSessionPorts {
  readonly sessions: Pick<SessionStore, 'create'>;
  readonly store: Pick<ConnectionStore, 'forTenant'>;
  readonly tenants: Pick<TenantStore, 'get'>;
  readonly readApp: ReadApp;
  readonly offered: readonly ProviderEntry[];
  readonly publicUrl: string;
}

export interface SessionWish {
  readonly provider: string;
  readonly name: string;
  readonly endUser: string;
  readonly returnUrl: string;
  readonly scopes?: readonly string[];
  readonly allowAccountChange?: boolean;
}

/** Returns a new connect session: its id, the link for the end user (shown this once), when the link expires. It asks for
 *  what the connection has been granted too, so that a new grant never takes any of that away.
 *  Errors: `not_found` (tenant), `invalid_request` (provider, return URL), `not_configured`. */
export async function createSession(
  { sessions, store, tenants, readApp, offered, publicUrl }: CreateSessionPorts,
  tenantId: TenantId,
  { provider, name, endUser, returnUrl, scopes, allowAccountChange }: SessionWish,
  moment: Moment,
): Promise<Result<{ id: string; url: string; expiresAt: string }>> {
  const tenant = await tenants.get(tenantId);
  if (!tenant) return refuse('not_found', 'There is no such tenant.');
  const entry = offered.find((one) => one.provider.id === provider);
  if (!entry) {
    const choices = offered.map((one) => one.provider.id).join(', ');
    return refuse('invalid_request', `body.provider: not a provider of this hub; it has ${choices}`);
  }
  if (!isReturnUrl(tenant, returnUrl)) {
    return refuse('invalid_request', 'body.returnUrl: must be, to the letter, one of the returnUrls of the tenant');
  }
  if (openWays(entry.provider, await readApp(provider)).length === 0) {
    return refuse(
      'not_configured',
      `The hub has no client id and secret for ${entry.provider.name} yet: register an app there and store them in its provider secret (with npm start: in the file PATCHBAY_PROVIDERS).`,
    );
  }

  const standing = await store.forTenant(tenantId).get({ provider, name });
  const wanted = askedScopes(entry, scopes);
  const id = newId('cs', moment);
  const secret = newSecret(moment);
  const linkExpiresAtMs = moment.nowMs + LINK_MS;
  await sessions.create({
    ...{ id, tenantId, tenantName: tenant.name, provider, name, endUser, returnUrl },
    scopes: [...new Set([...(standing?.scopes ?? []), ...wanted])],
    ...(allowAccountChange && { allowAccountChange }),
    status: 'created',
    linkHash: hashed('link', secret),
    createdAtMs: moment.nowMs,
    linkExpiresAtMs,
  });
  const url = `${publicUrl.replace(/\/+$/, '')}/connect/${writeHandle({ sessionId: id, secret })}`;
  return ok({ id, url, expiresAt: iso(linkExpiresAtMs) });
}

/** What the session asks for, and what the provider cannot do without; else the provider's usual scopes. */
function askedScopes({ provider }: ProviderEntry, wished: readonly string[] | undefined): string[] {
  const { scopes = {}, alwaysScopes = [] } = wayOf(provider, 'oauth2') ?? {};
  return wished ? [...new Set([...alwaysScopes, ...wished])] : Object.keys(scopes);
}
