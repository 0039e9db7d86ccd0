import { isUtf8 } from 'node:buffer';
import { createHash, createPublicKey, type KeyObject, verify as verifySignature } from 'node:crypto';
import { parse as parseForm } from 'node:querystring';
import { decodeStrictly, equal, hmac } from '../core/crypto.ts';
import type { Mac, PublicKeySignature, SignedPart, Spelling } from '../providers/webhooks.ts';
import { isForm, readHeader, readQuery } from './document.ts';
import type { Incoming } from './verify.ts';

/** What a request shows, and a secret that may have made it. */
interface Tried {
  readonly marks: readonly Buffer[];
  readonly timestamp: string;
  readonly request: Incoming;
  readonly secret: string;
}

/** Bytes; a shorter key is guessed (D-01). */
const MIN_KEY_BYTES = 16;

/** Returns whether one of the marks is this secret's over what the request says. */
export function macFits(signature: Mac, { marks, timestamp, request, secret }: Tried): boolean {
  const { kind, hash, bodyHash, key: keyForm } = signature;
  if (kind === 'hash' && !isUtf8(request.bytes)) return false;
  if (bodyHash !== undefined && !equal(readQuery(request.url).get(bodyHash) ?? '', sha256Hex(request.bytes)))
    return false;
  const key = keyForm === 'whsec' ? Buffer.from(secret.replace(/^whsec_/, ''), 'base64') : secret;
  if (keyForm === 'whsec' && key.length < MIN_KEY_BYTES) return false;
  for (const message of messages(signature, { timestamp, request, secret })) {
    const mac = kind === 'hmac' ? hmac(hash, key, message) : digest(hash, message);
    if (marks.map((mark) => equal(mark, mac)).includes(true)) return true;
  }
  return false;
}

/** Returns whether one of the marks was made with the private key that belongs to this public one. */
export function publicKeyFits(signature: PublicKeySignature, { marks, timestamp, request, secret }: Tried): boolean {
  const key = publicKey(signature.kind, secret);
  if (!key) return false;
  const hash = signature.kind === 'ecdsa' ? 'sha256' : null;
  for (const message of messages(signature, { timestamp, request, secret })) {
    const bytes = Buffer.concat(message.map((part) => Buffer.from(part as Uint8Array)));
    if (marks.some((mark) => verifySignature(hash, bytes, key, mark))) return true;
  }
  return false;
}

/** Returns what may have been signed, part by part: more than one where the URL may be spelled in several ways. */
function* messages(
  { signed, spellings = ['sent'] }: Mac | PublicKeySignature,
  { timestamp, request, secret }: Omit<Tried, 'marks'>,
): Generator<(string | Uint8Array)[]> {
  const { method = 'POST', bytes: body } = request;
  const form = signed.includes('form') ? readSortedForm(request) : undefined;
  for (const spelling of signed.includes('url') ? spellings : ['sent' as const]) {
    const values = { timestamp, secret, method, url: request.url && spell[spelling](request.url), form, body };
    const parts = signed.map((part, index): string | Uint8Array | undefined => {
      if (typeof part !== 'object') return values[part];
      return 'text' in part ? part.text : readPart(part.header, signed[index + 1], request);
    });
    if (!parts.includes(undefined)) yield parts.map((part) => part ?? '');
  }
}

/** Returns a header that is signed, unless it holds the text behind it: that would make two requests of one signature. */
function readPart(name: string, next: SignedPart | undefined, { headers }: Incoming): string | undefined {
  const value = readHeader(headers, name);
  const end = typeof next === 'object' && 'text' in next ? next.text : undefined;
  return end !== undefined && value?.includes(end) ? undefined : value;
}

/** Returns a form's fields as Twilio signs them: by name, each name with every value that it has, once. */
function readSortedForm({ headers, bytes }: Incoming): string | undefined {
  if (!isForm(headers)) return undefined;
  const fields = parseForm(bytes.toString('utf8'), '&', '=', { maxKeys: 0 });
  let text = '';
  for (const name of Object.keys(fields).sort()) {
    const value = fields[name] ?? '';
    const values = typeof value === 'string' ? [value] : [...new Set(value)].sort();
    for (const one of values) text += name + one;
  }
  return text;
}

const spell: Readonly<Record<Spelling, (url: string) => string>> = {
  sent: (url) => url,
  port: (url) => url.replace(/^(https:\/\/[^/:]+)(?=\/|$)/, '$1:443'),
  decoded: (url) =>
    url.replaceAll(/%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, (escaped) => decodeURIComponent(escaped)),
};

function digest(hash: Mac['hash'], parts: readonly (string | Uint8Array)[]): Buffer {
  const sum = createHash(hash);
  for (const part of parts) sum.update(part);
  return sum.digest();
}

function sha256Hex(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Reading a key costs more than the check itself; these are the owner's own, so they are few. */
const keys = new Map<string, KeyObject | undefined>();
const MAX_KEYS = 1_000;

/** Returns the key in the form that its kind of signature has; nothing where the text is none. */
export function publicKey(kind: PublicKeySignature['kind'], secret: string): KeyObject | undefined {
  const known = `${kind} ${secret}`;
  if (!keys.has(known)) {
    if (keys.size >= MAX_KEYS) keys.clear();
    keys.set(known, readKey(kind, secret));
  }
  return keys.get(known);
}

/** RFC 8410: what stands before the 32 bytes of an Ed25519 key. */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');

function readKey(kind: PublicKeySignature['kind'], secret: string): KeyObject | undefined {
  const raw = decodeStrictly(secret, kind === 'ed25519' ? 'hex' : 'base64');
  if (!raw || (kind === 'ed25519' && raw.length !== 32)) return undefined;
  try {
    const der = kind === 'ed25519' ? Buffer.concat([ED25519_SPKI, raw]) : raw;
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const fits = kind === 'ed25519' || key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return fits ? key : undefined;
  } catch {
    return undefined; // the owner's mistake: nobody can be believed until it is mended (D-01)
  }
}
