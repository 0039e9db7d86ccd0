import * as z from 'zod';
import type { SignedPart, Webhooks } from './webhooks.ts';

// What the owner, or the tenant of an endpoint, says of a sender whose data leaves it open.

const HeaderName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'a header name in lower case');
const Place = z.union([z.strictObject({ header: HeaderName }), z.strictObject({ body: z.string().min(1).max(100) })]);
const Part = z.union([
  z.enum(['body', 'timestamp']),
  z.strictObject({ text: z.string().min(1).max(20) }),
  z.strictObject({ header: HeaderName }),
]);

/** How a sender signs that uses an HMAC, in whatever form. */
export const HmacSettings = z
  .strictObject({
    header: HeaderName,
    algorithm: z.enum(['sha256', 'sha1', 'sha512']).default('sha256'),
    encoding: z.enum(['hex', 'base64']).default('hex'),
    prefix: z
      .string()
      .regex(/^[!-+\--~]{1,20}$/, 'signs without spaces and commas, at most 20')
      .optional(),
    signed: z.array(Part).max(8).default(['body']),
    timestamp: z
      .strictObject({
        header: HeaderName,
        toleranceS: z.number().int().min(1).max(3_600).default(300),
        unit: z.enum(['s', 'ms']).default('s'),
      })
      .optional(),
    /** Default: the hash of the body. */
    eventId: Place.optional(),
    /** Default: the fields `type` and `event`. */
    eventType: Place.optional(),
  })
  .refine(({ signed }) => signed.filter((part) => part === 'body').length === 1, 'the body is signed, once')
  .refine(
    ({ signed, timestamp }) => signed.includes('timestamp') === (timestamp !== undefined),
    'a time that is not signed proves nothing',
  )
  .refine(({ signed }) => separated(signed), 'text, or the time, has to stand between two values that are signed');

/** Which senders are meant, where a platform signs for all of its users: a service account's e-mail, a topic's ARN. */
const senders = z.array(z.string().min(6).max(300)).min(1).max(5);

export const WebhookSettings = z.strictObject({ signature: HmacSettings.optional(), senders: senders.optional() });
export type WebhookSettings = z.infer<typeof WebhookSettings>;

/** Else a sign could move from one value to the next (D-09); a time that has to be near cannot take any. */
function separated(signed: readonly SignedPart[]): boolean {
  const values = signed.map((part) => part === 'body' || (typeof part === 'object' && 'header' in part));
  return values.every((isValue, index) => !isValue || !values[index + 1]);
}

/** Returns how to read a sender's webhooks under these settings; nothing where they leave out what its data asks for. */
export function configure(webhooks: Webhooks, settings: WebhookSettings | undefined): Webhooks | undefined {
  if (webhooks.settings !== 'signature') return webhooks;
  if (!settings?.signature) return undefined;
  const { algorithm, eventId, eventType, ...form } = settings.signature;
  return {
    ...webhooks,
    signatures: [{ kind: 'hmac', hash: algorithm, ...form }],
    eventId: eventId ? [eventId] : [],
    eventType: eventType ? [eventType] : webhooks.eventType,
  };
}
