import type { Actions } from '../provider.ts';

export const slackActions = {} as const satisfies Actions;
