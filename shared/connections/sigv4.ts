import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { OutboundRequest } from '../core/fetch.ts';
import type { Placement } from '../providers/auth.ts';
import { fill, namesIn, type Values } from './template.ts';

/** SHA-256, and its HMAC where there is a key, as the signer wants it. */
class Sha256 {
  readonly #hash;
  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(key));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }
}

/** Returns the headers that sign a request as it leaves (AWS Signature Version 4). */
export async function signed(
  { method, url, headers, body }: Omit<OutboundRequest, 'timeoutMs'>,
  place: Extract<Placement, { in: 'sigv4' }>,
  values: Values,
  nowMs: number,
): Promise<Record<string, string>> {
  const { protocol, hostname, port, host, pathname, searchParams } = new URL(url);
  const hasToken = namesIn(place.sessionToken ?? '').some((name) => values[name] !== undefined);
  const signer = new SignatureV4({
    service: place.service,
    region: fill(place.region, values),
    credentials: {
      accessKeyId: fill(place.accessKeyId, values),
      secretAccessKey: fill(place.secretAccessKey, values),
      ...(hasToken && { sessionToken: fill(place.sessionToken ?? '', values) }),
    },
    sha256: Sha256,
    uriEscapePath: place.pathEscaped !== 'once',
  });
  const request = await signer.sign(
    {
      ...{ method, protocol, hostname, path: pathname, body },
      ...(port !== '' && { port: Number(port) }),
      query: Object.fromEntries([...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)])),
      headers: { ...headers, host },
    },
    { signingDate: new Date(nowMs) },
  );
  return request.headers;
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  return data instanceof ArrayBuffer ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
