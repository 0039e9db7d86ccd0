import { at, textAt } from '../core/json.ts';
import type { ApiRequest } from '../providers/actions.ts';
import type { Pagination } from '../providers/provider.ts';

/** What the request of the next page has other than the first one's. */
export type NextPage =
  | { readonly in: 'query' | 'json' | 'form'; readonly name: string; readonly value: string }
  /** The whole query is another. */
  | { readonly in: 'query'; readonly all: Readonly<Record<string, string>> };

interface Answer {
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** Returns what asks for the page after this one, or nothing on the last. Of an address that an answer names, the query
 *  alone is taken: host and path stay those of the call (E-01). */
export function nextPage(style: Pagination, request: ApiRequest, { body, headers }: Answer): NextPage | undefined {
  switch (style.next) {
    case 'link':
      return fromAddress(linkIn(headers.link));
    case 'url':
      return fromAddress(fieldOf(body, style.field));
    case 'token':
      return inRequest(request, style.as, textAt(body, style.at));
    case 'last': {
      const items = at(body, style.items);
      if (at(body, style.more) !== true || !Array.isArray(items)) return undefined;
      return inRequest(request, style.as, textAt(items.at(-1), style.id));
    }
  }
}

/** Returns the request of a page. */
export function requestOf(request: ApiRequest, next: NextPage | undefined): ApiRequest {
  if (!next) return request;
  if ('all' in next) return { ...request, query: next.all };
  const before = request[next.in];
  return { ...request, [next.in]: { ...(typeof before === 'object' ? before : {}), [next.name]: next.value } };
}

/** A read that is sent with a body has the place in its body. */
function inRequest(request: ApiRequest, name: string, value: string | undefined): NextPage | undefined {
  if (value === undefined) return undefined;
  if (request.form) return { in: 'form', name, value };
  return { in: typeof request.json === 'object' && request.json !== null ? 'json' : 'query', name, value };
}

function fromAddress(address: string | undefined): NextPage | undefined {
  const url = address === undefined ? null : URL.parse(address, 'https://any.invalid');
  return url && url.search !== '' ? { in: 'query', all: Object.fromEntries(url.searchParams) } : undefined;
}

function fieldOf(body: unknown, name: string): string | undefined {
  const value = typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? Object(body)[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** Returns the target of `rel="next"` (RFC 8288 §3). */
function linkIn(header = ''): string | undefined {
  for (const [, target, parameters = ''] of header.matchAll(
    /<([^>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^\s",;]+))*)/g,
  )) {
    const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))/i.exec(parameters);
    if ((relation?.[1] ?? relation?.[2] ?? '').split(/\s+/).includes('next')) return target;
  }
  return undefined;
}
