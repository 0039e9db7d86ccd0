import * as z from 'zod';
import type { Syncs } from '../syncs.ts';

const Page = z.object({
  items: z.array(
    z.object({
      id: z.string().min(1),
      name: z.string(),
      email: z.string(),
      updatedAt: z.string(),
      deleted: z.boolean().default(false),
    }),
  ),
  next: z.string().nullable(),
});

export const demoSyncs = {
  /** Ordered by time of change; `updated_since` includes its own instant, so that equal times are never half read. */
  contacts: {
    model: 'contacts',
    docs: 'https://api.demo.invalid/contacts',
    everyS: 60,
    overlapS: 10,
    request: ({ since, page }) => ({
      method: 'GET',
      path: '/contacts',
      query: {
        limit: '100',
        ...(since !== undefined && { updated_since: since }),
        ...(page !== undefined && { cursor: page }),
      },
    }),
    page: ({ body }) => {
      const { items, next } = Page.parse(body);
      return {
        records: items.map(({ id, name, email, updatedAt, deleted }) => ({
          id,
          updatedAt,
          deleted,
          data: { id, name, email, updatedAt },
        })),
        next: next ?? undefined,
        checkpoint: items.at(-1)?.updatedAt,
      };
    },
    deletions: 'tombstones',
    retention: {},
  },
} as const satisfies Syncs;
