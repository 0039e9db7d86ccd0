import type { Syncs } from '../provider.ts';

export const githubSyncs = {} as const satisfies Syncs;
