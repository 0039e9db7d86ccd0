import { decodeStrictly, equal, hmac } from '../core/crypto.ts';
import { refuse } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import type { HmacSignature, Webhooks } from '../providers/webhooks.ts';

/** One request of a provider, as it came: lower-case header names, the exact bytes. */
export interface Incoming {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly bytes: Buffer;
}

/** What a request shows for itself, well-formed but not yet believed. */
export interface Claim {
  readonly mac: Buffer;
  readonly timestamp?: string;
}

/** Returns which secret signed these bytes (0 is the first); nothing of the request chooses how that is found out.
 *  Errors: `unauthenticated`, for every failure alike. */
export function verify(
  webhooks: Webhooks,
  request: Incoming,
  secrets: readonly string[],
  nowMs: number,
): Result<number> {
  const claim = readClaim(webhooks, request, nowMs);
  if (!claim.ok) return claim;
  // Every secret is tried, also after a match: how long it takes tells nothing.
  const matches = secrets.map((secret) => isSignedBy(webhooks.signature, claim.value, request.bytes, secret));
  const signer = matches.indexOf(true);
  return signer === -1 ? unverified('no secret matches') : ok(signer);
}

/** Returns the signature and its time once both have the one form that the provider gives them, and the time is near.
 *  Costs no secret. Errors: `unauthenticated`. */
export function readClaim(webhooks: Webhooks, { headers }: Incoming, nowMs: number): Result<Claim> {
  const { signature } = webhooks;
  for (const name of headersRead(webhooks)) {
    if (single(headers[name]) === undefined) return unverified(`${name} is missing or repeated`);
  }
  const prefix = signature.prefix ?? '';
  const spelled = single(headers[signature.header]) ?? '';
  const mac = spelled.startsWith(prefix) ? decodeStrictly(spelled.slice(prefix.length), signature.encoding) : undefined;
  if (!mac || mac.length !== macBytes[signature.hash]) return unverified('the signature is malformed');

  if (!signature.timestamp) return ok({ mac });
  const timestamp = single(headers[signature.timestamp.header]) ?? '';
  if (!/^[1-9]\d{0,11}$/.test(timestamp)) return unverified('the time is malformed');
  const ageS = Math.floor(nowMs / 1000) - Number(timestamp);
  if (Math.abs(ageS) > signature.timestamp.toleranceS) return unverified('the time is too far from ours');
  return ok({ mac, timestamp });
}

/** Returns the headers that must come exactly once: those that are signed, and those that say what the event is. */
export function headersRead({ signature, eventId, eventType, eventAction }: Webhooks): string[] {
  const places = [...eventId, ...eventType, ...(eventAction ? [eventAction] : [])];
  const named = places.flatMap((place) => ('header' in place ? [place.header] : []));
  return [signature.header, ...(signature.timestamp ? [signature.timestamp.header] : []), ...named];
}

const macBytes = { sha1: 20, sha256: 32, sha512: 64 } as const;

function isSignedBy(signature: HmacSignature, { mac, timestamp = '' }: Claim, bytes: Buffer, secret: string): boolean {
  if (secret === '') return false; // Node would sign with it, and so would anybody (D-01)
  const signed = signature.signed.map((part) => {
    if (part === 'body') return bytes;
    return part === 'timestamp' ? timestamp : part.text;
  });
  return equal(mac, hmac(signature.hash, secret, signed));
}

/** HTTP API joins a repeated header by commas, and none of these values holds one (D-10). */
function single(value: string | undefined): string | undefined {
  return value !== undefined && /^[\x21-\x2b\x2d-\x7e]{1,300}$/.test(value) ? value : undefined;
}

function unverified(cause: string) {
  return refuse('unauthenticated', 'The request could not be verified.', { cause });
}
