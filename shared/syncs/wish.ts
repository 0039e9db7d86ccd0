import { refuse } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import type { Sync } from '../providers/syncs.ts';
import type { SyncRow } from './row.ts';

/** What a tenant may want of a sync. */
export interface Wish {
  /** Seconds; `auto`: sooner where runs find changes, later where they find none. */
  readonly every?: number | 'auto';
  readonly enabled?: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly retention?: Retention;
}

/** How long a record is kept that does not change any more. */
export type Retention = 'forever' | { readonly days: number } | { readonly seconds: number };

const DAY_S = 86_400;

/** Returns the seconds; nothing for `forever`. */
export function secondsOf(retention: Retention): number | undefined {
  if (retention === 'forever') return undefined;
  return 'days' in retention ? retention.days * DAY_S : retention.seconds;
}

/** Returns the seconds in days, where they are whole ones. */
export function retentionOf(seconds: number): Exclude<Retention, 'forever'> {
  return seconds % DAY_S === 0 ? { days: seconds / DAY_S } : { seconds };
}

/** Returns what the tenant wants once it is something the sync can do. Errors: `invalid_request`, naming the field. */
export function judgeWish(
  { leastS = 60, settings: Settings, retention }: Sync,
  row: SyncRow,
  wish: Wish,
): Result<Wish> {
  if (typeof wish.every === 'number' && wish.every < leastS) {
    return refuse('invalid_request', `body.every: the provider wants at least ${leastS} seconds between two runs.`);
  }
  if (wish.retention !== undefined && !retention) {
    return refuse('invalid_request', 'body.retention: the provider does not say how old the records of this sync are.');
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
