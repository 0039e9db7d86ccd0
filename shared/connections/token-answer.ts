import type { InboundResponse } from '../core/fetch.ts';
import { at, parseJson, textAt } from '../core/json.ts';
import type { Mint, Minted, OAuth2 } from '../providers/auth.ts';

/** Lifetimes beyond this are taken for "not said": no token that lives ten years needs a refresh by the clock. */
const MAX_LIFETIME_S = 10 * 365 * 86_400;

export interface StandardAnswer {
  readonly status: number;
  readonly json: unknown;
}

/** Returns the identity token of a token endpoint's answer, unread; nothing where there is none. */
export function idTokenIn(response: InboundResponse): unknown {
  return at(read(response), 'id_token');
}

/** Returns a token endpoint's answer in the words of RFC 6749 §5: errors by status, fields absent or well-formed.
 *  A spent code or a rotated refresh token cannot be asked for again, so what may be left out is, rather than refused. */
export function normalize(way: OAuth2 | Minted, response: InboundResponse, nowMs: number): StandardAnswer {
  const { tokenErrors = 'status' } = way;
  const json = read(response);
  const error = at(json, 'error');
  const refused =
    (tokenErrors === 'in-200' && error !== undefined) ||
    (tokenErrors === 'ok-false' && at(json, 'ok') !== true && json !== undefined);
  const good = response.status === 200 || response.status === 201;
  const status = good ? (refused ? 400 : 200) : response.status;
  if (status !== 200) return { status, json: { error: typeof error === 'string' && error !== '' ? error : undefined } };
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return { status, json: null };
  if (way.kind !== 'oauth2' && way.mint.answer) return { status, json: translate(json, way.mint.answer, nowMs) };

  const { id_token: _, expires_in, refresh_token, scope, ...rest } = json as Record<string, unknown>;
  const lifetimeS = seconds(expires_in) ?? lifeOf(rest.access_token, nowMs);
  return {
    status,
    json: {
      ...rest,
      ...(lifetimeS !== undefined && { expires_in: lifetimeS }),
      ...(typeof refresh_token === 'string' && refresh_token !== '' && { refresh_token }),
      ...(typeof scope === 'string' && { scope }),
    },
  };
}

/** Returns an answer of other words in those of the standard. */
function translate(json: unknown, { accessToken, expiresAt }: NonNullable<Mint['answer']>, nowMs: number): unknown {
  const endMs = Date.parse((expiresAt && textAt(json, expiresAt)) ?? '');
  const lifetimeS = seconds(Math.floor((endMs - nowMs) / 1000));
  return {
    ...(json as object),
    access_token: textAt(json, accessToken),
    token_type: 'bearer',
    ...(lifetimeS !== undefined && { expires_in: lifetimeS }),
  };
}

/** Returns the seconds that a token has left by its own word, where it is a JWT (RFC 7519 §4.1.4); it is not verified: it
 *  says when to ask again, and nothing else. */
function lifeOf(token: unknown, nowMs: number): number | undefined {
  const exp = at(claimsOf(token), 'exp');
  return typeof exp === 'number' ? seconds(Math.floor(exp - nowMs / 1000)) : undefined;
}

/** Returns what a JWT says, unverified; nothing where the token is none (RFC 7519 §3). */
export function claimsOf(token: unknown): unknown {
  const [, claims, signature] = typeof token === 'string' ? token.split('.') : [];
  if (claims === undefined || signature === undefined) return undefined;
  return parseJson(Buffer.from(claims, 'base64url').toString('utf8'));
}

function read({ headers, body }: InboundResponse): unknown {
  const text = new TextDecoder('utf-8').decode(body); // drops a byte order mark
  if (!/^application\/x-www-form-urlencoded/i.test(headers['content-type'] ?? '')) return parseJson(text);
  const form = new URLSearchParams(text);
  const names = [...form.keys()];
  return new Set(names).size === names.length ? Object.fromEntries(form) : undefined;
}

function seconds(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,12}(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined;
  return number > 0 && number <= MAX_LIFETIME_S ? number : undefined;
}
