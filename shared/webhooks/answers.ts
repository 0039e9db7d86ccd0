import * as z from 'zod';
import type { Answers } from '../core/answers.ts';
import type { webhooksContract } from './contract.ts';

const Event = z.looseObject({
  id: z.string().describe("the provider's own"),
  provider: z.string(),
  type: z.string(),
  receivedAt: z.iso.datetime(),
  occurredAt: z.iso.datetime().optional(),
  connection: z.string().optional(),
  outcome: z.string(),
  data: z.unknown(),
});

const opened = {
  ...{ id: '72d3162e-cc78-11e3-81ab-4c9367dc0958', provider: 'github', type: 'issues.opened' },
  ...{ receivedAt: '2026-11-20T10:00:00.000Z', connection: 'github', outcome: 'routed' },
  data: { action: 'opened', issue: { number: 7 } },
};

export const webhooksAnswers = {
  receive: {
    answer: z.unknown().describe('empty, or what the provider wants to hear'),
    refusals: ['unauthenticated', 'payload_too_large', 'unsupported_media_type', 'invalid_request'],
  },
  list: {
    answer: z.object({ items: z.array(Event), cursor: z.string().optional() }),
    example: { items: [opened] },
  },
} as const satisfies Answers<typeof webhooksContract>;
