import * as z from 'zod';
import { type Actions, action, path } from '../actions.ts';

const docs = (page: string) => `https://docs.discord.com/developers/${page}`;

export function discordActions(): Actions {
  const Id = z.string().regex(/^\d{1,20}$/, 'a snowflake');
  const content = {
    content: z.string().min(1).max(2_000).optional(),
    embeds: z.array(z.looseObject({})).min(1).max(10).optional(),
    /** Whether what looks like a mention is one. */
    mentions: z.boolean().default(false),
  };
  const says = ({ content, embeds }: { content?: string; embeds?: unknown }) =>
    content !== undefined || embeds !== undefined;
  const allowed = (mentions: boolean) => ({ parse: mentions ? ['users', 'roles', 'everyone'] : [] });

  return {
    'interactions.reply': action({
      title: 'Reply to an interaction',
      docs: docs('interactions/receiving-and-responding#create-interaction-response'),
      effect: 'write',
      input: z
        .strictObject({
          ...{ interaction: Id, token: z.string().regex(/^[A-Za-z0-9_-]{20,400}$/, 'the token of the interaction') },
          ...{ ...content, ephemeral: z.boolean().default(false) },
        })
        .refine(says, 'content or embeds'),
      output: z.object({}),
      request: ({ interaction, token, mentions, ephemeral, ...message }) => ({
        ...{ method: 'POST', base: 'interactions', path: path`/interactions/${interaction}/${token}/callback` },
        json: {
          type: 4,
          data: { ...message, allowed_mentions: allowed(mentions), flags: ephemeral ? 64 : undefined },
        },
      }),
      answer: () => ({}),
      example: {
        input: { interaction: '846462639134605312', token: 'aW50ZXJhY3Rpb246bWFkZS11cC10b2tlbg', content: 'Done.' },
        output: {},
      },
    }),
    /** By a bot: what a person grants lets nobody write in that person's name. */
    'messages.create': action({
      ...{ title: 'Send a message', docs: docs('resources/message#create-message'), effect: 'write' },
      input: z.strictObject({ channel: Id, ...content, replyTo: Id.optional() }).refine(says, 'content or embeds'),
      output: z.object({
        id: z.string(),
        channel_id: z.string(),
        timestamp: z.string(),
        content: z.string().optional(),
      }),
      request: ({ channel, mentions, replyTo, ...message }) => ({
        ...{ method: 'POST', path: path`/channels/${channel}/messages` },
        json: {
          ...{ ...message, allowed_mentions: allowed(mentions) },
          message_reference: replyTo && { message_id: replyTo },
        },
      }),
      example: {
        input: { channel: '41771983423143937', content: 'Invoice 1042 was paid.' },
        output: {
          ...{ id: '334385199974967042', channel_id: '41771983423143937', content: 'Invoice 1042 was paid.' },
          timestamp: '2026-01-01T00:00:00.000000+00:00',
        },
      },
    }),
  };
}
