import { findActions } from './callees.ts';
import { definitions } from './definitions.ts';
import { findSyncs } from './polled.ts';
import type { CatalogueEntry, Provider } from './provider.ts';
import { findWebhooks } from './senders.ts';
import { findSetup } from './setups.ts';

/** All that is known of all providers, for whoever shows or checks it; a function that uses one asks the indexes. */
export const catalogue: Readonly<Record<string, CatalogueEntry>> = Object.fromEntries(
  Object.entries(definitions).map(([id, provider]) => [id, entryOf(provider)]),
);

/** Returns a provider with all that its folder holds. */
export function entryOf(provider: Provider): CatalogueEntry {
  const { id } = provider;
  const [webhooks, setup] = [findWebhooks(id), findSetup(id)];
  return { provider, webhooks, setup, actions: findActions(id), syncs: findSyncs(id) };
}
