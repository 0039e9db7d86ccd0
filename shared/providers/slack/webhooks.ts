import type { Webhooks } from '../provider.ts';

export const slackWebhooks = {} as Webhooks;
