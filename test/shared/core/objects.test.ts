import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openObjects } from '../../../shared/core/objects.ts';
import { startS3, type TestS3 } from '../../support/s3.ts';

let s3: TestS3;
beforeAll(async () => {
  s3 = await startS3();
});
beforeEach(() => {
  process.env.AWS_ENDPOINT_URL_S3 = s3.endpoint;
  s3.status = undefined;
});
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL_S3;
  await s3.stop();
});

test('what was put is got again, byte for byte, until it is removed; requests are signed as S3 wants them', async () => {
  const objects = openObjects('payloads');
  const bytes = Buffer.from(Array.from({ length: 70_005 }, (_, index) => index % 256));
  await objects.put('inbox/acme/a_b-c~d.json', bytes);
  expect([...s3.objects.keys()]).toEqual(['/payloads/inbox/acme/a_b-c~d.json']);
  expect(await objects.get('inbox/acme/a_b-c~d.json')).toEqual(bytes);
  await objects.remove('inbox/acme/a_b-c~d.json');
  expect(await objects.get('inbox/acme/a_b-c~d.json')).toBeUndefined();
  await objects.remove('inbox/acme/a_b-c~d.json');
});

test('a refusal of S3 throws, and names no key', async () => {
  const objects = openObjects('payloads');
  for (const status of [400, 404, 500, 503]) {
    s3.status = status;
    await expect(objects.put('intake/1', Buffer.from('x'))).rejects.toThrow(`S3 PUT: ${status}`);
    await expect(objects.remove('intake/1')).rejects.toThrow(`S3 DELETE: ${status}`);
    if (status !== 404) await expect(objects.get('intake/1')).rejects.toThrow(`S3 GET: ${status}`);
  }
});

test('a key that would need escaping is never sent', async () => {
  const objects = openObjects('payloads');
  for (const key of ['', 'a b', 'a?b', '../a#b', 'ä', 'a'.repeat(901)]) {
    await expect(objects.get(key)).rejects.toThrow('not a key');
  }
});

test('without an endpoint of its own, this computer cannot be reached', async () => {
  delete process.env.AWS_ENDPOINT_URL_S3;
  process.env.AWS_ENDPOINT_URL = 'ftp//nowhere';
  expect(() => openObjects('payloads')).toThrow('not a URL');
  delete process.env.AWS_ENDPOINT_URL;
});
