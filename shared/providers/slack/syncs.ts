import * as z from 'zod';
import type { Syncs } from '../syncs.ts';

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
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

export const slackSyncs = {
  /** The list has neither times nor tombstones: each run reads all of it, and what it does not meet is gone. */
  channels: {
    model: 'channels',
    docs: 'https://docs.slack.dev/reference/methods/conversations.list',
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
} as const satisfies Syncs;
