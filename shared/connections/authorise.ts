import type { OutboundRequest } from '../core/fetch.ts';
import { parseJson } from '../core/json.ts';
import type { Placement, Way } from '../providers/auth.ts';
import { signed } from './sigv4.ts';
import { fill, fillUrl, namesIn, type Values } from './template.ts';

const bearer: readonly Placement[] = [{ in: 'header', name: 'authorization', value: 'Bearer {accessToken}' }];

/** Returns where a way's credential goes (RFC 6750 §2.1, unless it says otherwise). */
export function placeOf(way: Way): readonly Placement[] {
  return way.place ?? bearer;
}

/** Returns the names of all that goes onto a request: no other secret need be opened for it. */
export function namesOnRequest(way: Way): string[] {
  return placeOf(way).flatMap(({ in: _, ...parts }) => Object.values(parts).flatMap(namesIn));
}

/** Returns whether there is all that goes into a place. */
export function isFilled({ in: kind, ...parts }: Placement, values: Values): boolean {
  const needed = kind === 'sigv4' ? { ...parts, sessionToken: undefined } : parts;
  return Object.values(needed)
    .flatMap((part) => namesIn(part ?? ''))
    .every((name) => values[name] !== undefined);
}

/** Returns the request with the credential in its places: the only way that one leaves the hub for an API. */
export async function authorise<Request extends Omit<OutboundRequest, 'timeoutMs'>>(
  request: Request,
  places: readonly Placement[],
  values: Values,
  nowMs: number,
): Promise<Request> {
  let placed = request;
  for (const place of places) placed = await put(placed, place, values, nowMs);
  return placed;
}

async function put<Request extends Omit<OutboundRequest, 'timeoutMs'>>(
  request: Request,
  place: Placement,
  values: Values,
  nowMs: number,
): Promise<Request> {
  switch (place.in) {
    case 'header':
      return withHeaders(request, { [place.name.toLowerCase()]: fill(place.value, values) });
    case 'basic': {
      const pair = `${fill(place.user, values)}:${fill(place.password, values)}`;
      return withHeaders(request, { authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
    }
    case 'path': {
      const url = new URL(request.url);
      url.pathname = `${url.pathname.replace(/\/$/, '')}/${fillUrl(place.value, values)}`;
      return { ...request, url: url.href };
    }
    case 'query': {
      const url = new URL(request.url);
      url.searchParams.set(place.name, fill(place.value, values)); // a caller's own of that name does not stand beside it
      return { ...request, url: url.href };
    }
    case 'body':
      return withField(request, place.name, fill(place.value, values));
    case 'sigv4':
      return withHeaders(request, await signed(request, place, values, nowMs));
  }
}

/** Into the form or the JSON object that is there; a request without a body becomes one with a JSON object. */
function withField<Request extends Omit<OutboundRequest, 'timeoutMs'>>(
  request: Request,
  name: string,
  value: string,
): Request {
  const text = typeof request.body === 'string' ? request.body : '';
  if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    const form = new URLSearchParams(text);
    form.set(name, value);
    return { ...request, body: form.toString() };
  }
  const json = parseJson(text);
  const object = typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {};
  const body = JSON.stringify({ ...object, [name]: value });
  return { ...withHeaders(request, { 'content-type': 'application/json; charset=utf-8' }), body };
}

function withHeaders<Request extends Omit<OutboundRequest, 'timeoutMs'>>(
  request: Request,
  headers: Readonly<Record<string, string>>,
): Request {
  return { ...request, headers: { ...request.headers, ...headers } };
}
