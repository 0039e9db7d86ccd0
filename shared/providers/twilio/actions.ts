import * as z from 'zod';
import { type Actions, action, path } from '../actions.ts';

const docs = 'https://www.twilio.com/docs/messaging/api/message-resource';
const message = {
  ...{ sid: 'SM00000000000000000000000000000000', status: 'queued', to: '+14155550100', from: '+14155550199' },
  ...{ body: 'Your code is 123 456.', num_segments: '1', error_code: null },
};

export function twilioActions(): Actions {
  const Phone = z.string().regex(/^\+[1-9]\d{6,14}$/, 'a number like +14155550100 (E.164)');
  const url = z.url({ protocol: /^https?$/ }).max(2_000);
  const content = {
    body: z.string().min(1).max(1_600).optional(),
    mediaUrls: z.array(url).min(1).max(10).optional(),
    statusCallback: url.optional(),
  };
  const Service = z.string().regex(/^MG[0-9a-f]{32}$/, 'the SID of a messaging service');
  const Message = z.object({
    ...{ sid: z.string(), status: z.string(), to: z.string(), from: z.string().nullish(), body: z.string().nullish() },
    ...{ num_segments: z.string().optional(), error_code: z.number().nullish(), error_message: z.string().nullish() },
  });
  const post = { method: 'POST', path: '/Messages.json' } as const;
  const whatsapp = (number: string | undefined) => number && `whatsapp:${number}`;

  return {
    'messages.get': action({
      ...{ title: 'Read a message and its status', docs: `${docs}#fetch-a-message-resource`, effect: 'read' },
      input: z.strictObject({ sid: z.string().regex(/^(SM|MM)[0-9a-f]{32}$/, 'the SID of a message') }),
      output: Message,
      request: ({ sid }) => ({ method: 'GET', path: path`/Messages/${sid}.json` }),
      about: { object: 'message', id: 'sid', by: 'sid' },
      example: { input: { sid: message.sid }, output: { ...message, status: 'delivered' } },
    }),
    'messages.send': action({
      ...{ title: 'Send an SMS or MMS', docs: `${docs}#create-a-message-resource`, effect: 'write' },
      input: z
        .strictObject({ to: Phone, from: Phone.optional(), messagingService: Service.optional(), ...content })
        .refine(({ from, messagingService }) => from ?? messagingService, 'from or messagingService')
        .refine(({ body, mediaUrls }) => body ?? mediaUrls, 'body or mediaUrls'),
      output: Message,
      request: ({ to, from, messagingService, body, mediaUrls, statusCallback }) => ({
        ...post,
        form: {
          ...{ To: to, From: from, MessagingServiceSid: messagingService, Body: body },
          ...{ MediaUrl: mediaUrls, StatusCallback: statusCallback },
        },
      }),
      about: { object: 'message', id: 'sid' },
      example: {
        input: { to: message.to, from: message.from, body: message.body, mediaUrls: ['https://acme.example/a.png'] },
        output: message,
      },
    }),
    'messages.sendWhatsApp': action({
      title: 'Send a WhatsApp message',
      ...{ docs: 'https://www.twilio.com/docs/whatsapp/api', effect: 'write' },
      input: z
        .strictObject({
          ...{ to: Phone, from: Phone.optional(), messagingService: Service.optional(), ...content },
          /** An approved template: all that WhatsApp lets through more than 24 hours after the person last wrote. */
          contentSid: z
            .string()
            .regex(/^HX[0-9a-f]{32}$/, 'the SID of a template')
            .optional(),
          contentVariables: z.record(z.string(), z.string()).optional(),
        })
        .refine(({ from, messagingService }) => from ?? messagingService, 'from or messagingService')
        .refine(({ body, mediaUrls, contentSid }) => body ?? mediaUrls ?? contentSid, 'body, mediaUrls or contentSid'),
      output: Message,
      request: ({ to, from, messagingService, body, mediaUrls, statusCallback, contentSid, contentVariables }) => ({
        ...post,
        form: {
          ...{ To: whatsapp(to), From: whatsapp(from), MessagingServiceSid: messagingService, Body: body },
          ...{ MediaUrl: mediaUrls, StatusCallback: statusCallback, ContentSid: contentSid },
          ContentVariables: contentVariables && JSON.stringify(contentVariables),
        },
      }),
      about: { object: 'message', id: 'sid' },
      example: {
        input: {
          ...{ to: message.to, from: message.from, contentSid: 'HX00000000000000000000000000000000' },
          contentVariables: { 1: 'Ada' },
        },
        output: { ...message, to: `whatsapp:${message.to}`, from: `whatsapp:${message.from}` },
      },
    }),
  };
}
