import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { readAwsIdentity } from './env.ts';
import { type InboundResponse, openNetwork } from './fetch.ts';

export interface SignedRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** After the endpoint's own, escaped. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly timeoutMs: number;
}

/** Returns the way to one AWS service where its SDK client would be the larger half of a bundle: one signed attempt for each
 *  request; throws where there is no answer. `usual`: where the service is, by region, unless an endpoint is set; there paths
 *  begin with `prefix`. */
export function openSigned(
  service: Parameters<typeof readAwsIdentity>[0],
  usual: (region: string) => string,
  prefix = '',
) {
  const { region, credentials, endpoint } = readAwsIdentity(service);
  const base = URL.parse(endpoint ?? usual(region));
  if (!base) throw new Error(`the endpoint of ${service} is not a URL`);
  const { protocol, hostname, host, origin } = base;
  const root = base.pathname.replace(/\/$/, '') + (endpoint === undefined ? '' : prefix);
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, uriEscapePath: false });
  const send = openNetwork({ loopback: endpoint !== undefined });

  return async ({ method, path, headers = {}, body, timeoutMs }: SignedRequest): Promise<InboundResponse> => {
    const whole = `${root}${path}`;
    const hash = createHash('sha256')
      .update(body ?? '')
      .digest('hex');
    const signed = await signer.sign({
      ...{ method, protocol, hostname, path: whole, body },
      headers: { ...headers, host, 'x-amz-content-sha256': hash },
    });
    const answer = await send({ method, url: `${origin}${whole}`, headers: signed.headers, body, timeoutMs });
    if (!answer.ok) throw new Error(`${service} ${method}: ${answer.error.cause}`);
    return answer.value;
  };
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
