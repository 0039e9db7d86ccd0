import type { Bus } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { keep, type Sighting } from './keep.ts';
import type { ModelRecords } from './record-store.ts';

/** Deletes and announces what a complete run from scratch did not meet. Returns how much that was; nothing when the time
 *  ran out before the end (what is done is done: the next sweep begins with the rest). */
export async function sweep(
  about: Sighting,
  ports: { readonly records: ModelRecords; readonly bus: Pick<Bus, 'publish'> },
  moment: Moment,
  timeIsUp: () => boolean,
): Promise<number | undefined> {
  let changes = 0;
  let cursor: string | undefined;
  do {
    if (timeIsUp()) return undefined;
    const page = await ports.records.unseen(about.run, cursor);
    const vanished = page.rows.map(({ id }) => ({ id, deleted: true, data: undefined }));
    changes += await keep(vanished, about, ports, moment);
    cursor = page.cursor;
  } while (cursor);
  return changes;
}
