import type { Syncs } from '../provider.ts';

export const slackSyncs = {} as const satisfies Syncs;
