import { equal } from '../core/crypto.ts';
import { refuse } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import type { Jwt, Signature, Sns, Webhooks } from '../providers/webhooks.ts';
import { holds, readHeader, readUnverified } from './document.ts';
import { readShown, readTime, type Shown } from './shown.ts';
import { macFits, publicKeyFits } from './signed.ts';

/** One request of a sender, as it came: lower-case header names, the exact bytes. */
export interface Incoming {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly bytes: Buffer;
  /** The public URL with its query, for those who sign it. */
  readonly url?: string;
  /** Default: POST. */
  readonly method?: string;
}

/** What a request shows for itself, well-formed but not yet believed. */
export interface Claim extends Shown {
  readonly signature: Signature;
}

/** Returns which secret signed this request (0 is the first); nothing of the request chooses how that is found out.
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
  const matches = secrets.map((secret) => isFrom(claim.value, request, secret));
  const signer = matches.indexOf(true);
  return signer === -1 ? unverified('no secret matches') : ok(signer);
}

/** Returns what the request shows in the strongest form that it has, once that is spelled as its sender spells it and the
 *  time is near. Costs no secret. Errors: `unauthenticated`. */
export function readClaim(webhooks: Webhooks, request: Incoming, nowMs: number): Result<Claim> {
  const signature = shownForm(webhooks, request);
  if (!signature) return unverified('the signature is missing');
  const { requires = [] } = signature;
  for (const name of [...eventHeaders(webhooks), ...requires]) {
    const missing = request.headers[name] === undefined && !requires.includes(name);
    if (!missing && readHeader(request.headers, name) === undefined)
      return unverified(`${name} is missing or repeated`);
  }
  if (isVouched(signature)) return ok({ signature, marks: [] });

  const marks = readShown(webhooks, signature, request);
  if (!marks) return unverified('the signature is malformed');
  if (!('timestamp' in signature) || !signature.timestamp) return ok({ signature, marks });
  const time = readTime(signature.timestamp, signature, request);
  if (!time) return unverified('the time is malformed');
  const ageS = Math.floor(nowMs / 1000) - time.seconds;
  if (Math.abs(ageS) > signature.timestamp.toleranceS) return unverified('the time is too far from ours');
  return ok({ signature, marks, timestamp: time.text });
}

/** Returns whether a platform vouches for the sender: `verify` believes none of these, see `believe`. */
export function isVouched(signature: Signature): signature is Jwt | Sns {
  return signature.kind === 'jwt' || signature.kind === 'sns';
}

/** A weaker form counts only where no stronger one is shown. */
function shownForm(webhooks: Webhooks, request: Incoming): Signature | undefined {
  return webhooks.signatures.find((signature) => {
    const { when } = signature;
    if (when) return holds(when, request, 'body' in when ? readUnverified(webhooks, request) : undefined);
    const name = headerOf(signature);
    return name === undefined || request.headers[name] !== undefined;
  });
}

/** Asked for every request, and always the same. */
const headersOfEvents = new WeakMap<Webhooks, readonly string[]>();

/** Returns the headers that say what the event is. */
export function eventHeaders(webhooks: Webhooks): readonly string[] {
  const known = headersOfEvents.get(webhooks) ?? findEventHeaders(webhooks);
  headersOfEvents.set(webhooks, known);
  return known;
}

function findEventHeaders(webhooks: Webhooks): string[] {
  const { eventId, eventType, eventAction, retries, inHeaders = {}, replies = [] } = webhooks;
  const said = [...eventId.flat(), ...eventType, ...[eventAction, retries].filter((place) => place !== undefined)];
  const asked = replies.flatMap(({ when }) => when ?? []);
  return [
    ...new Set([
      ...[...said, ...asked].flatMap((place) => ('header' in place ? [place.header] : [])),
      ...Object.values(inHeaders),
    ]),
  ];
}

/** Returns every header that the sender's data reads: those that show who it is, and those of the event. */
export function headersRead(webhooks: Webhooks): string[] {
  const shown = webhooks.signatures.flatMap((signature) => [
    headerOf(signature),
    signature.when && 'header' in signature.when ? signature.when.header : undefined,
    'timestamp' in signature ? signature.timestamp?.header : undefined,
    ...('signed' in signature
      ? signature.signed.map((part) => (typeof part === 'object' && 'header' in part ? part.header : undefined))
      : []),
    ...(signature.requires ?? []),
  ]);
  return [...new Set([...shown.filter((name) => name !== undefined), ...eventHeaders(webhooks)])];
}

function headerOf(signature: Signature): string | undefined {
  if ('header' in signature) return signature.header;
  return 'at' in signature && 'header' in signature.at ? signature.at.header : undefined;
}

function isFrom({ signature, marks, timestamp = '' }: Claim, request: Incoming, secret: string): boolean {
  if (secret === '') return false; // Node would sign with it, and so would anybody (D-01)
  if (signature.kind === 'token') return marks.every((mark) => equal(mark, secret));
  if (signature.kind === 'hmac' || signature.kind === 'hash') {
    return macFits(signature, { marks, timestamp, request, secret });
  }
  if (signature.kind === 'ed25519' || signature.kind === 'ecdsa') {
    return publicKeyFits(signature, { marks, timestamp, request, secret });
  }
  return false;
}

/** Said to the sender for every failure alike (D-17); `cause` is for the hub. */
export function unverified(cause: string) {
  return refuse('unauthenticated', 'The request could not be verified.', { cause });
}
