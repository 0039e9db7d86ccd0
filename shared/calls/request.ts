import { fillUrl, namesIn, type Values } from '../connections/template.ts';
import { refuse } from '../core/errors.ts';
import type { OutboundRequest } from '../core/fetch.ts';
import { ok, type Result } from '../core/result.ts';
import type { ApiRequest } from '../providers/actions.ts';
import { type ProviderApp, placed } from '../providers/app.ts';
import type { Api } from '../providers/provider.ts';

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
const USER_AGENT = 'patchbay';

/** Returns the request as it leaves, all but its credential and its time limit. The host and the path's beginning are
 *  the manifest's, whatever the caller says (E-01, E-07); `values` fill in what they have of the connection. Errors: `invalid_request`. */
export function buildRequest(
  api: Api,
  app: ProviderApp,
  request: ApiRequest,
  idempotencyKey?: string,
  values?: Values,
): Result<Omit<OutboundRequest, 'timeoutMs'>> {
  const url = locate(placed(baseOf(api, values), app), request.path);
  if (!url.ok) return url;
  for (const [name, value] of Object.entries(request.query ?? {})) url.value.searchParams.append(name, value);

  const allowed = new Set([...callerHeaders, ...Object.keys(api.headers ?? {})]);
  const given = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  for (const [name, value] of given) {
    if (!allowed.has(name)) {
      return refuse('invalid_request', `This header cannot be set by a call; these can: ${[...allowed].join(', ')}.`);
    }
    if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?$/.test(value)) {
      return refuse('invalid_request', `The header ${name} may hold printable ASCII only, at most 1,000 characters.`);
    }
  }
  const body = bodyOf(request);
  if (body && request.method === 'GET') return refuse('invalid_request', 'A GET request has no body.');

  return ok({
    method: request.method,
    url: url.value.href,
    headers: {
      accept: 'application/json',
      'user-agent': USER_AGENT,
      ...api.headers,
      ...Object.fromEntries(given),
      ...(body && { 'content-type': body.type }),
      ...(idempotencyKey && api.idempotencyHeader && { [api.idempotencyHeader]: idempotencyKey }),
    },
    ...(body && { body: body.text }),
  });
}

/** Where no connection is at hand yet, any text does for its parts: what is wrong with a path is so under each. */
function baseOf({ baseUrl }: Api, values?: Values): string {
  return fillUrl(baseUrl, values ?? Object.fromEntries(namesIn(baseUrl).map((name) => [name, 'any'])));
}

function bodyOf({ json, form }: ApiRequest): { type: string; text: string } | undefined {
  if (form) return { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(form).toString() };
  if (json === undefined) return undefined;
  return { type: 'application/json; charset=utf-8', text: JSON.stringify(json) };
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
