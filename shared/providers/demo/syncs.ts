import * as z from 'zod';
import type { Syncs } from '../syncs.ts';

export const Contact = z.object({
  id: z.string().min(1),
  name: z.string(),
  email: z.string(),
  updatedAt: z.string(),
  deleted: z.boolean().default(false),
});
const Page = z.object({ items: z.array(Contact), next: z.string().nullable() });

/** Returns the record that a contact is, whoever shows it. */
export function shown({ deleted, ...data }: z.output<typeof Contact>) {
  return { id: data.id, updatedAt: data.updatedAt, deleted, data };
}

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
        records: items.map(shown),
        next: next ?? undefined,
        checkpoint: items.at(-1)?.updatedAt,
      };
    },
    deletions: 'tombstones',
    retention: {},
  },
} as const satisfies Syncs;
