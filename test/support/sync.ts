import type { ApiRequest } from '../../shared/providers/actions.ts';
import type { Sync, SyncPage, SyncPlace } from '../../shared/providers/syncs.ts';

type Answer = Partial<SyncPlace> & { readonly body: unknown; readonly headers?: Readonly<Record<string, string>> };

/** A sync, asked as by a run that began in the first second of 2026-11-20; `settings` is what the tenant chose. */
export function asking(sync: Sync, { settings = {}, ...always }: Partial<SyncPlace> = {}) {
  const chosen = sync.settings?.parse(settings) ?? {};
  const place = { settings: chosen, startedAtMs: Date.UTC(2026, 10, 20), ...always };
  return {
    request: (at: Partial<SyncPlace> = {}): ApiRequest => sync.request({ ...place, ...at }),
    page: (answer: Answer): SyncPage => sync.page({ headers: {}, ...place, ...answer }),
  };
}
