import * as z from 'zod';
import { type Actions, action, escaped } from '../actions.ts';

const docs = (page: string) => `https://docs.aws.amazon.com/AmazonS3/latest/${page}`;
const key = 'reports/2026-01.csv';
const url = `https://s3.eu-central-1.amazonaws.com/acme-exports/${key}`;
const signature = 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=900&X-Amz-Signature=made-up';

/** Objects of the one bucket that is connected. A URL is made here: nothing is sent, and S3 is not asked. */
export function s3Actions(): Actions {
  const Key = z
    .string()
    .max(900)
    .regex(
      /^(?!\/)(?!.*(?:\/\/|\/$))[^\p{C}\\]+$/u,
      'a key: no "/" at its ends or twice, no "\\", no control character',
    );
  /** Seconds; a week at most. */
  const expiresInS = z.int().min(1).max(604_800).default(900);
  const pathOf = (name: string) => `/${name.split('/').map(escaped).join('/')}`;
  const Link = z.object({ url: z.string(), method: z.string(), expiresAt: z.string().optional() });

  return {
    'objects.downloadUrl': action({
      title: 'Make a URL that lets its holder read an object',
      ...{ docs: docs('userguide/ShareObjectPreSignedURL.html'), effect: 'read' },
      input: z.strictObject({
        ...{ key: Key, expiresInS },
        /** What browsers call the file that they save. */
        filename: z
          .string()
          .regex(/^[\w .-]{1,200}$/, 'letters, digits, blanks and . _ -')
          .optional(),
      }),
      output: Link,
      request: ({ key, expiresInS, filename }) => ({
        ...{ method: 'GET', path: pathOf(key), link: { expiresInS } },
        query: { 'response-content-disposition': filename && `attachment; filename="${filename}"` },
      }),
      example: {
        input: { key },
        output: { url: `${url}?${signature}`, method: 'GET', expiresAt: '2026-01-01T00:15:00.000Z' },
      },
    }),
    'objects.get': action({
      ...{ title: 'Read a small object', docs: docs('API/API_GetObject.html'), effect: 'read' },
      input: z.strictObject({ key: Key }),
      output: z.object({
        ...{ text: z.string().optional(), base64: z.string().optional() },
        ...{ contentType: z.string().optional(), etag: z.string().optional() },
      }),
      request: ({ key }) => ({ method: 'GET', path: pathOf(key), headers: { accept: '*/*' } }),
      answer: ({ headers, body }) => ({
        ...(typeof body === 'object' && body !== null && 'base64' in body ? body : { text: textOf(body) }),
        ...{ contentType: headers['content-type'], etag: headers.etag },
      }),
      about: { object: 'object', id: 'key', by: 'key' },
      example: { input: { key }, output: { text: 'id,total\n1042,19.99\n', contentType: 'text/csv', etag: '"5d41"' } },
    }),
    'objects.publicUrl': action({
      title: 'Say the URL of an object that everybody may read',
      ...{ docs: docs('userguide/access-bucket-intro.html'), effect: 'read' },
      input: z.strictObject({ key: Key }),
      output: Link,
      request: ({ key }) => ({ method: 'GET', path: pathOf(key), link: {} }),
      example: { input: { key }, output: { url, method: 'GET' } },
    }),
    'objects.put': action({
      ...{ title: 'Write a small object', docs: docs('API/API_PutObject.html'), effect: 'write' },
      input: z
        .strictObject({
          ...{ key: Key, text: z.string().max(100_000).optional(), base64: z.base64().max(100_000).optional() },
          contentType: z
            .string()
            .regex(/^[\w.+-]{1,100}\/[\w.+-]{1,100}(?:; ?charset=[\w-]{1,40})?$/, 'a media type like text/csv')
            .default('application/octet-stream'),
          /** Whether an object that is there already stays, and the call fails. */
          onlyNew: z.boolean().default(false),
        })
        .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined), 'text or base64'),
      output: z.object({ etag: z.string().optional() }),
      request: ({ key, text, base64, contentType, onlyNew }) => ({
        ...{ method: 'PUT', path: pathOf(key), ...(onlyNew && { headers: { 'if-none-match': '*' } }) },
        raw: { type: contentType, content: text ?? Buffer.from(base64 ?? '', 'base64') },
      }),
      answer: ({ headers }) => ({ etag: headers.etag }),
      about: { object: 'object', id: 'key', by: 'key' },
      example: { input: { key, text: 'id,total\n1042,19.99\n', contentType: 'text/csv' }, output: { etag: '"5d41"' } },
    }),
    'objects.uploadUrl': action({
      title: 'Make a URL that lets its holder write an object',
      ...{ docs: docs('userguide/PresignedUrlUploadObject.html'), effect: 'read' },
      input: z.strictObject({ key: Key, expiresInS }),
      output: Link,
      request: ({ key, expiresInS }) => ({ method: 'PUT', path: pathOf(key), link: { expiresInS } }),
      example: {
        input: { key },
        output: { url: `${url}?${signature}`, method: 'PUT', expiresAt: '2026-01-01T00:15:00.000Z' },
      },
    }),
  };
}

/** An object that is JSON has been parsed on its way here. */
function textOf(body: unknown): string {
  return typeof body === 'string' ? body : body === null ? '' : JSON.stringify(body);
}
