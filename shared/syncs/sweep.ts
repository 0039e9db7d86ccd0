import type { Moment } from '../core/clock.ts';
import { inParallel } from '../core/parallel.ts';
import { keep, type Sighting, type Sinks, WIDTH } from './keep.ts';
import { isExpired, type RecordRow, restamped } from './record.ts';

/** Deletes and announces what a complete run from scratch has neither met nor written, and has the rest end as the retention
 *  of now says; what has ended already, its age alone has ended. Returns how much was deleted; nothing when the time ran out
 *  before the end (what is done is done: the next sweep begins with the rest), or the run is another's. */
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
    const gone = page.rows.filter((row) => !met(row.id) && !isExpired(row, moment.nowMs));
    const vanished = gone.map(({ id }) => ({ id, deleted: true, data: undefined }));
    const kept = await keep(vanished, about, sinks, moment);
    if (kept === 'overtaken' || !(await restampAll(page.rows.filter((row) => met(row.id))))) return 'overtaken';
    changes += kept;
    cursor = page.cursor;
  } while (cursor);
  return changes;

  /** A row that is written meanwhile has its end from whoever writes it. */
  async function restampAll(rows: readonly RecordRow[]): Promise<boolean> {
    const due = rows.flatMap((before) => {
      const verdict = restamped(before, about);
      return verdict ? [{ before, row: verdict.row }] : [];
    });
    if (due.length > 0 && sinks.fence && !(await sinks.fence())) return false;
    await inParallel(due, WIDTH, ({ row, before }) => sinks.records.put(row, before));
    return true;
  }
}
