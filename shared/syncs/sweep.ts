import type { Moment } from '../core/clock.ts';
import { keep, type Sighting, type Sinks } from './keep.ts';

/** Deletes and announces what a complete run from scratch has neither met nor written. Returns how much that was; nothing when the time
 *  ran out before the end (what is done is done: the next sweep begins with the rest), or the run is another's. */
export async function sweep(
  met: (id: string) => boolean,
  about: Sighting,
  sinks: Sinks,
  moment: Moment,
  timeIsUp: () => boolean,
): Promise<number | 'overtaken' | undefined> {
  let changes = 0;
  let cursor: string | undefined;
  do {
    if (timeIsUp()) return undefined;
    const page = await sinks.records.others(about.run, cursor);
    const gone = page.rows.filter(({ id }) => !met(id));
    const vanished = gone.map(({ id }) => ({ id, deleted: true, data: undefined }));
    const kept = await keep(vanished, about, sinks, moment);
    if (kept === 'overtaken') return kept;
    changes += kept;
    cursor = page.cursor;
  } while (cursor);
  return changes;
}
