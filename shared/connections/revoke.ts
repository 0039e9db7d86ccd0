import { retryAfterMs } from '../core/backoff.ts';
import type { InboundResponse, OutboundRequest, Send } from '../core/fetch.ts';
import { at, parseJson, textAt } from '../core/json.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Secret } from '../core/secret.ts';
import { type ProviderApp, placed } from '../providers/app.ts';
import type { ProviderEntry, Revoke } from '../providers/provider.ts';
import type { Grant } from './grant.ts';
import { basicAuth, isConfigured } from './oauth.ts';

/** `none`: the provider has no way to end a grant. */
export type Revocation = 'revoked' | 'none';

export interface RevokeFailure {
  readonly cause: string;
  readonly retryAfterMs?: number;
}

const TIMEOUT_MS = 8_000;

/** Ends a grant at the provider, by its `revoke` word; a grant that is gone already counts as ended. The failure means
 *  that it may live on: ask again later. */
export async function revokeUpstream(
  { send, moment }: { readonly send: Send; readonly moment: { readonly nowMs: number } },
  entry: ProviderEntry,
  app: ProviderApp,
  grant: Grant,
): Promise<Result<Revocation, RevokeFailure>> {
  const { revoke } = entry.provider.auth;
  if (revoke.style === 'none') return ok('none');
  if (!isConfigured(app)) return err({ cause: 'the provider is not set up' });
  const tokens: Secret[] = revoke.style === 'rfc7009' && grant.refreshToken ? [grant.refreshToken] : [];
  for (const token of [...tokens, grant.accessToken]) {
    const answer = await send(revokeRequest(entry, revoke, app, token));
    if (!answer.ok) return err({ cause: answer.error.cause });
    const verdict = judgeRevocation(entry, revoke, answer.value);
    if (verdict === 'ended') return ok('revoked');
    if (verdict === 'failed') {
      const waitMs = retryAfterMs(answer.value.headers['retry-after'], moment.nowMs);
      return err({ cause: `status ${answer.value.status}`, ...(waitMs !== undefined && { retryAfterMs: waitMs }) });
    }
  }
  return ok('none'); // it takes neither kind of token
}

/** Returns the request that ends a grant (RFC 7009 §2.1, or the provider's own way). */
function revokeRequest(
  { provider }: ProviderEntry,
  revoke: Exclude<Revoke, { style: 'none' }>,
  app: ProviderApp,
  token: Secret,
): OutboundRequest {
  const url = placed(revoke.url.replace('{client_id}', encodeURIComponent(app.clientId ?? '')), app);
  const common = { url, timeoutMs: TIMEOUT_MS, maxBytes: 64 * 1024 };
  switch (revoke.style) {
    case 'rfc7009': {
      const body = new URLSearchParams({ token: token.reveal() });
      if (provider.auth.clientAuth === 'body') {
        body.set('client_id', app.clientId ?? '');
        body.set('client_secret', app.clientSecret ?? '');
      }
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        ...(provider.auth.clientAuth === 'basic' && { authorization: basicAuth(app) }),
      };
      return { ...common, method: 'POST', headers, body: body.toString() };
    }
    case 'bearer':
      return { ...common, method: revoke.method, headers: { authorization: `Bearer ${token.reveal()}` } };
    case 'app-delete': {
      const headers = { ...provider.api.headers, authorization: basicAuth(app), 'content-type': 'application/json' };
      return { ...common, method: 'DELETE', headers, body: JSON.stringify({ access_token: token.reveal() }) };
    }
  }
}

/** `ended` also where the token was not known (any more); `unsupported`: not this kind of token (RFC 7009 §2.2.1). */
function judgeRevocation(
  { provider }: ProviderEntry,
  { style }: Revoke,
  { status, body }: InboundResponse,
): 'ended' | 'unsupported' | 'failed' {
  const { errors } = provider.api;
  const json = parseJson(body.toString('utf8'));
  const code = textAt(json, style === 'rfc7009' ? 'error' : (errors.code ?? 'error'));
  if (style === 'rfc7009') {
    if (status === 200) return 'ended';
    return status === 400 && code === 'unsupported_token_type' ? 'unsupported' : 'failed';
  }
  const refused = errors.failureIn200 && at(json, errors.failureIn200.field) === errors.failureIn200.equals;
  if (status >= 200 && status < 300) {
    return !refused || (code !== undefined && errors.unauthorizedCodes?.includes(code)) ? 'ended' : 'failed';
  }
  // The token itself proves the right to end it: one that is not accepted is not alive.
  if (style === 'bearer') return status === 401 ? 'ended' : 'failed';
  return status === 404 || status === 422 ? 'ended' : 'failed';
}
