import { decodeStrictly } from '../core/crypto.ts';
import { at, parseJson, textAt } from '../core/json.ts';
import type { Jwt, Sns } from '../providers/webhooks.ts';
import { readUnverified } from './document.ts';
import { textsAt } from './shown.ts';
import type { Trust } from './trust.ts';
import { type Incoming, verify } from './verify.ts';

/** What a platform signed for a sender of its own, with where its key is to be found. */
export type Voucher =
  | { readonly kind: 'jwt'; readonly keyId: string; readonly signed: string; readonly mac: Buffer }
  | {
      readonly kind: 'sns';
      readonly hash: 'sha1' | 'sha256';
      readonly signed: string;
      readonly mac: Buffer;
      readonly certificate: string;
    };

/** Clocks differ; both of a token's times are compared with this much to spare. */
const SKEW_S = 300;

/** Returns what is to be checked with the platform's key, once all else fits: for this hub, of a sender that is meant, in
 *  time. Costs no request. */
export function readVouchers(
  signature: Jwt | Sns,
  trust: Pick<Trust, 'webhooks' | 'secrets' | 'senders' | 'clientId'>,
  request: Incoming,
  nowMs: number,
): readonly Voucher[] | undefined {
  if (signature.kind === 'sns') {
    const notice = readNotice(signature, trust, request);
    return notice && [notice];
  }
  const { besides, at: place, prefix = '' } = signature;
  const others = besides && { ...trust.webhooks, signatures: [besides] };
  if (others && !verify(others, request, trust.secrets, nowMs).ok) return undefined;
  const texts = textsAt(trust.webhooks, place, request);
  const tokens = texts.flatMap((text) => {
    const token = text?.startsWith(prefix) ? readToken(text.slice(prefix.length)) : undefined;
    return token && speaksFor(signature, token.claims, trust, request, nowMs) ? [token.voucher] : [];
  });
  return texts.length > 0 && tokens.length === texts.length ? tokens : undefined;
}

/** RS256 alone: what the token says of its algorithm is compared, never obeyed (D-05). */
function readToken(token: string): { readonly voucher: Voucher; readonly claims: unknown } | undefined {
  const [head = '', body = '', signature = '', ...more] = token.split('.');
  const [header, claims] = [head, body].map((part) => parseJson(decodeStrictly(part, 'base64url')?.toString() ?? ''));
  const mac = decodeStrictly(signature, 'base64url');
  const keyId = textAt(header, 'kid');
  if (more.length > 0 || textAt(header, 'alg') !== 'RS256' || keyId === undefined || !mac?.length) return undefined;
  return { voucher: { kind: 'jwt', keyId, signed: `${head}.${body}`, mac }, claims };
}

function speaksFor(
  { issuers, audience, sender }: Jwt,
  claims: unknown,
  { senders, clientId }: Pick<Trust, 'senders' | 'clientId'>,
  { url }: Incoming,
  nowMs: number,
): boolean {
  const meant = audience === 'url' ? url?.split('?')[0] : clientId;
  const issuer = issuers.map((one) => one.replace(/\{(\w+)\}/, (_all, claim) => textAt(claims, claim) ?? ''));
  const name = sender.claims.map((claim) => textAt(claims, claim)).find((text) => text !== undefined) ?? '';
  const known = sender.is === undefined ? senders : [sender.is];
  const nowS = nowMs / 1000;
  return (
    issuer.includes(textAt(claims, 'iss') ?? '') &&
    meant !== undefined &&
    textAt(claims, 'aud') === meant &&
    known.includes(name) &&
    (sender.verified === undefined || at(claims, sender.verified) === true) &&
    Number(textAt(claims, 'exp') ?? Number.NaN) > nowS - SKEW_S &&
    Number(textAt(claims, 'iat') ?? Number.NaN) < nowS + SKEW_S
  );
}

/** In this order, each that is there. */
const confirmation = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
const noticeFields = new Map([
  ['Notification', ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']],
  ['SubscriptionConfirmation', confirmation],
  ['UnsubscribeConfirmation', confirmation],
]);
const noticeHashes = new Map<string, 'sha1' | 'sha256'>([
  ['1', 'sha1'],
  ['2', 'sha256'],
]);

/** A file alone: an answer that says again what it was asked could hold a certificate that somebody asked with. */
const CERTIFICATE = /^https:\/\/[^/]+\/[\w-]{1,100}\.pem$/;

/** Which of the two hashes it is stands outside of what is signed; with either, only Amazon could have signed it. */
function readNotice(
  { hosts }: Sns,
  { webhooks, senders }: Pick<Trust, 'webhooks' | 'senders'>,
  request: Incoming,
): Voucher | undefined {
  const notice = readUnverified({ ...webhooks, embedded: [] }, request);
  const fields = noticeFields.get(textAt(notice, 'Type') ?? '');
  const hash = noticeHashes.get(textAt(notice, 'SignatureVersion') ?? '');
  const mac = decodeStrictly(textAt(notice, 'Signature') ?? '', 'base64');
  const certificate = textAt(notice, 'SigningCertURL');
  if (!fields || !hash || !mac?.length || !certificate || !isAt(certificate, hosts)) return undefined;
  if (!CERTIFICATE.test(certificate) || !senders.includes(textAt(notice, 'TopicArn') ?? '')) return undefined;
  const signed = fields
    .flatMap((field) => (typeof at(notice, field) === 'string' ? [`${field}\n${at(notice, field)}\n`] : []))
    .join('');
  return { kind: 'sns', hash, signed, mac, certificate };
}

/** Returns whether the URL is https, of a host that may be, and nothing odd about it. */
export function isAt(text: string, hosts: string): boolean {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || url.port !== '' || url.username !== '' || url.password !== '') return false;
  return new RegExp(`^(?:${hosts})$`).test(url.hostname);
}
