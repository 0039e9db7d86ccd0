import type { Webhooks } from '../provider.ts';

export const githubWebhooks = {} as Webhooks;
