import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestS3 {
  readonly endpoint: string;
  readonly objects: Map<string, Buffer>;
  /** Answered instead of what was asked, while set. */
  status?: number;
  stop(): Promise<void>;
}

/** Returns a bucket server on this computer that checks every signature, by its own reading of AWS's signing pages. */
export async function startS3(): Promise<TestS3> {
  const objects = new Map<string, Buffer>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const answer = (status: number, bytes?: Buffer) => response.writeHead(status).end(bytes);
    if (s3.status) return answer(s3.status);
    if (!isSigned(request, body)) return answer(400);
    const key = request.url ?? '';
    if (request.method === 'PUT') objects.set(key, body);
    if (request.method === 'DELETE') objects.delete(key);
    if (request.method !== 'GET') return answer(request.method === 'PUT' ? 200 : 204);
    const found = objects.get(key);
    return found ? answer(200, found) : answer(403); // as S3 does for who may not list
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const s3: TestS3 = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return s3;
}

/** Signature version 4, header form. */
function isSigned(request: IncomingMessage, body: Buffer): boolean {
  const fields =
    /^AWS4-HMAC-SHA256 Credential=test\/(\d{8})\/([\w-]+)\/s3\/aws4_request, SignedHeaders=([\w;-]+), Signature=(\w{64})$/;
  const [, day = '', region = '', names = '', given = ''] = fields.exec(request.headers.authorization ?? '') ?? [];
  const hash = createHash('sha256').update(body).digest('hex');
  if (request.headers['x-amz-content-sha256'] !== hash) return false;
  const headers = names.split(';').map((name) => `${name}:${request.headers[name]}\n`);
  const canonical = [request.method, request.url, '', headers.join(''), names, hash].join('\n');
  const time = String(request.headers['x-amz-date']);
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    'AWS4test',
  );
  return names.includes('host') && createHmac('sha256', key).update(text).digest('hex') === given;
}
