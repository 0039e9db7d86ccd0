import * as z from 'zod';
import type { FeatureContract } from '../core/contract.ts';
import { setting } from '../core/paths.ts';

export const consoleContract = {
  health: {
    env: z.object({ STAGE: setting, VERSION: setting, TENANTS_TABLE: setting }),
    timeoutS: 10,
    entry: { kind: 'http', routes: ['GET /health'], access: 'public', summary: 'Whether the hub can work' },
  },
} as const satisfies FeatureContract;
