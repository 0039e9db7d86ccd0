import type { Moment } from '../core/clock.ts';
import { inParallel } from '../core/parallel.ts';
import { keep, type Sighting, type Sinks, WIDTH } from './keep.ts';
import { isExpired, type RecordRow, restamped } from './record.ts';

/** What a sweep still has before it: the table's pages from here on; none: all of them. */
export interface Rest {
  readonly from?: string;
}

/** Deletes and announces what a complete run from scratch has neither met nor written, and has the rest end as the retention
 *  of now says; what has ended already, its age alone has ended. Returns how much was deleted, and what is left to do where
 *  the time ran out before the end, unless the run is another's. */
export async function sweep(
  met: (id: string) => boolean,
  about: Sighting,
  sinks: Sinks,
  moment: Moment,
  timeIsUp: () => boolean,
  { from }: Rest = {},
): Promise<{ readonly changes: number; readonly rest?: Rest } | 'overtaken'> {
  let changes = 0;
  let cursor = from;
  while (!timeIsUp()) {
    const page = await sinks.records.others(about.run, cursor);
    const gone = page.rows.filter((row) => !met(row.id) && !isExpired(row, moment.nowMs));
    const vanished = gone.map(({ id }) => ({ id, deleted: true, data: undefined }));
    const kept = await keep(vanished, about, sinks, moment);
    if (kept === 'overtaken' || !(await restampAll(page.rows.filter((row) => met(row.id))))) return 'overtaken';
    changes += kept;
    cursor = page.cursor;
    if (cursor === undefined) return { changes };
  }
  return { changes, rest: { from: cursor } };

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
