import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { OutboundRequest } from '../core/fetch.ts';
import { escaped } from '../providers/actions.ts';
import type { Placement } from '../providers/auth.ts';
import { fill, namesIn, type Values } from './template.ts';

type SigV4 = Extract<Placement, { in: 'sigv4' }>;

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
  place: SigV4,
  values: Values,
  nowMs: number,
): Promise<Record<string, string>> {
  const request = partsOf(url);
  const signing = { ...request, method, body, headers: { ...headers, ...request.headers } };
  return (await signerOf(place, values).sign(signing, { signingDate: new Date(nowMs) })).headers;
}

/** Returns a URL that lets its holder make this request for `expiresInS` seconds, with any body: the signature stands in the
 *  query (S3, "Authenticating requests: using query parameters"). */
export async function presigned(
  { method, url }: Pick<OutboundRequest, 'method' | 'url'>,
  place: SigV4,
  values: Values,
  expiresInS: number,
  nowMs: number,
): Promise<string> {
  const request = partsOf(url);
  const headers = { ...request.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  const { query = {} } = await signerOf(place, values).presign(
    { ...request, method, headers },
    { signingDate: new Date(nowMs), expiresIn: expiresInS },
  );
  const signed = new URL(url);
  signed.search = Object.entries(query)
    .flatMap(([name, value]) => [value ?? []].flat().map((one) => `${escaped(name)}=${escaped(one)}`))
    .join('&');
  return signed.href;
}

function signerOf(place: SigV4, values: Values): SignatureV4 {
  const hasToken = namesIn(place.sessionToken ?? '').some((name) => values[name] !== undefined);
  return new SignatureV4({
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
}

function partsOf(url: string) {
  const { protocol, hostname, port, host, pathname, searchParams } = new URL(url);
  return {
    ...{ protocol, hostname, path: pathname, headers: { host } },
    ...(port !== '' && { port: Number(port) }),
    query: Object.fromEntries([...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)])),
  };
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  return data instanceof ArrayBuffer ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
