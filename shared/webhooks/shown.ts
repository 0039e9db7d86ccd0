import { decodeStrictly } from '../core/crypto.ts';
import { at } from '../core/json.ts';
import type { Mac, PublicKeySignature, Token, Webhooks } from '../providers/webhooks.ts';
import { readHeader, readUnverified, textIn } from './document.ts';
import type { Incoming } from './verify.ts';

/** What a request shows: its signatures, or the tokens it brings, and the time that is signed. */
export interface Shown {
  readonly marks: readonly Buffer[];
  readonly timestamp?: string;
}

/** Of a list of signatures (D-06). */
const MAX_ENTRIES = 10;
const macBytes = { sha1: 20, sha256: 32, sha512: 64 } as const;

/** Returns what is to fit: any of several signatures, every one of several tokens; nothing where none is spelled right. */
export function readShown(
  webhooks: Webhooks,
  signature: Mac | PublicKeySignature | Token,
  request: Incoming,
): readonly Buffer[] | undefined {
  if (signature.kind === 'token') return readTokens(webhooks, signature, request);
  const { header, list, prefix = '', encoding } = signature;
  const entries = list ? readEntries(request.headers, header, list) : [readHeader(request.headers, header) ?? ''];
  const spelled = entries?.filter((entry) => entry.startsWith(prefix)).map((entry) => entry.slice(prefix.length));
  const marks = spelled
    ?.flatMap((text) => decodeStrictly(text, encoding) ?? [])
    .filter((mark) => fits(signature, mark));
  return marks?.length ? marks : undefined;
}

function fits(signature: Mac | PublicKeySignature, { length }: Buffer): boolean {
  if ('hash' in signature) return length === macBytes[signature.hash];
  return signature.kind === 'ed25519' ? length === 64 : length >= 8 && length <= 72; // DER of two numbers
}

function readEntries(headers: Incoming['headers'], header: string, list: ',' | ' '): string[] | undefined {
  const entries = readHeader(headers, header, 'list')?.split(list);
  if (!entries || entries.length > MAX_ENTRIES) return undefined;
  const twice = list === ' ' && entries.some((entry) => entry.split(',').length > 2); // joined by a comma (D-10)
  return twice ? undefined : entries;
}

/** Returns the signed time, as it is spelled and in seconds; nothing where it is no plain number, or there are two. */
export function readTime(
  { header, unit = 's', prefix = '' }: NonNullable<Mac['timestamp']>,
  { list }: Pick<Mac, 'list'>,
  { headers }: Incoming,
): { readonly text: string; readonly seconds: number } | undefined {
  const entries = list ? readEntries(headers, header, list) : [readHeader(headers, header) ?? ''];
  const [entry, second] = entries?.filter((one) => one.startsWith(prefix)) ?? [];
  const text = entry?.slice(prefix.length);
  if (text === undefined || second !== undefined || !/^[1-9]\d{0,14}$/.test(text)) return undefined;
  return { text, seconds: unit === 's' ? Number(text) : Math.floor(Number(text) / 1000) };
}

/** Returns the token at each place; nothing where one of them has none. */
function readTokens(
  webhooks: Webhooks,
  { at: place, prefix = '', form }: Token,
  request: Incoming,
): readonly Buffer[] | undefined {
  const texts = textsAt(webhooks, place, request);
  const tokens = texts.flatMap((text) => {
    if (!text?.startsWith(prefix)) return [];
    const token = text.slice(prefix.length);
    return (form === 'basic' ? passwordOf(token) : token) || [];
  });
  return texts.length > 0 && tokens.length === texts.length ? tokens.map((token) => Buffer.from(token)) : undefined;
}

/** Returns the text at a place, or at each of several in the body. */
export function textsAt(webhooks: Webhooks, place: Token['at'], request: Incoming): (string | undefined)[] {
  if ('header' in place) return [readHeader(request.headers, place.header, 'credentials')];
  const document = readUnverified(webhooks, request);
  if (!('body' in place)) return [textIn(place, request, document)];
  const [before = '', after] = place.body.split('.*');
  if (after === undefined) return [textIn(place, request, document)];
  const list = at(document, before);
  const path = after.slice(1);
  return Array.isArray(list) ? list.map((item) => asText(path ? at(item, path) : item)) : [];
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** RFC 7617: the name ends at the first colon, and is not looked at. */
function passwordOf(credentials: string): string | undefined {
  const text = decodeStrictly(credentials, 'base64')?.toString('utf8');
  return text?.includes(':') ? text.slice(text.indexOf(':') + 1) : undefined;
}
