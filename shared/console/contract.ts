import * as z from 'zod';
import { auditedEvents } from '../core/audit.ts';
import type { FeatureContract } from '../core/contract.ts';
import { setting } from '../core/paths.ts';

export const consoleContract = {
  health: {
    env: z.object({ STAGE: setting, VERSION: setting, TENANTS_TABLE: setting }),
    timeoutS: 10,
    entry: { kind: 'http', routes: ['GET /health'], access: 'public', summary: 'Whether the hub can work' },
  },
  openapi: {
    env: z.object({ PUBLIC_URL: setting, VERSION: setting }),
    timeoutS: 10,
    entry: { kind: 'http', routes: ['GET /openapi.json'], access: 'public', summary: 'This description' },
  },
  docs: {
    env: z.object({ STAGE: setting, PUBLIC_URL: setting, VERSION: setting }),
    timeoutS: 10,
    entry: { kind: 'http', routes: ['GET /docs'], access: 'public', summary: 'This description, as a page' },
  },
  record: {
    env: z.object({ ACTIVITY_TABLE: setting, ACTIVITY_DAYS: setting }),
    timeoutS: 30,
    entry: { kind: 'event', types: auditedEvents },
  },
} as const satisfies FeatureContract;
