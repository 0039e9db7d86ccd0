import * as z from 'zod';
import type { Answers } from '../core/answers.ts';
import type { syncsContract } from './contract.ts';

const Sync = z.looseObject({
  sync: z.string(),
  model: z.string(),
  enabled: z.boolean(),
  every: z.number().describe('seconds between two runs'),
  adaptive: z.boolean().describe('sooner where runs find changes, later where they find none; until you set `every`'),
  retention: z
    .union([z.object({ days: z.number() }), z.object({ seconds: z.number() })])
    .optional()
    .describe('records are let go so long after their last change, untold; absent: never'),
  status: z.string(),
  lastSuccessAt: z.iso.datetime().optional(),
  lagS: z.number().optional().describe('seconds since the last complete run'),
  nextRunAt: z.iso.datetime().optional(),
  records: z.number().optional(),
  error: z.object({ code: z.string(), message: z.string(), at: z.iso.datetime() }).optional(),
});

const issues = {
  ...{ sync: 'issues', model: 'issues', enabled: true, every: 300, adaptive: false, status: 'idle' },
  ...{ lastSuccessAt: '2026-11-20T10:00:00.000Z', lagS: 42, nextRunAt: '2026-11-20T10:05:00.000Z', records: 12 },
};

export const syncsAnswers = {
  list: { answer: z.object({ items: z.array(Sync) }), example: { items: [issues] } },
  set: { answer: Sync, example: { ...issues, every: 600 }, body: { every: 600 } },
  'run-now': {
    answer: Sync,
    example: { ...issues, status: 'running' },
    body: { full: false },
    refusals: ['conflict'],
  },
  records: {
    answer: z.object({
      items: z.array(
        z.object({
          ...{ id: z.string(), model: z.string(), updatedAt: z.string().optional() },
          data: z.unknown().describe('null where the object is over 390 kB'),
        }),
      ),
      cursor: z.string().optional(),
    }),
    example: {
      items: [{ id: '1', model: 'issues', updatedAt: '2026-11-20T09:59:00Z', data: { title: 'It does not start' } }],
    },
  },
} as const satisfies Answers<typeof syncsContract>;
