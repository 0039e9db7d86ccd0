import * as z from 'zod';
import { type Actions, type Answer, action } from '../actions.ts';

const docs = 'https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send';
/** 202 without a body: the id is in a header. */
const messageId = ({ headers }: Answer) => ({ messageId: headers['x-message-id'] });

export function sendgridActions(): Actions {
  const Person = z.strictObject({ email: z.email(), name: z.string().max(200).optional() });
  const People = z.array(Person).min(1).max(1_000);
  const Values = z.record(z.string().max(200), z.string().max(10_000));
  const message = {
    ...{ from: Person, replyTo: Person.optional(), subject: z.string().min(1).max(998).optional() },
    ...{ text: z.string().max(100_000).optional(), html: z.string().max(100_000).optional() },
    templateId: z.string().max(100).optional(),
    categories: z.array(z.string().max(255)).max(10).optional(),
    /** Comes back with every event of the message. */
    customArgs: Values.optional(),
    sendAt: z.int().positive().optional(),
    attachments: z
      .array(z.strictObject({ filename: z.string().max(255), type: z.string().max(100), content: z.base64() }))
      .max(10)
      .optional(),
  };
  type Message = z.infer<z.ZodObject<typeof message>>;
  const written = ({ text, html, subject, templateId }: Partial<Message>) =>
    templateId !== undefined || (subject !== undefined && (text ?? html) !== undefined);
  const json = (
    { text, html, replyTo, templateId, customArgs, sendAt, ...rest }: Message,
    personalizations: unknown,
  ) => {
    const parts = { 'text/plain': text, 'text/html': html };
    const content = Object.entries(parts).flatMap(([type, value]) => (value === undefined ? [] : [{ type, value }]));
    return {
      ...{ personalizations, ...rest, content: content.length > 0 ? content : undefined },
      ...{ reply_to: replyTo, template_id: templateId, custom_args: customArgs, send_at: sendAt },
    };
  };
  const Sent = z.object({ messageId: z.string().optional() });
  const post = { method: 'POST', path: '/mail/send' } as const;
  const needs = 'subject and text or html, or a templateId';
  const from = { email: 'billing@acme.example', name: 'Acme' };

  return {
    'mail.send': action({
      ...{ title: 'Send a message', docs, effect: 'write' },
      input: z
        .strictObject({
          to: People,
          cc: People.optional(),
          bcc: People.optional(),
          data: z.looseObject({}).optional(),
          ...message,
        })
        .refine(written, needs),
      output: Sent,
      request: ({ to, cc, bcc, data, ...rest }) => ({
        ...{ ...post, json: json(rest, [{ to, cc, bcc, dynamic_template_data: data }]) },
      }),
      answer: messageId,
      example: {
        input: { to: [{ email: 'ada@example.com' }], from, subject: 'Invoice 1042', text: 'Thank you.' },
        output: { messageId: '14c5d75ce93.dfd.64b469' },
      },
    }),
    'mail.sendBulk': action({
      title: 'Send one message to many, each with words of their own',
      ...{
        docs: 'https://www.twilio.com/docs/sendgrid/for-developers/sending-email/personalizations',
        effect: 'write',
      },
      input: z
        .strictObject({
          recipients: z
            .array(
              z.strictObject({
                ...{ to: People, subject: z.string().max(998).optional() },
                /** For texts, by what stands in them: `-name-`. For a template: `data`. */
                ...{
                  substitutions: Values.optional(),
                  data: z.looseObject({}).optional(),
                  customArgs: Values.optional(),
                },
              }),
            )
            .min(1)
            .max(1_000),
          ...message,
        })
        .refine(written, needs),
      output: Sent,
      request: ({ recipients, ...rest }) => ({
        ...post,
        json: json(
          rest,
          recipients.map(({ data, customArgs, ...one }) => ({
            ...{ ...one, dynamic_template_data: data, custom_args: customArgs },
          })),
        ),
      }),
      answer: messageId,
      example: {
        input: {
          ...{ from, subject: 'Hello -name-', text: 'Dear -name-, thank you.' },
          recipients: [
            { to: [{ email: 'ada@example.com' }], substitutions: { '-name-': 'Ada' } },
            { to: [{ email: 'grace@example.com' }], substitutions: { '-name-': 'Grace' } },
          ],
        },
        output: { messageId: '14c5d75ce93.dfd.64b470' },
      },
    }),
  };
}
