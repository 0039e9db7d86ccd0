import type { OutboundRequest } from '../core/fetch.ts';

// What every request for a token has in common.

export const TOKEN_TIMEOUT_MS = 20_000;
export const TOKEN_MAX_BYTES = 256 * 1024;

/** Returns the request with its parameters, written as `style` says. */
export function withBody(
  request: OutboundRequest,
  style: 'form' | 'json' | 'none',
  parameters: Readonly<Record<string, string>>,
): OutboundRequest {
  if (style === 'none') return request;
  const [type, body] =
    style === 'json'
      ? ['application/json', JSON.stringify(parameters)]
      : ['application/x-www-form-urlencoded', new URLSearchParams(parameters).toString()];
  return { ...request, headers: { ...request.headers, 'content-type': type }, body };
}
