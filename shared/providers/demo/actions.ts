import type { Actions } from '../provider.ts';

export const demoActions = {} as const satisfies Actions;
