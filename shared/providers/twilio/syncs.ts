import * as z from 'zod';
import type { Syncs } from '../syncs.ts';

const DAY_MS = 86_400_000;
const Page = z.object({
  messages: z.array(z.looseObject({ sid: z.string().min(1), date_updated: z.string().nullish() })),
  next_page_uri: z.string().nullish(),
});

export const twilioSyncs = {
  /** Listed by the day they were sent, and their state changes for hours after: each run reads the last two days again. */
  messages: {
    model: 'messages',
    docs: 'https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources',
    everyS: 900,
    settings: z.strictObject({ backfillDays: z.int().min(1).max(3_650).default(30) }),
    request: ({ since, page, startedAtMs, settings: { backfillDays } }) => {
      const from = since === undefined ? startedAtMs - Number(backfillDays) * DAY_MS : Date.parse(since) - 2 * DAY_MS;
      const sent = { 'DateSent>': new Date(from).toISOString().slice(0, 10), PageSize: 1_000 };
      const query = page === undefined ? sent : Object.fromEntries(new URLSearchParams(page));
      return { method: 'GET', path: '/Messages.json', query };
    },
    page: ({ body, startedAtMs }) => {
      const { messages, next_page_uri } = Page.parse(body);
      return {
        records: messages.map((data) => ({ id: data.sid, updatedAt: readTime(data.date_updated), data })),
        next: next_page_uri?.split('?')[1],
        checkpoint: new Date(startedAtMs).toISOString(),
      };
    },
    deletions: 'none',
    retention: { defaultS: 90 * 86_400 },
    nudgedBy: ['delivered', 'undelivered', 'failed', 'received', 'sent', 'com.twilio.messaging.*'],
  },
} as const satisfies Syncs;

/** RFC 2822. */
function readTime(text: string | null | undefined): string | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
