import * as z from 'zod';
import { type Actions, action } from '../actions.ts';

const docs = (method: string) => `https://docs.slack.dev/reference/methods/${method}`;
const HOOKS = 'https://hooks.slack.com';

export function slackActions(): Actions {
  const Id = z.string().min(1).max(100);
  const Ts = z.string().regex(/^\d+\.\d+$/, "a message's ts");
  const page = (limit: number) => ({
    cursor: z.string().min(1).max(1_000).optional(),
    limit: z.int().min(1).max(1_000).default(limit),
  });
  const content = {
    text: z.string().min(1).max(40_000).optional(),
    blocks: z
      .array(z.looseObject({ type: z.string() }))
      .min(1)
      .max(50)
      .optional(),
  };
  const says = ({ text, blocks }: { text?: string; blocks?: unknown }) => text !== undefined || blocks !== undefined;
  const more = { response_metadata: z.object({ next_cursor: z.string() }).optional() };
  const last = { response_metadata: { next_cursor: '' } };

  return {
    'chat.postMessage': action({
      title: 'Send a message',
      ...{ docs: docs('chat.postMessage'), scopes: ['chat:write'], effect: 'write' },
      input: z.strictObject({ channel: Id, ...content, threadTs: Ts.optional() }).refine(says, 'text or blocks'),
      output: z.object({ channel: z.string(), ts: z.string() }),
      request: ({ threadTs, ...message }) => ({
        ...{ method: 'POST', path: '/chat.postMessage' },
        json: { ...message, thread_ts: threadTs },
      }),
      example: {
        input: { channel: 'C0123456789', text: 'Invoice 1042 was paid.' },
        output: { channel: 'C0123456789', ts: '1700000000.000100' },
      },
    }),
    'conversations.history': action({
      title: 'Read the messages of a channel',
      ...{ docs: docs('conversations.history'), scopes: ['channels:history'], effect: 'read' },
      input: z.strictObject({ channel: Id, oldest: Ts.optional(), latest: Ts.optional(), ...page(15) }),
      output: z.object({
        messages: z.array(
          z.object({
            ...{ type: z.string(), ts: z.string(), text: z.string().optional(), user: z.string().optional() },
            ...{ subtype: z.string().optional(), bot_id: z.string().optional(), thread_ts: z.string().optional() },
          }),
        ),
        ...{ has_more: z.boolean().optional(), ...more },
      }),
      request: (query) => ({ method: 'GET', path: '/conversations.history', query }),
      example: {
        input: { channel: 'C0123456789', oldest: '1700000000.000000' },
        output: {
          messages: [{ type: 'message', ts: '1700000000.000100', text: 'Invoice 1042 was paid.', user: 'U0123456789' }],
          ...{ has_more: false, ...last },
        },
      },
    }),
    'conversations.list': action({
      title: 'List the channels',
      ...{ docs: docs('conversations.list'), scopes: ['channels:read'], effect: 'read' },
      input: z.strictObject(page(200)),
      output: z.object({
        channels: z.array(
          z.object({
            ...{ id: z.string(), name: z.string() },
            ...{ is_private: z.boolean().optional(), is_archived: z.boolean().optional() },
          }),
        ),
        ...more,
      }),
      request: (query) => ({ method: 'GET', path: '/conversations.list', query }),
      example: {
        input: { limit: 200 },
        output: {
          channels: [{ id: 'C0123456789', name: 'general', is_private: false, is_archived: false }],
          ...last,
        },
      },
    }),
    'responses.send': action({
      title: 'Reply to a command or an interaction',
      ...{ docs: 'https://docs.slack.dev/interactivity/handling-user-interaction', effect: 'write' },
      input: z
        .strictObject({
          /** As it came with the command or the interaction; good for five replies within 30 minutes. */
          responseUrl: z
            .string()
            .max(500)
            .regex(/^https:\/\/hooks\.slack\.com(?:\/[A-Za-z0-9_-]+){2,8}$/, 'a response_url of Slack'),
          ...content,
          visibleTo: z.enum(['ephemeral', 'in_channel']).default('ephemeral'),
          replaceOriginal: z.boolean().optional(),
        })
        .refine(says, 'text or blocks'),
      output: z.object({}),
      request: ({ responseUrl, visibleTo, replaceOriginal, ...message }) => ({
        ...{ method: 'POST', base: 'hooks', path: responseUrl.slice(HOOKS.length) },
        json: { ...message, response_type: visibleTo, replace_original: replaceOriginal },
      }),
      answer: () => ({}),
      example: {
        input: { responseUrl: `${HOOKS}/commands/T0123456789/1234567890/abcDEF123`, text: 'Done.' },
        output: {},
      },
    }),
    'users.info': action({
      title: 'Read a person',
      ...{ docs: docs('users.info'), scopes: ['users:read'], effect: 'read' },
      input: z.strictObject({ user: Id }),
      output: z.object({
        user: z.object({
          ...{ id: z.string(), name: z.string() },
          ...{ real_name: z.string().optional(), deleted: z.boolean().optional() },
        }),
      }),
      request: (query) => ({ method: 'GET', path: '/users.info', query }),
      example: {
        input: { user: 'U0123456789' },
        output: { user: { id: 'U0123456789', name: 'ada', real_name: 'Ada Lovelace', deleted: false } },
      },
    }),
  };
}
