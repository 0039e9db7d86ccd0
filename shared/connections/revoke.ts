import { retryAfterMs } from '../core/backoff.ts';
import type { InboundResponse, OutboundRequest, Send } from '../core/fetch.ts';
import { parseJson, textAt } from '../core/json.ts';
import { err, ok, type Result } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { type ProviderApp, placed } from '../providers/app.ts';
import type { Revoke } from '../providers/auth.ts';
import { failedIn200, saidIn } from '../providers/error-shape.ts';
import { type ProviderEntry, wayOf } from '../providers/provider.ts';
import type { Candidate } from './account.ts';
import { authorise, placeOf } from './authorise.ts';
import { type Connection, kindOf } from './connection.ts';
import { type Grant, valuesOf } from './grant.ts';
import { clientFields, clientHeaders } from './oauth.ts';
import { appValues, fill, fillUrl, namesIn, type Values } from './template.ts';
import { withBody } from './token-request.ts';
import { isConfigured } from './ways.ts';

/** `none`: the provider has no way to end a grant. `shared`: it was left, since others live on it. */
export type Revocation = 'revoked' | 'none' | 'shared';

export interface RevokeFailure {
  readonly cause: string;
  readonly retryAfterMs?: number;
}

const TIMEOUT_MS = 8_000;

/** What is known of the connection whose grant it is. */
export type Holder = Partial<Pick<Connection, 'kind' | 'settings' | 'account'>>;

export interface RevokePorts {
  readonly send: Send;
  readonly moment: { readonly nowMs: number };
}

/** Ends a grant at the provider, by its way's `revoke` word; a grant that is gone already counts as ended. The failure means
 *  that it may live on: ask again later. */
export async function revokeUpstream(
  { send, moment }: RevokePorts,
  entry: ProviderEntry,
  app: ProviderApp,
  grant: Grant,
  holder: Holder = {},
): Promise<Result<Revocation, RevokeFailure>> {
  const way = wayOf(entry.provider, kindOf(holder));
  const revoke = way?.revoke;
  if (!way || !revoke || revoke.style === 'none') return ok('none');
  if (!isConfigured(way, app)) return err({ cause: 'the provider is not set up' });
  const values = { ...appValues(app), ...valuesOf(holder, grant) };
  for (const request of await revokeRequests({ entry, way, app }, revoke, values, moment.nowMs)) {
    const answer = await send(request);
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

/** Returns the requests that end a grant, to be tried in turn (RFC 7009 §2.1, or the provider's own way). */
async function revokeRequests(
  { entry, way, app }: Candidate,
  revoke: Exclude<Revoke, { style: 'none' }>,
  values: Values,
  nowMs: number,
): Promise<OutboundRequest[]> {
  const { headers } = entry.provider.api;
  const at = (url: string) => ({ url: placed(url, app), timeoutMs: TIMEOUT_MS, maxBytes: 64 * 1024 });
  switch (revoke.style) {
    case 'rfc7009': {
      const clientAuth = way.kind === 'oauth2' ? way.clientAuth : 'none';
      const base = { ...at(revoke.url), method: 'POST', headers: { ...headers, ...clientHeaders(clientAuth, app) } };
      return [values.refreshToken, values.accessToken]
        .filter((token) => token instanceof Secret)
        .map((token) => withBody(base, 'form', { token: token.reveal(), ...clientFields(clientAuth, app) }));
    }
    case 'bearer': {
      const request = { ...at(fillUrl(revoke.url, values)), method: revoke.method, headers: { ...headers } };
      return [await authorise(request, placeOf(way), values, nowMs)];
    }
    case 'app-delete': {
      const base = {
        ...at(revoke.url.replace('{client_id}', encodeURIComponent(app.clientId ?? ''))),
        ...{ method: 'DELETE', headers: { ...headers, ...clientHeaders('basic', app) } },
      };
      return [withBody(base, 'json', { access_token: fill('{accessToken}', values) })];
    }
    case 'request': {
      const { clientAuth, parameters = {}, body = 'form', place = [] } = revoke;
      const named = [revoke.url, ...Object.values(parameters)].flatMap(namesIn);
      if (named.some((name) => values[name] === undefined)) return []; // there is nothing to show
      const filled = Object.entries(parameters).map(([name, template]) => [name, fill(template, values)] as const);
      const base = {
        ...{ ...at(fillUrl(revoke.url, values)), method: revoke.method },
        headers: { accept: 'application/json', ...revoke.headers, ...(clientAuth && clientHeaders(clientAuth, app)) },
      };
      const proof = clientAuth ? clientFields(clientAuth, app) : {};
      const request = withBody(base, body, { ...Object.fromEntries(filled), ...proof });
      return [await authorise(request, place, values, nowMs)];
    }
  }
}

/** `ended` also where the token was not known (any more); `unsupported`: not this kind of token (RFC 7009 §2.2.1). */
function judgeRevocation(
  { provider }: ProviderEntry,
  revoke: Revoke,
  { status, body }: InboundResponse,
): 'ended' | 'unsupported' | 'failed' {
  const { errors } = provider.api;
  const { style } = revoke;
  const json = parseJson(body.toString('utf8'));
  const code = style === 'rfc7009' || !errors.code ? textAt(json, 'error') : saidIn(errors, 'code', json);
  if (style === 'request' && revoke.ended?.includes(textAt(json, 'error') ?? code ?? '')) return 'ended';
  if (style === 'rfc7009') {
    if (status === 200) return 'ended';
    return status === 400 && code === 'unsupported_token_type' ? 'unsupported' : 'failed';
  }
  const refused = failedIn200(errors, json);
  if (status >= 200 && status < 300) {
    return !refused || (code !== undefined && errors.unauthorizedCodes?.includes(code)) ? 'ended' : 'failed';
  }
  // The token itself proves the right to end it: one that is not accepted is not alive.
  if (style === 'bearer') return status === 401 ? 'ended' : 'failed';
  return status === 404 || (style === 'app-delete' && status === 422) ? 'ended' : 'failed';
}
