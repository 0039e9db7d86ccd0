import type { Syncs } from '../provider.ts';

export const demoSyncs = {} as const satisfies Syncs;
