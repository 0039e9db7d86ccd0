import { demoActions } from './demo/actions.ts';
import { demo } from './demo/index.ts';
import { demoSyncs } from './demo/syncs.ts';
import { githubActions } from './github/actions.ts';
import { github } from './github/index.ts';
import { githubSyncs } from './github/syncs.ts';
import type { ProviderEntry } from './provider.ts';
import { slackActions } from './slack/actions.ts';
import { slack } from './slack/index.ts';
import { slackSyncs } from './slack/syncs.ts';
import { webhooksOf } from './webhooks.ts';

/** The index of all providers: a new one is a folder and a line here. */
export const catalogue: Readonly<Record<string, ProviderEntry>> = {
  demo: { provider: demo, actions: demoActions, syncs: demoSyncs },
  github: { provider: github, webhooks: webhooksOf.github, actions: githubActions, syncs: githubSyncs },
  slack: { provider: slack, webhooks: webhooksOf.slack, actions: slackActions, syncs: slackSyncs },
};

/** Returns the provider as this stage offers it, or nothing. */
export function findProvider(id: string, stage: string): ProviderEntry | undefined {
  const entry = Object.hasOwn(catalogue, id) ? catalogue[id] : undefined;
  return entry && offered(entry, stage) ? entry : undefined;
}

/** Returns every provider that this stage offers. */
export function offeredProviders(stage: string): ProviderEntry[] {
  return Object.values(catalogue).filter((entry) => offered(entry, stage));
}

function offered({ provider }: ProviderEntry, stage: string): boolean {
  return provider.stages === undefined || provider.stages.includes(stage);
}
