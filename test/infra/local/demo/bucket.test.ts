import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bucket, signatureOf, startBucket } from '../../../../infra/local/demo/bucket.ts';
import { authorise, placeOf } from '../../../../shared/connections/authorise.ts';
import { openNetwork } from '../../../../shared/core/fetch.ts';
import { placed } from '../../../../shared/providers/app.ts';
import { s3 } from '../../../../shared/providers/s3/index.ts';

let server: Awaited<ReturnType<typeof startBucket>>;
beforeAll(async () => {
  server = await startBucket();
});
afterAll(() => server.stop());

const send = openNetwork({ loopback: true });

/** Asks as the hub does: the provider's own data, its own signer. */
async function ask(path: string, over: Partial<Record<keyof typeof bucket, string>> = {}, nowMs = Date.now()) {
  const { origins = {} } = server.s3;
  const url = placed(`https://${bucket.endpoint}/${bucket.bucket}${path}`, { origins });
  const request = { method: 'GET', url, headers: {}, timeoutMs: 5_000 };
  const answer = await send(await authorise(request, placeOf(s3.auth[0]), { ...bucket, ...over }, nowMs));
  return answer.ok ? [answer.value.status, answer.value.body.toString('utf8')] : answer.error;
}

test('the signature is that of the example in the documentation of S3', () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "Example: GET Object"
  const headers = {
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': createHash('sha256').digest('hex'),
    'x-amz-date': '20130524T000000Z',
  };
  const about = { method: 'GET', path: '/test.txt', query: '', names: Object.keys(headers), time: '20130524T000000Z' };
  const scope = ['20130524', 'us-east-1', 's3', 'aws4_request'];
  expect(signatureOf({ ...about, headers, scope }, 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')).toBe(
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  );
});

test.each([
  ['the list', '/?list-type=2&max-keys=1', 200],
  ['a query with what is escaped', "/?prefix=a%20b%2Fc%2Bd&x=*'()&a=1&A=2&empty=", 200],
  ['an object whose key is escaped in the path, once', '/reports/2026%20%C3%BC.txt', 200],
  ['an object that is not there', '/~a+b,c;d@e', 404],
])('what the hub signs opens the bucket: %s', async (_says, path, status) => {
  expect(await ask(path)).toMatchObject([status, expect.any(String)]);
});

test.each([
  ['another secret', { secretAccessKey: '0'.repeat(40) }],
  ['another key', { accessKeyId: 'AKIAOTHER00000000000' }],
  ['another region', { region: 'us-east-1' }],
])('%s does not', async (_says, over) => {
  expect(await ask('/', over)).toEqual([403, expect.stringContaining('SignatureDoesNotMatch')]);
});

test('nor does a signature of half an hour ago', async () => {
  expect(await ask('/', {}, Date.now() - 30 * 60_000)).toMatchObject([403, expect.any(String)]);
});
