import * as z from 'zod';
import { type Actions, action, path } from '../actions.ts';

const docs = (page: string) => `https://resend.com/docs/api-reference/emails/${page}`;
const email = {
  ...{ from: 'Acme <billing@acme.example>', to: ['ada@example.com'], subject: 'Invoice 1042', text: 'Thank you.' },
};
const id = '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794';

export function resendActions(): Actions {
  /** `ada@example.com`, or `Ada <ada@example.com>`. */
  const Address = z
    .string()
    .max(500)
    .regex(/^(?:[^<>@\p{Cc}]+ <[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/u, 'an e-mail address');
  const Addresses = z.array(Address).min(1).max(50);
  const Email = z
    .strictObject({
      ...{ from: Address, to: Addresses, cc: Addresses.optional(), bcc: Addresses.optional() },
      ...{ replyTo: Addresses.optional(), subject: z.string().min(1).max(998) },
      ...{ text: z.string().max(100_000).optional(), html: z.string().max(100_000).optional() },
      scheduledAt: z.iso.datetime({ offset: true }).optional(),
      tags: z
        .array(z.strictObject({ name: z.string().max(256), value: z.string().max(256) }))
        .max(50)
        .optional(),
    })
    .refine(({ text, html }) => text !== undefined || html !== undefined, 'text or html');
  const json = ({ replyTo, scheduledAt, ...rest }: z.infer<typeof Email>) => ({
    ...{ ...rest, reply_to: replyTo, scheduled_at: scheduledAt },
  });
  const Sent = z.object({ id: z.string() });

  return {
    'emails.get': action({
      ...{ title: 'Read a message and what became of it', docs: docs('retrieve-email'), effect: 'read' },
      input: z.strictObject({ email: z.uuid() }),
      output: z.object({
        ...{ id: z.string(), from: z.string(), to: z.array(z.string()), subject: z.string() },
        ...{ created_at: z.string(), last_event: z.string().optional() },
      }),
      request: ({ email }) => ({ method: 'GET', path: path`/emails/${email}` }),
      about: { object: 'email', id: 'id', by: 'email' },
      example: {
        input: { email: id },
        output: {
          ...{ id, from: email.from, to: email.to, subject: email.subject },
          ...{ created_at: '2026-01-01T00:00:00.000Z', last_event: 'delivered' },
        },
      },
    }),
    'emails.send': action({
      ...{ title: 'Send a message', docs: docs('send-email'), effect: 'write' },
      input: Email,
      output: Sent,
      request: (given) => ({ method: 'POST', path: '/emails', json: json(given) }),
      about: { object: 'email', id: 'id' },
      example: { input: { ...email, replyTo: ['help@acme.example'] }, output: { id } },
    }),
    'emails.sendBatch': action({
      ...{ title: 'Send up to 100 messages', docs: docs('send-batch-emails'), effect: 'write' },
      input: z.strictObject({ emails: z.array(Email).min(1).max(100) }),
      output: z.object({ data: z.array(Sent) }),
      request: ({ emails }) => ({ method: 'POST', path: '/emails/batch', json: emails.map(json) }),
      example: { input: { emails: [email] }, output: { data: [{ id }] } },
    }),
  };
}
