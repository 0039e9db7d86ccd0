import { findProvider } from '../providers/definitions.ts';
import { findSyncs } from '../providers/polled.ts';
import type { Sync, Syncs } from '../providers/syncs.ts';

/** Returns a provider's syncs by name, as this stage offers them; none where it does not offer the provider. */
export type Offered = (provider: string) => Syncs;

export function openOffer(stage: string): Offered {
  return (provider) => (findProvider(provider, stage) ? findSyncs(provider) : {});
}

/** Returns one sync, or nothing where the provider has none of this name. */
export function findSync(offered: Offered, provider: string, name: string): Sync | undefined {
  const syncs = offered(provider);
  return Object.hasOwn(syncs, name) ? syncs[name] : undefined;
}
