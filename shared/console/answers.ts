import * as z from 'zod';
import type { Answers } from '../core/answers.ts';
import { activityKinds } from './activity.ts';
import type { consoleContract } from './contract.ts';

const Health = z.object({
  status: z.enum(['ok', 'degraded']),
  stage: z.string(),
  version: z.string(),
  checks: z.object({
    database: z.enum(['ok', 'unreachable']),
    deadLetters: z
      .enum(['none', 'some', 'unknown'])
      .describe('`some`: messages were given up and wait for the operator'),
  }),
});

const Happened = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  kind: z.enum(activityKinds),
  action: z.string().describe('what was done; `api.request` of calls, `webhook.received` of webhooks'),
  actor: z
    .object({ kind: z.enum(['operator', 'key', 'end_user', 'iam', 'hub']), id: z.string().optional() })
    .optional()
    .describe('an API key by its id, an end user by the connect session'),
  target: z.record(z.string(), z.string()).optional().describe('what it was done to, by ids'),
  provider: z.string().optional(),
  connection: z.string().optional(),
  type: z.string().optional().describe("a webhook's"),
  endpoint: z.string().optional().describe("a call's action, or the words of its path"),
  method: z.string().optional(),
  status: z.string().describe("`done` or `refused`; a call's or a webhook's own"),
  httpStatus: z.number().optional().describe('of the last attempt'),
  ms: z.number().optional().describe('of all attempts'),
  bytes: z.number().optional().describe("of the provider's answers; of the webhook"),
  attempts: z.number().optional(),
  error: z.string().optional(),
  reason: z.string().optional().describe('why the hub did it'),
  requestId: z.string().optional().describe('the log has it too'),
});
const Used = z.object({
  provider: z.string(),
  calls: z.number(),
  succeeded: z.number(),
  failed: z.number(),
  attempts: z.number(),
  ms: z.number(),
  bytes: z.number(),
  webhooks: z.number(),
});

export const consoleAnswers = {
  health: {
    answer: Health,
    example: { status: 'ok', stage: 'prod', version: '0.1.0', checks: { database: 'ok', deadLetters: 'none' } },
    also: { 503: 'Degraded: `checks` says what does not work' },
  },
  activity: {
    answer: z.object({ items: z.array(Happened), cursor: z.string().optional() }),
    example: {
      items: [
        {
          ...{ id: 'call_01kad6r3n8', at: '2026-11-20T10:00:02.000Z', kind: 'call', action: 'api.request' },
          ...{ provider: 'github', connection: 'github', endpoint: 'issues.create', status: 'succeeded' },
          ...{ attempts: 1, ms: 212, httpStatus: 201, requestId: '6b1f0c9d-7a10-4f0e-9f1c-0f6d2b8c5d0a' },
        },
        {
          ...{ id: 'aud_01kad6r2k1', at: '2026-11-20T10:00:00.000Z', kind: 'audit', action: 'connection.confirmed' },
          ...{ actor: { kind: 'key', id: 'acme.0a1b2c3d4e5f' }, provider: 'github', connection: 'github' },
          ...{
            target: { session: 'cs_01kad6r1aa' },
            status: 'done',
            requestId: '0f6d2b8c-5d0a-4f0e-9f1c-6b1f0c9d7a10',
          },
        },
      ],
    },
    refusals: ['not_found'],
  },
  usage: {
    answer: z.object({
      tenant: z.string().optional(),
      month: z.string(),
      complete: z.boolean().describe('false: not all is counted yet; ask again'),
      items: z.array(Used),
    }),
    example: {
      ...{ tenant: 'acme', month: '2026-11', complete: true },
      items: [
        {
          ...{ provider: 'github', calls: 240, succeeded: 236, failed: 4, attempts: 251, ms: 51_204, bytes: 0 },
          webhooks: 1_204,
        },
      ],
    },
    refusals: ['not_found'],
  },
  openapi: { answer: z.looseObject({ openapi: z.string() }).describe('an OpenAPI 3.1 document') },
  docs: { answer: 'page' },
} as const satisfies Answers<typeof consoleContract>;
