import * as z from 'zod';
import type { ApiRequest } from '../actions.ts';
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

const Heard = z.object({ results: z.array(z.object({ data: z.object({ contactChanged: Contact }) })) });
const LISTENING = 'listening';

function list(since: string | undefined, page: string | undefined): ApiRequest {
  const query = { limit: '100', updated_since: since, cursor: page };
  return { method: 'GET', path: '/contacts', query };
}

function subscription(windowS: unknown): ApiRequest {
  const document = 'subscription { contactChanged { id name email updatedAt deleted } }';
  return { method: 'GET', path: '/subscriptions', listen: { document, windowS: Number(windowS) } };
}

export const demoSyncs = {
  /** Ordered by time of change; `updated_since` includes its own instant, so that equal times are never half read. */
  contacts: {
    model: 'contacts',
    docs: 'https://api.demo.invalid/contacts',
    scopes: ['contacts'],
    everyS: 60,
    overlapS: 10,
    request: ({ since, page }) => list(since, page),
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

  /** The same contacts, heard as they change: a list of what has since the last run, and then a subscription for a while,
   *  where somebody has chosen for how long. */
  'live-contacts': {
    model: 'live-contacts',
    docs: 'https://api.demo.invalid/subscriptions',
    scopes: ['contacts'],
    everyS: 60,
    overlapS: 10,
    settings: z.strictObject({ windowS: z.int().min(1).max(25) }),
    request: ({ since, page, settings }) => (page === LISTENING ? subscription(settings.windowS) : list(since, page)),
    page: ({ body, since, page }) => {
      if (page === LISTENING) {
        return { records: Heard.parse(body).results.map(({ data }) => shown(data.contactChanged)) };
      }
      const { items, next } = Page.parse(body);
      const listening = since === undefined ? undefined : LISTENING; // first of all, all there is
      return { records: items.map(shown), next: next ?? listening, checkpoint: items.at(-1)?.updatedAt };
    },
    deletions: 'tombstones',
    retention: {},
  },
} as const satisfies Syncs;
