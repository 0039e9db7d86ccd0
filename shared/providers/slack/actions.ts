import * as z from 'zod';
import { type Actions, action } from '../actions.ts';

const Block = z.looseObject({ type: z.string() });
const Channel = z.object({
  id: z.string(),
  name: z.string(),
  is_private: z.boolean().optional(),
  is_archived: z.boolean().optional(),
});

export const slackActions = {
  'chat.postMessage': action({
    title: 'Send a message',
    docs: 'https://docs.slack.dev/reference/methods/chat.postMessage',
    scopes: ['chat:write'],
    effect: 'write',
    input: z
      .strictObject({
        channel: z.string().min(1).max(100),
        text: z.string().min(1).max(40_000).optional(),
        blocks: z.array(Block).min(1).max(50).optional(),
        threadTs: z
          .string()
          .regex(/^\d+\.\d+$/, "a message's ts")
          .optional(),
      })
      .refine(({ text, blocks }) => text !== undefined || blocks !== undefined, 'text or blocks'),
    output: z.object({ channel: z.string(), ts: z.string() }),
    request: ({ threadTs, ...message }) => ({
      method: 'POST',
      path: '/chat.postMessage',
      json: { ...message, thread_ts: threadTs },
    }),
    example: {
      input: { channel: 'C0123456789', text: 'Invoice 1042 was paid.' },
      output: { channel: 'C0123456789', ts: '1700000000.000100' },
    },
  }),
  'conversations.list': action({
    title: 'List the channels',
    docs: 'https://docs.slack.dev/reference/methods/conversations.list',
    scopes: ['channels:read'],
    effect: 'read',
    input: z.strictObject({
      cursor: z.string().min(1).max(1_000).optional(),
      limit: z.number().int().min(1).max(1_000).default(200),
    }),
    output: z.object({
      channels: z.array(Channel),
      response_metadata: z.object({ next_cursor: z.string() }).optional(),
    }),
    request: ({ cursor, limit }) => ({
      method: 'GET',
      path: '/conversations.list',
      query: { limit: String(limit), ...(cursor && { cursor }) },
    }),
    example: {
      input: { limit: 200 },
      output: {
        channels: [{ id: 'C0123456789', name: 'general', is_private: false, is_archived: false }],
        response_metadata: { next_cursor: '' },
      },
    },
  }),
  'users.info': action({
    title: 'Read a person',
    docs: 'https://docs.slack.dev/reference/methods/users.info',
    scopes: ['users:read'],
    effect: 'read',
    input: z.strictObject({ user: z.string().min(1).max(100) }),
    output: z.object({
      user: z.object({
        id: z.string(),
        name: z.string(),
        real_name: z.string().optional(),
        deleted: z.boolean().optional(),
      }),
    }),
    request: ({ user }) => ({ method: 'GET', path: '/users.info', query: { user } }),
    example: {
      input: { user: 'U0123456789' },
      output: { user: { id: 'U0123456789', name: 'ada', real_name: 'Ada Lovelace', deleted: false } },
    },
  }),
} as const satisfies Actions;
