import type { InboundResponse } from './fetch.ts';
import { openSigned } from './signed-request.ts';

const TIMEOUT_MS = 4_000;

export type Objects = ReturnType<typeof openObjects>;

/** Returns a bucket's objects, each one attempt: what throws is tried again by whoever asked. Keys hold letters,
 *  digits and `/ . _ ~ -` alone. */
export function openObjects(bucket: string) {
  const send = openSigned('s3', (region) => `https://${bucket}.s3.${region}.amazonaws.com`, `/${bucket}`);

  async function request(method: 'GET' | 'PUT' | 'DELETE', key: string, body?: Buffer): Promise<InboundResponse> {
    if (!/^[A-Za-z0-9/._~-]{1,900}$/.test(key)) throw new Error('not a key of this bucket');
    return send({ method, path: `/${key}`, body, timeoutMs: TIMEOUT_MS });
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
