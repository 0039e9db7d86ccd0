import { githubWebhooks } from './github/webhooks.ts';
import { slackWebhooks } from './slack/webhooks.ts';
import type { Webhooks } from './webhooks.ts';

/** Who sends webhooks. Apart from the catalogue, which takes them from here, so that the intake loads nothing else. */
export const webhooksOf = {
  github: githubWebhooks,
  slack: slackWebhooks,
} as const satisfies Readonly<Record<string, Webhooks>>;

/** Returns how to read a provider's webhooks, or nothing where it sends none. */
export function findWebhooks(provider: string): Webhooks | undefined {
  const all: Readonly<Record<string, Webhooks>> = webhooksOf;
  return Object.hasOwn(all, provider) ? all[provider] : undefined;
}
