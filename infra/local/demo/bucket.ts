import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ProviderSettings } from './provider.ts';
import { bodyOf, serve } from './server.ts';

// A bucket that opens to signed requests alone. The signature is worked out here by Amazon's description, without the signer
// that the hub uses: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

/** What the owner of the bucket enters; made up, like all here. */
export const bucket = {
  endpoint: 's3.eu-central-1.amazonaws.com',
  region: 'eu-central-1',
  bucket: 'acme-exports',
  accessKeyId: 'AKIADEMO000000000000',
  secretAccessKey: 'made/up+secret/access/key/of/the/bucket0',
} as const;

const SKEW_MS = 15 * 60_000;

/** Returns an S3 with one bucket and one object, running, and where the hub finds it. */
export async function startBucket(): Promise<{ readonly s3: ProviderSettings; stop(): Promise<void> }> {
  const objects = new Map([[`/${bucket.bucket}/reports/2026%20%C3%BC.txt`, 'all is well']]);
  const server = await serve(0, () => async (request, response, { pathname }) => {
    const { method = '', url = '', headers } = request;
    const body = await bodyOf(request);
    const object = objects.get(pathname);
    const [status, text] = !isSigned({ method, target: url, headers, body })
      ? [403, '<Error><Code>SignatureDoesNotMatch</Code></Error>']
      : pathname === `/${bucket.bucket}/`
        ? [200, `<ListBucketResult><KeyCount>${objects.size}</KeyCount></ListBucketResult>`]
        : [object === undefined ? 404 : 200, object ?? '<Error><Code>NoSuchKey</Code></Error>'];
    response.writeHead(status, { 'content-type': object === undefined ? 'application/xml' : 'text/plain' }).end(text);
  });
  return { s3: { origins: { [`https://${bucket.endpoint}`]: server.url } }, stop: server.stop };
}

interface Signed {
  readonly method: string;
  /** Path and query as they arrived. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function isSigned({ method, target, headers, body }: Signed): boolean {
  const given = /^AWS4-HMAC-SHA256 Credential=(\S+?), SignedHeaders=(\S+?), Signature=([0-9a-f]{64})$/;
  const [, credential = '', names = '', signature] = given.exec(headers.authorization ?? '') ?? [];
  const [id, ...scope] = credential.split('/');
  const time = String(headers['x-amz-date']);
  const sentMs = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'));
  const isOurs =
    id === bucket.accessKeyId && scope.join('/') === `${time.slice(0, 8)}/${bucket.region}/s3/aws4_request`;
  const isWhole = names.split(';').includes('host') && headers['x-amz-content-sha256'] === sha256(body);
  const isFresh = Math.abs(Date.now() - sentMs) < SKEW_MS;
  const [path = '', query = ''] = target.split('?');
  const canonical = { method, path, query, headers, names: names.split(';'), time, scope };
  return isOurs && isWhole && isFresh && signature === signatureOf(canonical, bucket.secretAccessKey);
}

/** Returns the signature of a request: hex. */
export function signatureOf(
  about: {
    readonly method: string;
    readonly path: string;
    readonly query: string;
    readonly headers: IncomingHttpHeaders;
    readonly names: readonly string[];
    readonly time: string;
    /** Day, region, service, `aws4_request`. */
    readonly scope: readonly string[];
  },
  secret: string,
): string {
  const { method, path, query, headers, names, time, scope } = about;
  const pairs = [...new URLSearchParams(query)].map((pair) => pair.map(escaped).join('=')).sort();
  const lines = names.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}\n`);
  const request = [method, path, pairs.join('&'), lines.join(''), names.join(';'), headers['x-amz-content-sha256']];
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(request.join('\n'))].join('\n');
  const key = scope.reduce<Buffer>((last, part) => hmac(last, part), Buffer.from(`AWS4${secret}`));
  return hmac(key, text).toString('hex');
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** All but letters, digits, `-`, `.`, `_` and `~`, which `encodeURIComponent` does not escape all. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
