import type { Actions } from '../provider.ts';

export const githubActions = {} as const satisfies Actions;
