import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HmacSignature, Webhooks } from '../../shared/providers/webhooks.ts';

/** A provider's signed request as `events/providers/<id>/` keeps it. */
export interface Sample {
  readonly file: string;
  readonly secret: string;
  readonly sentAt: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly expect: {
    readonly id?: string;
    readonly type?: string;
    readonly accounts?: readonly string[];
    readonly occurredAt?: string;
    readonly ending?: string;
    readonly challenge?: string;
  };
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

/** Returns the headers of a body, signed as the provider's pages say; written apart from the verifier. */
export function sign(
  webhooks: Webhooks,
  secret: string,
  body: string | Buffer,
  { timestamp = '1700000000', hash }: { timestamp?: string; hash?: HmacSignature['hash'] } = {},
): Record<string, string> {
  const { signature } = webhooks;
  const mac = createHmac(hash ?? signature.hash, secret);
  for (const part of signature.signed)
    mac.update(part === 'body' ? body : part === 'timestamp' ? timestamp : part.text);
  return {
    [signature.header]: `${signature.prefix ?? ''}${mac.digest(signature.encoding)}`,
    ...(signature.timestamp && { [signature.timestamp.header]: timestamp }),
  };
}
