import { generateKeyPair, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import Provider from 'oidc-provider';
import { type Account, accounts, consentPage, errorPage, scopeWords, signInPage } from './oauth-pages.ts';
import { formOf, redirect, sendPage, serve } from './server.ts';
import { grantStorage, type Storage } from './storage.ts';

export interface OAuthServer {
  readonly issuer: string;
  /** Returns whose token it is and what it may do; nothing for one that is expired, revoked or unknown. */
  inspect(token: string): Promise<{ readonly account: Account; readonly scopes: ReadonlySet<string> } | undefined>;
  /** Ends every access token issued until now; refresh tokens stay good. */
  expireAccessTokens(): void;
  stop(): Promise<void>;
}

export interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The path of the redirect URI; on the loopback its port is free (RFC 8252 §7.3). */
  readonly redirectPath: string;
}

/** Returns a running OAuth 2.0 server: code + PKCE S256, `iss` in the callback (RFC 9207), refresh tokens that rotate
 *  and whose reuse ends the whole grant (RFC 9700 §4.14.2), revocation (RFC 7009). */
export async function startOAuthServer(options: {
  readonly port: number;
  readonly client: Client;
  readonly storage: Storage;
  readonly accessTokenS: number;
}): Promise<OAuthServer> {
  const { storage, client } = options;
  const key = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  let provider: Provider | undefined;

  const server = await serve(options.port, (issuer) => {
    const oidc = new Provider(issuer, {
      adapter: grantStorage(storage),
      clients: [
        {
          client_id: client.clientId,
          client_secret: client.clientSecret,
          application_type: 'native',
          token_endpoint_auth_method: 'client_secret_basic',
          grant_types: ['authorization_code', 'refresh_token'],
          redirect_uris: [`http://127.0.0.1${client.redirectPath}`],
        },
      ],
      scopes: Object.keys(scopeWords),
      pkce: { required: () => true },
      rotateRefreshToken: true,
      issueRefreshToken: (_context: unknown, _client: unknown, code: { scopes: Set<string> }) =>
        code.scopes.has('offline_access'),
      findAccount: (_context: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
      features: {
        devInteractions: { enabled: false },
        revocation: {
          enabled: true,
          allowedPolicy: (_context: unknown, asking: { clientId: string }, token: { clientId: string }) =>
            asking.clientId === token.clientId,
        },
      },
      interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      renderError: (context: { type: string; body: string }, out: { error: string; error_description?: string }) => {
        context.type = 'html';
        context.body = errorPage(out.error, out.error_description);
      },
      jwks: { keys: [{ ...key.privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] },
      cookies: { keys: [randomBytes(32).toString('hex')] },
      ttl: {
        AccessToken: options.accessTokenS,
        AuthorizationCode: 60,
        IdToken: 3_600,
        Interaction: 600,
        Session: 86_400,
        Grant: 30 * 86_400,
        RefreshToken: 30 * 86_400,
      },
    });
    provider = oidc;
    const protocol = oidc.callback();
    return (request, response, url) =>
      url.pathname.startsWith('/interaction/') ? interact(oidc, request, response) : protocol(request, response);
  });

  return {
    issuer: server.url,
    async inspect(value) {
      const token = await provider?.AccessToken.find(value);
      const account = accounts.find(({ id }) => id === token?.accountId);
      return token?.isValid && account ? { account, scopes: token.scopes } : undefined;
    },
    expireAccessTokens: () => storage.run("DELETE FROM grants WHERE model = 'AccessToken'"),
    stop: server.stop,
  };
}

/** The two pages between the authorization request and its answer: who are you, and do you allow it. */
async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const interaction = await provider.interactionDetails(request, response).catch(() => undefined);
  if (!interaction) return sendPage(response, 400, errorPage('expired', 'Start again from where you came.'));
  const { prompt, params, session } = interaction;
  const scopes = (params.scope ?? '').split(' ').filter(Boolean);
  const account = accounts.find(({ id }) => id === session?.accountId);

  if (request.method !== 'POST') {
    return sendPage(response, 200, prompt.name === 'login' || !account ? signInPage() : consentPage(account, scopes));
  }
  const form = await formOf(request);
  if (form.get('decision') === 'deny') {
    const denied = { error: 'access_denied', error_description: 'The user did not allow it' };
    return provider.interactionFinished(request, response, denied, { mergeWithLastSubmission: false });
  }
  if (prompt.name === 'login') {
    const chosen = accounts.find(({ id }) => id === form.get('account'));
    if (!chosen) return redirect(response, request.url ?? '/');
    return provider.interactionFinished(request, response, { login: { accountId: chosen.id } });
  }
  if (!account) return redirect(response, request.url ?? '/');
  const grant = new provider.Grant({ accountId: account.id, clientId: params.client_id });
  grant.addOIDCScope(scopes.join(' '));
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}
