import * as z from 'zod';
import type { Syncs } from '../syncs.ts';

const PER_PAGE = 500;
/** What is taken off the list while it is read moves the rest up: pages overlap by so much. */
const SHARED = 50;
const Bounces = z.array(z.looseObject({ email: z.string().min(1), created: z.int() }));

export const sendgridSyncs = {
  /** Addresses that mail is not sent to any more. One that the owner takes off the list shows when all is read. */
  bounces: {
    model: 'bounces',
    docs: 'https://www.twilio.com/docs/sendgrid/api-reference/bounces-api/retrieve-all-bounces',
    everyS: 3_600,
    overlapS: 3_600,
    fullEveryS: 86_400,
    request: ({ since, page = '0' }) => ({
      method: 'GET',
      path: '/suppression/bounces',
      query: {
        ...(since !== undefined && { start_time: Math.floor(Date.parse(since) / 1000) }),
        limit: PER_PAGE,
        offset: Number(page),
      },
    }),
    page: ({ body, page = '0', startedAtMs }) => {
      const bounces = Bounces.parse(body);
      return {
        records: bounces.map((data) => ({
          id: data.email,
          updatedAt: new Date(data.created * 1000).toISOString(),
          data,
        })),
        next: bounces.length < PER_PAGE ? undefined : String(Number(page) + PER_PAGE - SHARED),
        checkpoint: new Date(startedAtMs).toISOString(),
      };
    },
    deletions: 'full-scan',
    retention: {},
    nudgedBy: ['bounce'],
  },
} as const satisfies Syncs;
