import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';

interface Asked {
  readonly operation: string;
  readonly input: Record<string, unknown>;
}

/** Returns KMS as it is spoken to without its SDK client: over HTTP, on this computer. It opens what it made for the same
 *  key and encryption context alone; `down` refuses all. */
export async function startKms() {
  const made = new Map<string, { about: unknown; plaintext: string }>();
  const asked: Asked[] = [];
  const kms = { asked, down: false };

  function answer({ operation, input }: Asked): { status: number; json: unknown } {
    const about = { KeyId: input.KeyId, context: input.EncryptionContext };
    if (kms.down) return { status: 500, json: { __type: 'KMSInternalException' } };
    if (operation === 'GenerateDataKey') {
      const blob = randomBytes(48).toString('base64');
      const plaintext = randomBytes(32).toString('base64');
      made.set(blob, { about, plaintext });
      return { status: 200, json: { CiphertextBlob: blob, Plaintext: plaintext } };
    }
    const key = made.get(String(input.CiphertextBlob));
    if (key && isDeepStrictEqual(key.about, about)) return { status: 200, json: { Plaintext: key.plaintext } };
    return { status: 400, json: { __type: 'InvalidCiphertextException' } };
  }

  async function serve(request: IncomingMessage, response: ServerResponse) {
    let body = '';
    for await (const chunk of request) body += chunk;
    const [, operation = ''] = String(request.headers['x-amz-target']).split('.');
    const one = { operation, input: JSON.parse(body) };
    asked.push(one);
    const { status, json } = answer(one);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(json));
  }

  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env.AWS_ENDPOINT_URL_KMS = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return Object.assign(kms, {
    async stop() {
      delete process.env.AWS_ENDPOINT_URL_KMS;
      server.closeAllConnections();
      server.close();
    },
  });
}

export type TestKms = Awaited<ReturnType<typeof startKms>>;
