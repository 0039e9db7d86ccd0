import { sha256 } from '../core/crypto.ts';
import type { Secret } from '../core/secret.ts';
import { located, type ProviderApp } from '../providers/app.ts';
import type { ProviderEntry } from '../providers/provider.ts';
import type { Session } from './session.ts';
import { oauthOf } from './ways.ts';

/** Returns the one redirect URI of a provider: fixed, whatever host a request names. */
export function redirectUriOf(publicUrl: string, provider: string): string {
  return `${publicUrl.replace(/\/+$/, '')}/oauth/${provider}/callback`;
}

/** Returns a digest of all that must not change between start and callback: the tenant, the provider's data and the
 *  owner's app. */
export function contextOf(
  session: Pick<Session, 'tenantId' | 'provider' | 'name'>,
  { provider }: ProviderEntry,
  app: ProviderApp,
): string {
  return sha256(
    JSON.stringify([
      session.tenantId,
      session.provider,
      session.name,
      provider.auth,
      app.clientId,
      app.origins,
      app.variables,
    ]),
  );
}

/** Returns where the end user grants access (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1). */
export function authorizeUrl(
  entry: ProviderEntry,
  app: ProviderApp,
  about: {
    readonly state: string;
    readonly redirectUri: string;
    readonly scopes: readonly string[];
    readonly codeVerifier?: Secret;
    readonly nonce?: string;
  },
): string {
  const auth = oauthOf(entry);
  const url = new URL(located(auth.authorizeUrl, auth, app));
  const parameters = {
    ...auth.authorizeParams,
    response_type: 'code',
    client_id: app.clientId ?? '',
    redirect_uri: about.redirectUri,
    ...(about.scopes.length > 0 && { scope: about.scopes.join(auth.scopeSeparator) }),
    state: about.state,
    ...(auth.idTokenIssuers && about.nonce !== undefined && { nonce: about.nonce }),
    ...(about.codeVerifier && {
      code_challenge: sha256(about.codeVerifier.reveal()),
      code_challenge_method: 'S256',
    }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}
