import type { Sync } from '../providers/syncs.ts';

const DAY_S = 86_400;

/** Returns the seconds until a sync's next run: half as many as before after one that found changes, a quarter more after
 *  one that found none. Between a quarter and twice the sync's own; never less than the provider wants, nor less than its
 *  own where each run reads everything (`complete`), nor more than a day. */
export function paceOf(
  everyS: number,
  { changes, complete }: { readonly changes: number; readonly complete: boolean },
  { everyS: ownS, leastS = 60 }: Pick<Sync, 'everyS' | 'leastS'>,
): number {
  const least = complete ? ownS : Math.max(leastS, ownS / 4);
  const most = Math.max(ownS, Math.min(2 * ownS, DAY_S));
  return Math.round(Math.min(most, Math.max(least, changes > 0 ? everyS / 2 : everyS * 1.25)));
}
