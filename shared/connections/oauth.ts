import {
  OperationProcessingError,
  processGenericTokenEndpointResponse,
  ResponseBodyError,
  type TokenEndpointResponse,
  UnsupportedOperationError,
} from 'oauth4webapi';
import { retryAfterMs } from '../core/backoff.ts';
import type { InboundResponse, OutboundRequest } from '../core/fetch.ts';
import { err, ok, type Result } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { located, type ProviderApp } from '../providers/app.ts';
import type { Minted, OAuth2 } from '../providers/auth.ts';
import type { ProviderEntry } from '../providers/provider.ts';
import { normalize } from './token-answer.ts';
import { TOKEN_MAX_BYTES, TOKEN_TIMEOUT_MS, withBody } from './token-request.ts';
import { oauthOf, usesApp } from './ways.ts';

export type TokenParams =
  | {
      readonly grantType: 'authorization_code';
      readonly code: Secret;
      readonly redirectUri: string;
      readonly codeVerifier?: Secret;
    }
  | { readonly grantType: 'refresh_token'; readonly refreshToken: Secret };

export interface Tokens {
  readonly accessToken: Secret;
  /** Absent: keep the one there is (RFC 6749 §6). */
  readonly refreshToken?: Secret;
  /** Seconds; absent where the provider does not say, or says what cannot be. */
  readonly expiresInS?: number;
  /** Absent: as asked for (RFC 6749 §5.1). */
  readonly scopes?: readonly string[];
  /** The whole answer without its tokens: whose account it is may stand in it. */
  readonly raw: unknown;
}

/** `grant_gone`: ask the end user again. `client_wrong`: the owner's app is set up wrongly, connections stay as they are.
 *  `unavailable`: ask again later. `odd`: nothing that can be understood. */
export interface TokenFailure {
  readonly kind: 'grant_gone' | 'client_wrong' | 'unavailable' | 'odd';
  /** An error code or a few words of ours; never the provider's text. */
  readonly cause: string;
  readonly retryAfterMs?: number;
}

const VSCHARS = /^[\x20-\x7e]{1,16384}$/; // RFC 6749, appendix A.12; the bound is ours

/** Returns the request to the token endpoint (RFC 6749 §4.1.3, §6; RFC 7636 §4.5). Throws where the app has no client. */
export function tokenRequest(entry: ProviderEntry, app: ProviderApp, params: TokenParams): OutboundRequest {
  const auth = oauthOf(entry);
  const fields: Record<string, string> =
    params.grantType === 'authorization_code'
      ? {
          code: params.code.reveal(),
          redirect_uri: params.redirectUri,
          ...(params.codeVerifier && { code_verifier: params.codeVerifier.reveal() }),
        }
      : { refresh_token: params.refreshToken.reveal() };
  const request = {
    method: 'POST',
    url: located(auth.tokenUrl, auth, app),
    headers: { accept: 'application/json', ...auth.tokenHeaders, ...clientHeaders(auth.clientAuth, app) },
    timeoutMs: auth.refresh.timeoutMs ?? TOKEN_TIMEOUT_MS,
    maxBytes: TOKEN_MAX_BYTES,
  };
  return withBody(request, auth.tokenBody ?? 'form', {
    grant_type: params.grantType,
    ...fields,
    ...clientFields(auth.clientAuth, app),
  });
}

/** Returns what proves the client in a request's body (RFC 6749 §2.3.1); a public client says its id alone (§3.2.1). */
export function clientFields(clientAuth: OAuth2['clientAuth'], app: ProviderApp): Record<string, string> {
  if (clientAuth === 'basic') return {};
  if (clientAuth === 'none') return { client_id: app.clientId ?? '' };
  const { clientId, clientSecret } = client(app);
  return { client_id: clientId, client_secret: clientSecret };
}

/** Returns what proves the client in a request's headers. */
export function clientHeaders(clientAuth: OAuth2['clientAuth'], app: ProviderApp): Record<string, string> {
  return clientAuth === 'basic' ? { authorization: basicAuth(app) } : {};
}

/** Returns the client's credentials as HTTP Basic. Escapes only what would change the meaning (`:`, `%`, spaces …):
 *  a library that escapes dots too is right by RFC 6749 §2.3.1, and refused by servers that do not decode. */
function basicAuth(app: ProviderApp): string {
  const { clientId, clientSecret } = client(app);
  const pair = [clientId, clientSecret].map(encodeURIComponent).join(':');
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** Returns the tokens of a token endpoint's answer. The provider's ways are first put into the standard's words, then
 *  the standard judges (RFC 6749 §5.1, §5.2). */
export async function judgeTokenAnswer(
  entry: ProviderEntry,
  response: InboundResponse,
  nowMs: number,
  way: OAuth2 | Minted = oauthOf(entry),
): Promise<Result<Tokens, TokenFailure>> {
  const { provider } = entry;
  const waitMs = retryAfterMs(response.headers['retry-after'], nowMs);
  const busy = (cause: string) =>
    err({ kind: 'unavailable', cause, ...(waitMs !== undefined && { retryAfterMs: waitMs }) } as const);
  if (response.status === 429 || response.status === 408 || response.status >= 500)
    return busy(`status ${response.status}`);

  const { status, json } = normalize(way, response, nowMs);
  if (status > 200 && status < 400) return err({ kind: 'odd', cause: `status ${status}` });
  try {
    // An identity token is left out by `normalize`: the sign-in that it came with looks at it (`idTokenFault`).
    const answer = await processGenericTokenEndpointResponse(
      { issuer: provider.id }, // no claim of it is used
      { client_id: provider.id },
      Response.json(json, { status }),
      {
        recognizedTokenTypes: Object.fromEntries(
          ((way.kind === 'oauth2' && way.tokenTypes) || []).map((type) => [type, () => {}]),
        ),
      },
    );
    return take(way, answer, json);
  } catch (error) {
    if (error instanceof ResponseBodyError) {
      const code = /^[\w.-]{1,60}$/.test(error.error) ? error.error : 'an unreadable error code';
      const busyCodes = ['server_error', 'temporarily_unavailable', ...(provider.api.errors.rateLimitedCodes ?? [])];
      return busyCodes.includes(code) ? busy(code) : err({ kind: classify(way, code, error.status), cause: code });
    }
    if (!(error instanceof OperationProcessingError || error instanceof UnsupportedOperationError)) throw error;
    if (status === 401) return err({ kind: classify(way, '', status), cause: 'status 401' });
    if (status < 500 && way.kind !== 'oauth2' && way.goneStatuses?.includes(status)) {
      return err({ kind: 'grant_gone', cause: `status ${status}` });
    }
    return err({ kind: 'odd', cause: status === 200 ? error.message.slice(0, 120) : `status ${status}` });
  }
}

/** Where nothing but the tenant's own fields is sent, it is they that are wrong, whatever the code says of a client. */
function classify(way: OAuth2 | Minted, code: string, status: number): TokenFailure['kind'] {
  if (code === 'invalid_grant' || way.grantGone?.includes(code)) return 'grant_gone';
  const wrong = ['invalid_client', 'unauthorized_client', ...(way.clientWrong ?? [])];
  if (wrong.includes(code) || status === 401) return usesApp(way) ? 'client_wrong' : 'grant_gone';
  return 'odd';
}

function take(way: OAuth2 | Minted, answer: TokenEndpointResponse, json: unknown): Result<Tokens, TokenFailure> {
  const { access_token, refresh_token, expires_in, scope } = answer;
  if (!VSCHARS.test(access_token) || (refresh_token !== undefined && !VSCHARS.test(refresh_token))) {
    return err({ kind: 'odd', cause: 'a token with characters that no header may carry' });
  }
  const separator = way.kind === 'oauth2' ? (way.grantedSeparator ?? way.scopeSeparator) : ' ';
  return ok({
    accessToken: new Secret(access_token),
    ...(refresh_token !== undefined && { refreshToken: new Secret(refresh_token) }),
    ...(expires_in !== undefined && { expiresInS: expires_in }),
    ...(scope !== undefined && {
      scopes: scope
        .split(separator)
        .map((one) => one.trim())
        .filter((one) => one !== ''),
    }),
    raw: withoutTokens(json),
  });
}

/** Slack nests a second token in `authed_user`: every field named `token`, or so at its end, goes, at any depth (B-15). */
function withoutTokens(json: unknown): unknown {
  return JSON.parse(
    JSON.stringify(json, (key, value) => (key === 'token' || key.endsWith('_token') ? undefined : value)),
  );
}

function client({ clientId, clientSecret }: ProviderApp): { clientId: string; clientSecret: string } {
  if (clientId === undefined || clientSecret === undefined) throw new Error('the app has no client id and secret');
  return { clientId, clientSecret };
}
