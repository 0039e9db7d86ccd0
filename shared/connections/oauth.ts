import {
  type AuthorizationServer,
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
import { type ProviderApp, placed } from '../providers/app.ts';
import type { OAuth2, ProviderEntry } from '../providers/provider.ts';
import { normalize } from './token-answer.ts';

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

const TOKEN_TIMEOUT_MS = 20_000;
const TOKEN_MAX_BYTES = 256 * 1024;
const VSCHARS = /^[\x20-\x7e]{1,16384}$/; // RFC 6749, appendix A.12; the bound is ours

/** Returns the request to the token endpoint (RFC 6749 §4.1.3, §6; RFC 7636 §4.5). Throws where the app has no client. */
export function tokenRequest({ provider }: ProviderEntry, app: ProviderApp, params: TokenParams): OutboundRequest {
  const { clientId, clientSecret } = client(app);
  const { auth } = provider;
  const form = new URLSearchParams({ grant_type: params.grantType });
  if (params.grantType === 'authorization_code') {
    form.set('code', params.code.reveal());
    form.set('redirect_uri', params.redirectUri);
    if (params.codeVerifier) form.set('code_verifier', params.codeVerifier.reveal());
  } else {
    form.set('refresh_token', params.refreshToken.reveal());
  }
  if (auth.clientAuth === 'body') {
    form.set('client_id', clientId);
    form.set('client_secret', clientSecret);
  }
  return {
    method: 'POST',
    url: placed(auth.tokenUrl, app),
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      ...(auth.clientAuth === 'basic' && { authorization: basicAuth(app) }),
    },
    body: form.toString(),
    timeoutMs: TOKEN_TIMEOUT_MS,
    maxBytes: TOKEN_MAX_BYTES,
  };
}

/** Returns the client's credentials as HTTP Basic. Escapes only what would change the meaning (`:`, `%`, spaces …):
 *  a library that escapes dots too is right by RFC 6749 §2.3.1, and refused by servers that do not decode. */
export function basicAuth(app: ProviderApp): string {
  const { clientId, clientSecret } = client(app);
  const pair = [clientId, clientSecret].map(encodeURIComponent).join(':');
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** Returns whether the owner has registered an app that can ask for tokens. */
export function isConfigured(app: ProviderApp): boolean {
  return app.clientId !== undefined && app.clientSecret !== undefined;
}

/** Returns the tokens of a token endpoint's answer. The provider's ways are first put into the standard's words, then
 *  the standard judges (RFC 6749 §5.1, §5.2). */
export async function judgeTokenAnswer(
  { provider }: ProviderEntry,
  response: InboundResponse,
  nowMs: number,
): Promise<Result<Tokens, TokenFailure>> {
  const { auth } = provider;
  const waitMs = retryAfterMs(response.headers['retry-after'], nowMs);
  const busy = (cause: string) =>
    err({ kind: 'unavailable', cause, ...(waitMs !== undefined && { retryAfterMs: waitMs }) } as const);
  if (response.status === 429 || response.status === 408 || response.status >= 500)
    return busy(`status ${response.status}`);

  const { status, json } = normalize(auth, response);
  if (status > 200 && status < 400) return err({ kind: 'odd', cause: `status ${status}` });
  try {
    // The library checks an identity token's claims but not its signature: `normalize` leaves it out, since the hub uses none.
    const answer = await processGenericTokenEndpointResponse(
      server(auth),
      { client_id: provider.id },
      Response.json(json, { status }),
      { recognizedTokenTypes: Object.fromEntries((auth.tokenTypes ?? []).map((type) => [type, () => {}])) },
    );
    return take(auth, answer, json);
  } catch (error) {
    if (error instanceof ResponseBodyError) {
      const code = /^[\w.-]{1,60}$/.test(error.error) ? error.error : 'an unreadable error code';
      const busyCodes = ['server_error', 'temporarily_unavailable', ...(provider.api.errors.rateLimitedCodes ?? [])];
      return busyCodes.includes(code) ? busy(code) : err({ kind: classify(auth, code, error.status), cause: code });
    }
    if (!(error instanceof OperationProcessingError || error instanceof UnsupportedOperationError)) throw error;
    if (status === 401) return err({ kind: 'client_wrong', cause: 'status 401' });
    return err({ kind: 'odd', cause: status === 200 ? error.message.slice(0, 120) : `status ${status}` });
  }
}

function classify(auth: OAuth2, code: string, status: number): TokenFailure['kind'] {
  if (code === 'invalid_grant' || auth.grantGone?.includes(code)) return 'grant_gone';
  const wrong = ['invalid_client', 'unauthorized_client', ...(auth.clientWrong ?? [])];
  return wrong.includes(code) || status === 401 ? 'client_wrong' : 'odd';
}

function take(auth: OAuth2, answer: TokenEndpointResponse, json: unknown): Result<Tokens, TokenFailure> {
  const { access_token, refresh_token, expires_in, scope } = answer;
  if (!VSCHARS.test(access_token) || (refresh_token !== undefined && !VSCHARS.test(refresh_token))) {
    return err({ kind: 'odd', cause: 'a token with characters that no header may carry' });
  }
  const separator = auth.grantedSeparator ?? auth.scopeSeparator;
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

/** Slack nests a second token in `authed_user`: every field that ends in `_token` goes, at any depth (B-15). */
function withoutTokens(json: unknown): unknown {
  return JSON.parse(JSON.stringify(json, (key, value) => (key.endsWith('_token') ? undefined : value)));
}

function server(auth: OAuth2): AuthorizationServer {
  return { issuer: auth.issuer ?? new URL(auth.authorizeUrl).origin };
}

function client({ clientId, clientSecret }: ProviderApp): { clientId: string; clientSecret: string } {
  if (clientId === undefined || clientSecret === undefined) throw new Error('the app has no client id and secret');
  return { clientId, clientSecret };
}
