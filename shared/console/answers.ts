import * as z from 'zod';
import type { Answers } from '../core/answers.ts';
import type { consoleContract } from './contract.ts';

const Health = z.object({
  status: z.enum(['ok', 'degraded']),
  stage: z.string(),
  version: z.string(),
  checks: z.record(z.string(), z.string()),
});

export const consoleAnswers = {
  health: {
    answer: Health,
    example: { status: 'ok', stage: 'prod', version: '0.1.0', checks: { database: 'ok' } },
    also: { 503: 'Degraded: `checks` says what does not work' },
  },
  openapi: { answer: z.looseObject({ openapi: z.string() }).describe('an OpenAPI 3.1 document') },
  docs: { answer: 'page' },
} as const satisfies Answers<typeof consoleContract>;
