import * as z from 'zod';
import type { Answers } from '../core/answers.ts';
import { type deliveriesContract, deliveryStatuses } from './contract.ts';

const Subscription = z.object({
  id: z.string(),
  url: z.string(),
  types: z.array(z.string()).describe('types of events; `connection.*` and `*` cover several'),
  tenants: z.array(z.string()).optional().describe('events of these alone; absent: of all'),
  perSecond: z.number().describe('deliveries at most'),
  enabled: z.boolean(),
  reason: z
    .enum(['paused', 'gone', 'failing'])
    .optional()
    .describe('why it is disabled: by its owner, by an answer of 410, or since nothing was accepted for five days'),
  failingSince: z.iso.datetime().optional().describe('since then nothing was accepted'),
  keys: z
    .array(
      z.object({
        publicKey: z.string().describe('`whpk_…`, for signatures `v1a` (Ed25519)'),
        until: z.iso.datetime().optional().describe('signs until then; absent: the newest'),
      }),
    )
    .describe('the keys that sign at present'),
  createdAt: z.iso.datetime(),
});
const Made = Subscription.extend({
  secret: z.string().describe('`whsec_…`, for signatures `v1` (HMAC-SHA256); shown this once'),
});

const Delivery = z.object({
  event: z.string().describe('the id of the event, and the `webhook-id` of every attempt'),
  type: z.string(),
  tenant: z.string(),
  status: z.enum(deliveryStatuses),
  attempts: z.array(
    z.object({
      at: z.iso.datetime(),
      ms: z.number(),
      status: z.number().optional(),
      error: z.string().optional(),
      answer: z.string().optional().describe('the beginning of an answer that refused'),
    }),
  ),
  nextAttemptAt: z.iso.datetime().optional(),
  createdAt: z.iso.datetime(),
});

const createdAt = '2026-11-20T10:00:00.000Z';
const wishes = { url: 'https://app.example.com/hub-events', types: ['connection.*', 'record.created'] };
const example = {
  ...{ id: 'sub_01k9w2v3x4y5z6a7b8c9d0e1f2', ...wishes, perSecond: 50, enabled: true },
  keys: [{ publicKey: 'whpk_Q2hhbmdlIG1lOiB0aGlzIGlzIG1hZGUgdXAhISEhISE=' }],
  createdAt,
};
const made = { ...example, secret: 'whsec_Q2hhbmdlIG1lOiB0aGlzIGlzIG1hZGUgdXAhISEhISE=' };
const event = 'evt_01k9w2v3x4y5z6a7b8c9d0e1f2';

export const deliveriesAnswers = {
  'event-types': {
    answer: z.object({
      version: z.number().describe('of the shape of events: rises when a field goes or changes its meaning'),
      items: z.array(
        z.object({
          type: z.string(),
          says: z.string(),
          schema: z.record(z.string(), z.unknown()).describe('JSON Schema of `data`'),
          example: z.record(z.string(), z.unknown()),
        }),
      ),
    }),
    example: {
      version: 1,
      items: [
        {
          type: 'connection.needs_reauth',
          says: 'A connection does not work any more until its end user connects again.',
          schema: { type: 'object', properties: { reason: { type: 'string' } }, required: ['reason'] },
          example: { reason: 'revoked' },
        },
      ],
    },
  },
  subscribe: { answer: Made, example: made, body: wishes },
  list: {
    answer: z.object({ items: z.array(Subscription), cursor: z.string().optional() }),
    example: { items: [example] },
  },
  get: { answer: Subscription, example },
  update: { answer: Subscription, example, body: { enabled: true } },
  remove: {},
  rotate: { answer: Made, example: made, body: { overlapS: 86_400 }, refusals: ['conflict'] },
  replay: {
    answer: z.object({ event: z.string().optional(), since: z.iso.datetime({ offset: true }).optional() }),
    example: { event },
    body: { test: true },
    refusals: ['conflict'],
  },
  'list-deliveries': {
    answer: z.object({ items: z.array(Delivery), cursor: z.string().optional() }),
    example: {
      items: [
        {
          ...{ event, type: 'connection.needs_reauth', tenant: 'acme', status: 'pending' },
          attempts: [{ at: createdAt, ms: 120, status: 503, error: 'http_503', answer: 'Back soon' }],
          nextAttemptAt: '2026-11-20T10:00:05.000Z',
          createdAt,
        },
      ],
    },
  },
} as const satisfies Answers<typeof deliveriesContract>;
