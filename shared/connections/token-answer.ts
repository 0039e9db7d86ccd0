import type { InboundResponse } from '../core/fetch.ts';
import { at, parseJson } from '../core/json.ts';
import type { OAuth2 } from '../providers/provider.ts';

/** Lifetimes beyond this are taken for "not said": no token that lives ten years needs a refresh by the clock. */
const MAX_LIFETIME_S = 10 * 365 * 86_400;

export interface StandardAnswer {
  readonly status: number;
  readonly json: unknown;
}

/** Returns a token endpoint's answer in the words of RFC 6749 §5: errors by status, fields absent or well-formed.
 *  A spent code or a rotated refresh token cannot be asked for again, so what may be left out is, rather than refused. */
export function normalize(auth: OAuth2, response: InboundResponse): StandardAnswer {
  const json = read(response);
  const error = at(json, 'error');
  const refused =
    (auth.tokenErrors === 'in-200' && error !== undefined) ||
    (auth.tokenErrors === 'ok-false' && at(json, 'ok') !== true && json !== undefined);
  const status = refused && response.status === 200 ? 400 : response.status;
  if (status !== 200) return { status, json: { error: typeof error === 'string' && error !== '' ? error : undefined } };
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return { status, json: null };

  const { id_token: _, expires_in, refresh_token, scope, ...rest } = json as Record<string, unknown>;
  const lifetimeS = seconds(expires_in);
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
