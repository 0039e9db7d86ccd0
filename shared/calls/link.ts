import { presigned } from '../connections/sigv4.ts';
import type { Values } from '../connections/template.ts';
import { iso } from '../core/clock.ts';
import type { OutboundRequest } from '../core/fetch.ts';
import type { ApiRequest } from '../providers/actions.ts';
import type { Placement } from '../providers/auth.ts';

/** Returns the URL of a request that is not sent: signed for its time where it has one, which only a signing credential
 *  can do, else as it is. */
export async function linkTo(
  { method, url }: Pick<OutboundRequest, 'method' | 'url'>,
  { expiresInS }: NonNullable<ApiRequest['link']>,
  places: readonly Placement[],
  values: Values,
  nowMs: number,
) {
  const place = places.find((one) => one.in === 'sigv4');
  if (expiresInS === undefined || !place) return { url, method };
  const signed = await presigned({ method, url }, place, values, expiresInS, nowMs);
  return { url: signed, method, expiresAt: iso(nowMs + expiresInS * 1000) };
}
