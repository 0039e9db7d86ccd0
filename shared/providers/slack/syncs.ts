import * as z from 'zod';
import { streamOf } from '../streams.ts';
import type { SyncPlace, Syncs } from '../syncs.ts';

const next = z.object({ next_cursor: z.string().optional() }).optional();
const Page = z.object({
  channels: z.array(
    z.object({
      id: z.string().min(1),
      name: z.string(),
      is_archived: z.boolean().default(false),
      is_private: z.boolean().default(false),
      is_member: z.boolean().default(false),
      num_members: z.int().optional(),
      topic: z.object({ value: z.string() }).optional(),
      purpose: z.object({ value: z.string() }).optional(),
      created: z.int().optional(),
    }),
  ),
  response_metadata: next,
});

const Users = z.object({
  members: z.array(
    z.looseObject({ id: z.string().min(1), deleted: z.boolean().default(false), updated: z.int().optional() }),
  ),
  response_metadata: next,
});

const Chosen = z.strictObject({
  channels: z
    .array(z.string().regex(/^[CDG][A-Z0-9]{6,20}$/, 'the id of a channel'))
    .min(1)
    .max(50),
});
const Time = z.string().regex(/^\d{10}\.\d{6}$/);
const History = z.object({
  messages: z.array(z.looseObject({ ts: Time, edited: z.looseObject({ ts: Time }).optional() })),
  response_metadata: next,
});
const streamAt = (place: SyncPlace) => streamOf(Chosen.parse(place.settings).channels, place);

export const slackSyncs = {
  /** The list has neither times nor tombstones: each run reads all of it, and what it does not meet is gone. */
  channels: {
    model: 'channels',
    docs: 'https://docs.slack.dev/reference/methods/conversations.list',
    scopes: ['channels:read'],
    everyS: 3_600,
    limitedAs: 'conversations.list',
    request: ({ page }) => ({
      method: 'GET',
      path: '/conversations.list',
      query: { types: 'public_channel', limit: '200', ...(page !== undefined && { cursor: page }) },
    }),
    page: ({ body }) => {
      const { channels, response_metadata } = Page.parse(body);
      return {
        records: channels.map(
          ({ id, name, is_archived, is_private, is_member, num_members, topic, purpose, created }) => ({
            id,
            data: {
              ...{ id, name },
              archived: is_archived,
              private: is_private,
              member: is_member,
              members: num_members ?? null,
              topic: topic?.value ?? '',
              purpose: purpose?.value ?? '',
              createdAt: created === undefined ? null : new Date(created * 1000).toISOString(),
            },
          }),
        ),
        next: response_metadata?.next_cursor || undefined,
      };
    },
    deletions: 'full-scan',
    nudgedBy: ['channel_created', 'channel_rename', 'channel_archive', 'channel_unarchive', 'channel_deleted'],
  },
  users: {
    model: 'users',
    docs: 'https://docs.slack.dev/reference/methods/users.list',
    scopes: ['users:read'],
    everyS: 3_600,
    limitedAs: 'users.list',
    request: ({ page }) => ({ method: 'GET', path: '/users.list', query: { limit: 200, cursor: page } }),
    page: ({ body }) => {
      const { members, response_metadata } = Users.parse(body);
      return {
        records: members.map(({ deleted, ...data }) => ({
          ...{ id: data.id, deleted, data },
          ...(data.updated !== undefined && { updatedAt: new Date(data.updated * 1000).toISOString() }),
        })),
        next: response_metadata?.next_cursor || undefined,
      };
    },
    deletions: 'full-scan',
    nudgedBy: ['user_change', 'team_join'],
  },
  /** What is new since the last message read; edits and deletions come by webhook alone. */
  messages: {
    model: 'messages',
    docs: 'https://docs.slack.dev/reference/methods/conversations.history',
    scopes: ['channels:history'],
    everyS: 900,
    settings: Chosen,
    checkpoints: 'token',
    limitedAs: 'conversations.history',
    request: (place) => {
      const { id, cursor, since } = streamAt(place);
      return {
        method: 'GET',
        path: '/conversations.history',
        query: { channel: id, limit: 200, oldest: since, cursor },
      };
    },
    page: ({ body, ...place }) => {
      const { messages, response_metadata } = History.parse(body);
      const { id, reached, after } = streamAt(place);
      const newest = messages.reduce((last, { ts }) => (last && last > ts ? last : ts), reached); // of one length all
      return {
        records: messages.map((data) => ({
          id: `${id}:${data.ts}`,
          updatedAt: new Date(Number(data.edited?.ts ?? data.ts) * 1000).toISOString(),
          data: { channel: id, ...data },
        })),
        ...after(newest, response_metadata?.next_cursor || undefined),
      };
    },
    deletions: 'none',
    retention: { defaultS: 90 * 86_400 },
    nudgedBy: ['message'],
  },
} as const satisfies Syncs;
