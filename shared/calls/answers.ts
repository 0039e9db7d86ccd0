import * as z from 'zod';
import type { Answers } from '../core/answers.ts';
import { callStatuses, type callsContract } from './contract.ts';

const CallError = z.looseObject({
  provider: z.string(),
  status: z.number().optional(),
  code: z.string().describe("the provider's own where it has one"),
  message: z.string(),
  requestId: z.string().optional().describe("the provider's"),
  retryable: z.boolean(),
  retryAfter: z.number().optional().describe('seconds'),
  details: z.unknown().optional().describe("the provider's"),
});
const Circuit = z.object({
  state: z.enum(['closed', 'open', 'half_open']),
  since: z.iso.datetime().optional(),
  nextTryAt: z.iso.datetime().optional(),
});
const Call = z.looseObject({
  id: z.string(),
  status: z.enum(callStatuses),
  connection: z.string(),
  requestId: z.string().optional().describe('of the request that brought it; the log has it too'),
  action: z.string().optional(),
  result: z.unknown().optional(),
  cached: z.literal(true).optional().describe('the result is an earlier answer to the same request'),
  ageS: z.number().optional().describe('seconds since the provider gave it, or said that it still holds'),
  mocked: z.literal(true).optional().describe("the result is the action's example: the provider did not answer"),
  error: CallError.optional(),
  attempts: z.array(
    z.looseObject({
      at: z.iso.datetime(),
      ms: z.number(),
      bytes: z.number().optional().describe("of the answer's body"),
      status: z.number().optional(),
      error: CallError.optional(),
    }),
  ),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  nextAttemptAt: z.iso.datetime().optional(),
});

const done = {
  ...{ id: 'call_01kad6r3n8', status: 'succeeded', connection: 'github', action: 'issues.create' },
  result: { number: 7, html_url: 'https://github.com/acme/shop/issues/7' },
  attempts: [{ at: '2026-11-20T10:00:00.000Z', ms: 212, bytes: 1_840, status: 201 }],
  ...{ createdAt: '2026-11-20T10:00:00.000Z', expiresAt: '2026-11-21T10:00:00.000Z' },
};
const queued = { ...done, status: 'queued', result: undefined, attempts: [] };

export const callsAnswers = {
  submit: {
    answer: Call,
    example: done,
    body: { action: 'issues.create', input: { owner: 'acme', repo: 'shop', title: 'It does not start' } },
    headers: {
      'Idempotency-Key': 'The same key with the same body is the same call; with another body it is refused.',
    },
    also: {
      202: 'Queued, or not done in time: read the call, or hear of it by `call.*` events. Of several: `calls`, in their order, each with `id` and `status`, or with `error`',
    },
    refusals: ['idempotency_mismatch', 'needs_reauth', 'not_configured', 'conflict'],
  },
  list: {
    answer: z.object({ items: z.array(Call.omit({ result: true })), cursor: z.string().optional() }),
    example: { items: [{ ...done, result: undefined }] },
  },
  get: { answer: Call, example: done },
  circuit: {
    answer: z.object({ connection: Circuit, provider: Circuit }),
    example: {
      connection: { state: 'closed' },
      provider: { state: 'open', since: '2026-11-20T10:00:00.000Z', nextTryAt: '2026-11-20T10:00:44.000Z' },
    },
  },
  retry: { answer: Call, example: queued, refusals: ['conflict'] },
  redrive: {
    answer: z.object({
      count: z.number(),
      until: z.iso.datetime().optional().describe('when the last of them goes: `notBefore` of the next request'),
      cursor: z.string().optional().describe('there are more'),
    }),
    body: { status: 'failed', connection: 'github', from: '2026-11-20T00:00:00Z', perSecond: 10 },
    example: { count: 240, until: '2026-11-20T10:00:24.000Z' },
  },
  cancel: { answer: Call, example: { ...queued, status: 'cancelled' }, refusals: ['conflict'] },
} as const satisfies Answers<typeof callsContract>;
