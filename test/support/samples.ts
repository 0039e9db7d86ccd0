import { createHash, createHmac, sign as signWith } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Send } from '../../shared/core/fetch.ts';
import type { WebhookSettings } from '../../shared/providers/settings.ts';
import type { Mac, PublicKeySignature, Reply, Token, Webhooks } from '../../shared/providers/webhooks.ts';
import type { Answer } from '../../shared/webhooks/answer.ts';

/** A provider's signed request as `events/providers/<id>/` keeps it. */
export interface Sample {
  readonly file: string;
  readonly secret: string;
  /** Of the owner's app. */
  readonly clientId?: string;
  readonly sentAt: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly settings?: WebhookSettings;
  /** What a platform has at a URL: keys, a certificate. */
  readonly platform?: Readonly<Record<string, string>>;
  /** The events it holds, or a handshake; and the answer, unless that is 200 with nothing. */
  readonly expect: {
    readonly events?: readonly Expected[];
    readonly handshake?: Reply['handshake'];
    readonly answer?: Partial<Answer>;
  };
}

interface Expected {
  readonly id?: string;
  readonly type: string;
  readonly accounts: readonly string[];
  readonly occurredAt?: string;
  readonly ending?: string;
  /** Sent again later, it is another event. */
  readonly signal?: true;
}

const folder = join(import.meta.dirname, '../../events');

export function readEvent(name: string): unknown {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
}

/** Returns a provider's samples of webhooks: files with a body. */
export function samplesOf(provider: string): Sample[] {
  const files = readdirSync(join(folder, 'providers', provider)).filter((file) => file.endsWith('.json'));
  return files
    .map((file) => ({ file, ...(readEvent(`providers/${provider}/${file.slice(0, -5)}`) as Omit<Sample, 'file'>) }))
    .filter((sample) => typeof sample.body === 'string' && sample.headers !== undefined);
}

/** Returns a network in which a platform answers as its sample says; `asked` are the URLs that were asked for. */
export function platformOf({ platform = {} }: Pick<Sample, 'platform'>): { send: Send; asked: string[] } {
  const asked: string[] = [];
  const send: Send = async ({ url }) => {
    asked.push(url);
    const known = Object.hasOwn(platform, url) ? platform[url] : undefined;
    const status = known === undefined && !url.includes('Action=ConfirmSubscription') ? 404 : 200;
    return { ok: true, value: { status, headers: {}, body: Buffer.from(known ?? '') } };
  };
  return { send, asked };
}

/** Returns the headers of a body, signed as the provider's pages say; written apart from the verifier. Where it signs with
 *  a private key, `secret` is that, as PEM. `form`: which of the provider's signatures; default: the first. */
export function sign(
  webhooks: Webhooks,
  secret: string,
  body: string | Buffer,
  {
    timestamp = '1700000000',
    hash,
    url = '',
    headers = {},
    form = 0,
  }: { timestamp?: string; hash?: Mac['hash']; url?: string; headers?: Record<string, string>; form?: number } = {},
): Record<string, string> {
  const signature = webhooks.signatures[form];
  if (signature?.kind === 'token') return tokenHeaders(signature, secret);
  if (!signature || !('signed' in signature)) throw new Error('a platform signs these');
  const parts = signature.signed.map((part) => {
    if (typeof part === 'object') return 'text' in part ? part.text : (headers[part.header] ?? '');
    return { timestamp, secret, method: 'POST', url, body, form: sortedForm(String(body)) }[part];
  });
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const entry = `${signature.prefix ?? ''}${seal(signature, secret, bytes, hash).toString(signature.encoding)}`;
  const { timestamp: time } = signature;
  if (time && time.header === signature.header) return { [signature.header]: `${time.prefix}${timestamp},${entry}` };
  return { [signature.header]: entry, ...(time && { [time.header]: timestamp }), ...headers };
}

function seal(signature: Mac | PublicKeySignature, secret: string, bytes: Buffer, hash?: Mac['hash']): Buffer {
  if (!('hash' in signature)) return signWith(signature.kind === 'ed25519' ? null : 'sha256', bytes, secret);
  if (signature.kind === 'hash') {
    return createHash(hash ?? signature.hash)
      .update(bytes)
      .digest();
  }
  const key = signature.key === 'whsec' ? Buffer.from(secret.replace('whsec_', ''), 'base64') : secret;
  return createHmac(hash ?? signature.hash, key)
    .update(bytes)
    .digest();
}

function tokenHeaders({ at, prefix = '', form }: Token, secret: string): Record<string, string> {
  if (!('header' in at)) return {};
  const token = form === 'basic' ? Buffer.from(`name:${secret}`).toString('base64') : secret;
  return { [at.header]: `${prefix}${token}` };
}

function sortedForm(body: string): string {
  const fields = [...new URLSearchParams(body)].sort(([a], [b]) => (a < b ? -1 : 1));
  return fields.map(([name, value]) => `${name}${value}`).join('');
}
