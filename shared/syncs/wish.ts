import { refuse } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import type { Sync } from '../providers/syncs.ts';
import type { SyncRow, Wish } from './sync.ts';

/** Returns what the tenant wants once it is something the sync can do. Errors: `invalid_request`, naming the field. */
export function judgeWish({ leastS = 60, settings: Settings }: Sync, row: SyncRow, wish: Wish): Result<Wish> {
  if (typeof wish.every === 'number' && wish.every < leastS) {
    return refuse('invalid_request', `body.every: the provider wants at least ${leastS} seconds between two runs.`);
  }
  if (wish.settings === undefined) {
    const unchosen = Settings !== undefined && row.settings === undefined;
    if (!wish.enabled || !unchosen) return ok(wish);
    return refuse('invalid_request', `body.settings: choose ${Object.keys(Settings.shape).join(', ')} first.`);
  }
  if (!Settings) return refuse('invalid_request', 'body.settings: this sync has nothing to choose.');
  const chosen = Settings.safeParse(wish.settings);
  if (chosen.success) return ok({ enabled: true, ...wish, settings: chosen.data });
  const faults = chosen.error.issues.slice(0, 5);
  return refuse(
    'invalid_request',
    faults.map(({ path, message }) => `${['body', 'settings', ...path].join('.')}: ${message}`).join('; '),
  );
}
