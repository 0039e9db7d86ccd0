import * as z from 'zod';
import type { Answers } from '../core/answers.ts';
import type { webhooksContract } from './contract.ts';

const Event = z.looseObject({
  id: z.string().describe("the provider's own"),
  provider: z.string(),
  type: z.string(),
  receivedAt: z.iso.datetime(),
  occurredAt: z.iso.datetime().optional(),
  retries: z.int().optional().describe('how often the provider had sent it before this one came in, where it says so'),
  connection: z.string().optional(),
  outcome: z.string(),
  handlers: z
    .array(
      z.looseObject({
        name: z.string(),
        outcome: z.enum(['waiting', 'handled', 'ignored', 'failed']),
        tries: z.int(),
        at: z.iso.datetime().optional(),
        error: z.string().optional(),
        replay: z.string().optional(),
      }),
    )
    .optional()
    .describe('what became of it at each of its handlers'),
  data: z.unknown(),
});

const Replay = z.looseObject({
  id: z.string(),
  status: z.enum(['running', 'finished', 'cancelled']),
  replayed: z.int().describe('events told again so far'),
  rate: z.int().describe('events a second'),
  filter: z.looseObject({}),
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
});

const opened = {
  ...{ id: '72d3162e-cc78-11e3-81ab-4c9367dc0958', provider: 'github', type: 'issues.opened' },
  ...{ receivedAt: '2026-11-20T10:00:00.000Z', connection: 'github', outcome: 'routed' },
  data: { action: 'opened', issue: { number: 7 } },
};

const replay = {
  ...{ id: 'rpl_01k9w2v3x4y5z6a7b8c9d0e1f2', status: 'running', replayed: 0, rate: 10 },
  filter: { outcome: 'failed', to: '2026-11-20T10:00:00.000Z' },
  createdAt: '2026-11-20T10:00:00.000Z',
} as const;

const Endpoint = z.looseObject({
  id: z.string(),
  provider: z.string(),
  url: z.string(),
  connection: z.string().optional(),
  settings: z.looseObject({}).optional(),
  secrets: z
    .array(z.looseObject({ id: z.string(), createdAt: z.iso.datetime(), until: z.iso.datetime().optional() }))
    .describe('those that are believed, the newest first; without the secrets'),
  subscription: z
    .looseObject({
      kind: z.string(),
      status: z.enum(['active', 'pending', 'failing', 'needs_reauth']),
      endsAt: z.iso.datetime().optional(),
      error: z.object({ code: z.string(), message: z.string(), at: z.iso.datetime() }).optional(),
    })
    .optional()
    .describe('what the hub keeps alive at the provider for the connection'),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
const Instructions = z.array(z.string()).describe('what to do at the sender');
const OnceShown = z.string().optional().describe('where it was made here: shown this once');

const endpoint = {
  ...{ id: 'mPpvU3zYVRTbT0FqBq8kGUpDn1lFhBEqkbo2dNuc7hI', provider: 'github', connection: 'github' },
  url: 'https://hub.example.com/webhooks/github/mPpvU3zYVRTbT0FqBq8kGUpDn1lFhBEqkbo2dNuc7hI',
  secrets: [{ id: 'J4nQbYc0aVxT', createdAt: '2026-11-20T10:00:00.000Z' }],
  ...{ createdAt: '2026-11-20T10:00:00.000Z', updatedAt: '2026-11-20T10:00:00.000Z' },
};
const instructions = ['Enter the URL as the payload URL, application/json as the content type, and the secret.'];
const secret = 'made-up-secret-of-an-endpoint-00000000000000';

export const webhooksAnswers = {
  receive: {
    answer: z.unknown().describe('empty, or what the provider wants to hear'),
    refusals: ['unauthenticated', 'payload_too_large', 'unsupported_media_type', 'invalid_request'],
  },
  list: {
    answer: z.object({ items: z.array(Event), cursor: z.string().optional() }),
    example: { items: [opened] },
  },
  'list-unrouted': {
    answer: z.object({ items: z.array(Event), cursor: z.string().optional() }),
    example: { items: [{ ...opened, connection: undefined, outcome: 'unrouted' }] },
  },
  replay: {
    answer: Replay,
    example: replay,
    body: { filter: { outcome: 'failed' }, rate: 10 },
    also: { 200: '`dryRun`: `count` of the events, and whether the count is `complete`' },
  },
  'list-replays': {
    answer: z.object({ items: z.array(Replay), cursor: z.string().optional() }),
    example: { items: [replay] },
  },
  'get-replay': { answer: Replay, example: replay },
  'cancel-replay': { answer: Replay, example: { ...replay, status: 'cancelled', endedAt: '2026-11-20T10:00:09.000Z' } },
  'create-endpoint': {
    answer: Endpoint.extend({ secret: OnceShown, instructions: Instructions }),
    example: { ...endpoint, secret, instructions },
    body: { provider: 'github', name: 'default' },
  },
  'list-endpoints': {
    answer: z.object({ items: z.array(Endpoint), cursor: z.string().optional() }),
    example: { items: [endpoint] },
  },
  'get-endpoint': { answer: Endpoint.extend({ instructions: Instructions }), example: { ...endpoint, instructions } },
  'remove-endpoint': { refusals: ['conflict'] },
  'rotate-endpoint': {
    answer: Endpoint.extend({ secret: OnceShown }),
    example: { ...endpoint, secret },
    body: { overlapS: 3_600 },
    refusals: ['conflict'],
  },
} as const satisfies Answers<typeof webhooksContract>;
