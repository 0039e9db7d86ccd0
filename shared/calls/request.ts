import { placeOf } from '../connections/authorise.ts';
import { fillUrl, namesIn, type Values } from '../connections/template.ts';
import { refuse } from '../core/errors.ts';
import type { OutboundRequest } from '../core/fetch.ts';
import { ok, type Result } from '../core/result.ts';
import type { ApiRequest } from '../providers/actions.ts';
import { type ProviderApp, placed } from '../providers/app.ts';
import type { Placement, Way } from '../providers/auth.ts';
import type { Api } from '../providers/provider.ts';
import { type Blanks, openBlanks } from './blanks.ts';
import { bodyOf } from './body.ts';

/** What a caller may set beside what the provider's manifest sets itself; never who is asking, nor how it travels. */
const callerHeaders = new Set([
  'accept',
  'accept-language',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'prefer',
]);

/** Returns the request as it leaves, all but its credential and its time limit. The host and the path's beginning are
 *  the manifest's, whatever the caller says (E-01, E-07); `values` fill in what they have of the connection. Errors: `invalid_request`. */
export function buildRequest(
  api: Api,
  app: ProviderApp,
  request: ApiRequest,
  idempotencyKey?: string,
  values?: Values,
): Result<Omit<OutboundRequest, 'timeoutMs'>> {
  const blanks = openBlanks(values, idempotencyKey);
  const address = addressOf(api, request.base, blanks);
  if (!address.ok) return address;
  const body = bodyOf(request, ({ name }) => blanks.read(name));
  if (blanks.missing.size > 0) {
    const names = [...blanks.missing].join(', ');
    return refuse(
      'invalid_request',
      `The connection lacks what this request takes of it: ${names}. Connect anew with it.`,
    );
  }

  const url = locate(placed(address.value, app), request.path);
  if (!url.ok) return url;
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.value.searchParams.append(name, String(value));
  }
  const place = idempotencyKey === undefined || request.method === 'GET' ? undefined : api.idempotency;
  if (place && 'query' in place) url.value.searchParams.set(place.query, idempotencyKey ?? '');

  const allowed = new Set([...callerHeaders, ...Object.keys(api.headers ?? {})]);
  const given = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  for (const [name, value] of given) {
    if (!allowed.has(name)) {
      return refuse(
        'invalid_request',
        `The header ${name} cannot be set by a call; these can: ${[...allowed].join(', ')}.`,
      );
    }
    if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?$/.test(value)) {
      return refuse('invalid_request', `The header ${name} may hold printable ASCII only, at most 1,000 characters.`);
    }
  }
  if (body && request.method === 'GET') return refuse('invalid_request', 'A GET request has no body.');

  return ok({
    method: request.method,
    url: url.value.href,
    headers: {
      accept: 'application/json',
      ...api.headers,
      ...Object.fromEntries(given),
      ...(body && { 'content-type': body.type }),
      ...(place && 'header' in place && { [place.header]: idempotencyKey }),
    },
    ...(body && { body: body.content }),
    ...(request.listen && { listen: listeningOf(request.listen) }),
  });
}

function listeningOf({ windowS, ...rest }: NonNullable<ApiRequest['listen']>) {
  return { ...rest, windowMs: windowS * 1000 };
}

/** Returns where the credential goes at the address that a request names. */
export function placesOf({ bases = {} }: Api, { base = '' }: ApiRequest, way: Way): readonly Placement[] {
  return (Object.hasOwn(bases, base) ? bases[base]?.place : undefined) ?? placeOf(way);
}

/** Returns the address that a request names: one of the provider's own, never a caller's (E-01). */
function addressOf(api: Api, name: string | undefined, { read, missing }: Blanks): Result<string> {
  const { baseUrl, bases = {} } = api;
  if (name !== undefined && !Object.hasOwn(bases, name)) {
    return refuse('invalid_request', `base: one of ${Object.keys(bases).join(', ') || 'none'}`);
  }
  const url = name === undefined ? baseUrl : (bases[name]?.url ?? baseUrl);
  const chosen = typeof url === 'string' ? url : (url.of[read(url.by)] ?? Object.values(url.of)[0] ?? baseUrl);
  const parts = Object.fromEntries(namesIn(chosen).map((part) => [part, read(part)]));
  return ok(missing.size > 0 ? '' : fillUrl(chosen, parts));
}

/** Joins a path to the base so that no spelling of it leads to another host or above the base's own path. */
function locate(baseUrl: string, path: string): Result<URL> {
  const base = new URL(baseUrl);
  const prefix = base.pathname.replace(/\/+$/, '');
  const bad = refuse(
    'invalid_request',
    'The path must begin with one "/", and hold no "..", "//", "\\", "?", "#", space or control character, in any encoding.',
  );
  if (!/^\/(?:[^/\s\\?#\p{C}]+(?:\/[^/\s\\?#\p{C}]+)*\/?)?$/u.test(path)) return bad;
  if (!path.split('/').every(isPlainSegment)) return bad;
  const url = URL.parse(base.origin + prefix + path);
  const inside = url && url.origin === base.origin && url.pathname.startsWith(`${prefix}/`);
  return inside && url.username === '' && url.password === '' ? ok(url) : bad;
}

/** A server may decode more often than it should, and fold wide characters: each such reading has to be harmless too. */
function isPlainSegment(segment: string): boolean {
  if (/%(?![0-9a-f]{2})/i.test(segment)) return false;
  let text = segment;
  for (let depth = 0; depth < 5; depth++) {
    const folded = text.normalize('NFKC');
    if (/[\\\p{Cc}]/u.test(folded) || folded.split('/').some((part) => part === '.' || part === '..')) return false;
    const decoded = text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
      Buffer.from(run.replaceAll('%', ''), 'hex').toString(),
    );
    if (decoded === text) return true;
    text = decoded;
  }
  return false;
}
