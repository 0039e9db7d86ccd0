import { createHash, generateKeyPairSync } from 'node:crypto';
import type { Jwt, Mac, PublicKeySignature, Sns, Token, Webhooks } from '../../../shared/providers/webhooks.ts';
import type { Incoming } from '../../../shared/webhooks/verify.ts';
import { sign } from '../../support/samples.ts';

/** Requests that a sender really made, in every form that it signs in. */
export interface Genuine {
  readonly request: Incoming;
  readonly secrets: readonly string[];
  readonly nowMs: number;
}

/** A form that is judged by secrets alone; a platform's is judged by the platform's keys. */
export type OwnSignature = Mac | PublicKeySignature | Token;
export interface Form {
  readonly webhooks: Webhooks;
  readonly index: number;
  readonly signature: OwnSignature;
}

/** A number from 0 on, below this. */
export type Dice = (below: number) => number;

export const NOW_MS = 1_700_000_000_000;
const PUBLIC_URL = 'https://hub.example.com/webhooks/sender';

/** Returns the forms of a sender that can be judged here. */
export function formsOf(webhooks: Webhooks): Form[] {
  return webhooks.signatures.flatMap((signature, index) =>
    isVouched(signature) ? [] : [{ webhooks, index, signature }],
  );
}

function isVouched(signature: Webhooks['signatures'][number]): signature is Jwt | Sns {
  return signature.kind === 'jwt' || signature.kind === 'sns';
}

/** What a sender signs with, and what the hub knows of it. */
interface Key {
  readonly signs: string;
  readonly known: string;
}

const words = {
  now: 'the-secret-that-is-used-now',
  before: 'the-secret-that-was-used-before',
  foreign: 'the-secret-of-somebody-else',
} as const;
export type KeyName = keyof typeof words;
const pairs = new Map<string, Key>();

export function keyOf(signature: OwnSignature, name: KeyName): Key {
  if (signature.kind === 'ed25519' || signature.kind === 'ecdsa') return pairOf(signature.kind, name);
  const isKey = 'key' in signature && signature.key === 'whsec';
  const text = isKey ? `whsec_${Buffer.from(words[name]).toString('base64')}` : words[name];
  return { signs: text, known: text };
}

function pairOf(kind: PublicKeySignature['kind'], name: KeyName): Key {
  const made = pairs.get(`${kind} ${name}`) ?? newPair(kind);
  pairs.set(`${kind} ${name}`, made);
  return made;
}

function newPair(kind: PublicKeySignature['kind']): Key {
  const { privateKey, publicKey } =
    kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const known = kind === 'ed25519' ? der.subarray(-32).toString('hex') : der.toString('base64');
  return { signs: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), known };
}

/** Returns a request signed with either secret, now or within the tolerance, with this body or one of any shape. */
export function genuineOf(form: Form, dice: Dice, body?: Buffer): Genuine {
  const { signature } = form;
  const { request, at } = unsignedOf(form, dice, body);
  const secrets = [keyOf(signature, 'now').known, keyOf(signature, 'before').known];
  return { request: signed(form, request, dice(4) === 0 ? 'before' : 'now', at), secrets, nowMs: NOW_MS };
}

/** Returns the request as somebody would sign it who has this key, at this time. */
export function signed(
  { webhooks, index, signature }: Form,
  { headers, bytes, url, method }: Incoming,
  key: KeyName | { readonly signs: string },
  timestamp: string,
  hash?: Mac['hash'],
): Incoming {
  const { signs } = typeof key === 'string' ? keyOf(signature, key) : key;
  if (signature.kind === 'token' && 'body' in signature.at) {
    const items = (JSON.parse(bytes.toString()) as { value: object[] }).value;
    const value = items.map((item) => ({ ...item, clientState: signs }));
    return { headers, bytes: Buffer.from(JSON.stringify({ value })), url, method };
  }
  const time = 'timestamp' in signature ? signature.timestamp?.header : undefined;
  const shown: readonly (string | undefined)[] = ['header' in signature ? signature.header : undefined, time];
  const others = Object.entries(headers).filter(([name]) => !shown.includes(name));
  const own = Object.fromEntries(others.map(([name, value = '']) => [name, value]));
  const made = sign(webhooks, signs, bytes, { timestamp, url, headers: own, form: index, hash });
  return { headers: { ...headers, ...made }, bytes, url, method };
}

function unsignedOf(
  { signature }: Form,
  dice: Dice,
  body?: Buffer,
): { readonly request: Incoming; readonly at: string } {
  const parts = 'signed' in signature ? signature.signed : [];
  const isForm = parts.includes('form');
  const isText = signature.kind === 'hash'; // what is hashed without a key has to be text
  const shapes = isForm ? [asForm] : isText ? texts : bodies;
  const inBody = signature.kind === 'token' && 'body' in signature.at;
  const made = () => (inBody ? Buffer.from(notices(dice)) : (shapes[dice(shapes.length)]?.(dice) ?? Buffer.alloc(0)));
  const bytes = body ?? made();

  const headers: Record<string, string> = {
    'content-type': isForm ? 'application/x-www-form-urlencoded; charset=UTF-8' : 'application/json',
    'x-github-event': 'issues',
    'x-github-delivery': `72d3162e-cc78-11e3-81ab-${dice(10 ** 9)}`,
  };
  for (const name of signature.requires ?? []) headers[name] = `msg_${dice(10 ** 9)}`;
  const { when } = signature;
  if (when && 'header' in when) headers[when.header] = when.equals ?? 'yes';
  const hash = createHash('sha256').update(bytes).digest('hex');
  const query = when && 'query' in when ? `${when.query}=${hash}` : `team=${dice(100)}&b=x%20y`;

  const { toleranceS = 0, unit = 's' } = ('timestamp' in signature && signature.timestamp) || {};
  const seconds = NOW_MS / 1000 + dice(2 * toleranceS + 1) - toleranceS;
  const at = unit === 's' ? String(seconds) : String(seconds * 1000);
  return { request: { headers, bytes, url: `${PUBLIC_URL}?${query}` }, at };
}

const texts: ((dice: Dice) => Buffer)[] = [
  (dice) =>
    Buffer.from(JSON.stringify({ id: dice(10 ** 9), text: 'Grüße 👋', nested: { list: [1, 2.5, null, true] } })),
  (dice) => Buffer.from(`{ "b" : ${dice(100)} ,\n "a":"\\u00fc", "a": 2, "big": 123456789012345678901234567890 }`),
  (dice) => Buffer.from(`\ufeff{"bom":${dice(100)}}`),
  (dice) => Buffer.from(`payload=${encodeURIComponent(JSON.stringify({ n: dice(10 ** 6), s: 'a & b' }))}`),
];

const bodies: ((dice: Dice) => Buffer)[] = [
  ...texts,
  (dice) =>
    Buffer.concat([Buffer.from('{"raw":"'), Buffer.from([0xff, 0xfe, 0xc3, 0x28, dice(256)]), Buffer.from('"}')]),
  (dice) => Buffer.from(Array.from({ length: 1 + dice(200) }, () => dice(256))),
];

function asForm(dice: Dice): Buffer {
  const fields = {
    From: '+15005550006',
    Body: `Grüße ${dice(1000)} & mehr`,
    AccountSid: `AC${dice(10 ** 9)}`,
    Empty: '',
  };
  return Buffer.from(new URLSearchParams(fields).toString());
}

function notices(dice: Dice): string {
  const value = Array.from({ length: 1 + dice(3) }, () => ({ id: `n${dice(10 ** 9)}`, changeType: 'updated' }));
  return JSON.stringify({ value });
}

/** mulberry32: small, seeded, good enough to spread mutants. */
export function diceOf(seed: number): Dice {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(1, below);
  };
}
