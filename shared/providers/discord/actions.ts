import * as z from 'zod';
import { type Actions, action, path } from '../actions.ts';

const docs = (page: string) => `https://docs.discord.com/developers/${page}`;

const asked = { application: '1100000000000000001', token: 'aW50ZXJhY3Rpb246bWFkZS11cC10b2tlbg' };
const said = {
  id: '334385199974967042',
  channel_id: '41771983423143937',
  timestamp: '2026-01-01T00:00:00.000000+00:00',
};

export function discordActions(): Actions {
  const Id = z.string().regex(/^\d{1,20}$/, 'a snowflake');
  const content = {
    content: z.string().min(1).max(2_000).optional(),
    embeds: z.array(z.looseObject({})).min(1).max(10).optional(),
    /** Whether what looks like a mention is one. */
    mentions: z.boolean().default(false),
  };
  /** As the event of the interaction has them; the token is good for 15 minutes. */
  const interaction = {
    application: Id,
    token: z.string().regex(/^[A-Za-z0-9_-]{20,400}$/, 'the token of the interaction'),
  };
  const Message = z.object({
    ...{ id: z.string(), channel_id: z.string(), timestamp: z.string() },
    content: z.string().optional(),
  });
  const needed = 'content or embeds';
  const says = ({ content, embeds }: { content?: string; embeds?: unknown }) =>
    content !== undefined || embeds !== undefined;
  const allowed = (mentions: boolean) => ({ parse: mentions ? ['users', 'roles', 'everyone'] : [] });

  return {
    'interactions.followUp': action({
      title: 'Add a message to an interaction',
      docs: docs('interactions/receiving-and-responding#create-followup-message'),
      effect: 'write',
      input: z.strictObject({ ...interaction, ...content, ephemeral: z.boolean().default(false) }).refine(says, needed),
      output: Message,
      request: ({ application, token, mentions, ephemeral, ...message }) => ({
        ...{ method: 'POST', base: 'interactions', path: path`/webhooks/${application}/${token}` },
        json: { ...message, allowed_mentions: allowed(mentions), flags: ephemeral ? 64 : undefined },
      }),
      example: { input: { ...asked, content: 'Done.' }, output: { ...said, content: 'Done.' } },
    }),
    /** The first response went out when the interaction came in, and said "later": this takes its place; after a button or a
     *  menu, that of the message it belongs to. A list of suggestions cannot be changed any more. */
    'interactions.reply': action({
      title: 'Reply to an interaction',
      docs: docs('interactions/receiving-and-responding#edit-original-interaction-response'),
      effect: 'write',
      input: z.strictObject({ ...interaction, ...content }).refine(says, needed),
      output: Message,
      request: ({ application, token, mentions, ...message }) => ({
        ...{ method: 'PATCH', base: 'interactions', path: path`/webhooks/${application}/${token}/messages/@original` },
        json: { ...message, allowed_mentions: allowed(mentions) },
        repeatable: true,
      }),
      example: { input: { ...asked, content: 'Done.' }, output: { ...said, content: 'Done.' } },
    }),
    /** By a bot: what a person grants lets nobody write in that person's name. */
    'messages.create': action({
      ...{ title: 'Send a message', docs: docs('resources/message#create-message'), effect: 'write' },
      input: z.strictObject({ channel: Id, ...content, replyTo: Id.optional() }).refine(says, needed),
      output: Message,
      request: ({ channel, mentions, replyTo, ...message }) => ({
        ...{ method: 'POST', path: path`/channels/${channel}/messages` },
        json: {
          ...{ ...message, allowed_mentions: allowed(mentions) },
          message_reference: replyTo && { message_id: replyTo },
        },
      }),
      example: {
        input: { channel: '41771983423143937', content: 'Invoice 1042 was paid.' },
        output: { ...said, content: 'Invoice 1042 was paid.' },
      },
    }),
  };
}
