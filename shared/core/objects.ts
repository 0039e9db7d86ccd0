import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { readAwsIdentity } from './env.ts';
import { type InboundResponse, openNetwork, type Send } from './fetch.ts';

// Three requests of S3's REST interface, signed; its SDK client would be the larger half of every bundle.

const TIMEOUT_MS = 4_000;

export type Objects = ReturnType<typeof openObjects>;

/** Returns a bucket's objects, each one attempt: what throws is tried again by whoever asked. Keys hold letters,
 *  digits and `/ . _ ~ -` alone. */
export function openObjects(bucket: string) {
  const { region, credentials, s3Endpoint } = readAwsIdentity();
  const base = URL.parse(s3Endpoint ? `${s3Endpoint}/${bucket}` : `https://${bucket}.s3.${region}.amazonaws.com`);
  if (!base) throw new Error(`the S3 endpoint is not a URL: ${s3Endpoint}`);
  const signer = new SignatureV4({ service: 's3', region, credentials, sha256: Sha256, uriEscapePath: false });
  const send: Send = openNetwork({ loopback: s3Endpoint !== undefined });

  async function request(method: 'GET' | 'PUT' | 'DELETE', key: string, body?: Buffer): Promise<InboundResponse> {
    const path = `${base?.pathname.replace(/\/$/, '')}/${key}`;
    if (!/^[A-Za-z0-9/._~-]{1,900}$/.test(key)) throw new Error('not a key of this bucket');
    const { headers } = await signer.sign({
      method,
      protocol: base?.protocol ?? '',
      hostname: base?.hostname ?? '',
      path,
      headers: {
        host: base?.host ?? '',
        'x-amz-content-sha256': createHash('sha256')
          .update(body ?? '')
          .digest('hex'),
      },
      body,
    });
    const answer = await send({ method, url: `${base?.origin}${path}`, headers, body, timeoutMs: TIMEOUT_MS });
    if (!answer.ok) throw new Error(`S3 ${method}: ${answer.error.cause}`);
    return answer.value;
  }

  return {
    async put(key: string, body: Buffer): Promise<void> {
      done('PUT', await request('PUT', key, body));
    },

    /** Returns the bytes, or nothing where there is no such object: S3 calls that 403 to who may not list the bucket. */
    async get(key: string): Promise<Buffer | undefined> {
      const answer = await request('GET', key);
      return [403, 404].includes(answer.status) ? undefined : done('GET', answer);
    },

    async remove(key: string): Promise<void> {
      done('DELETE', await request('DELETE', key));
    },
  };
}

function done(method: string, { status, body }: InboundResponse): Buffer {
  if (status >= 300) throw new Error(`S3 ${method}: ${status}`);
  return body;
}

/** Node's SHA-256 in the shape that the signer wants. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', toBytes(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(toBytes(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    throw new Error('a digest is made once');
  }
}

function toBytes(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}
