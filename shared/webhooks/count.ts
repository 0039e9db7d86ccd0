import type { EventFilter, InboxStore } from './store.ts';

const PAGE = 100;

/** Returns how many events a replay would tell again; `complete` is false where the time was up before all were looked at,
 *  and there are more. */
export async function countEvents(
  inbox: ReturnType<InboxStore['forTenant']>,
  filter: EventFilter,
  timeIsUp: () => boolean,
): Promise<{ count: number; complete: boolean }> {
  let count = 0;
  let cursor: string | undefined;
  do {
    if (timeIsUp()) return { count, complete: false };
    const page = await inbox.lines({ ...filter, limit: PAGE, cursor });
    count += page.lines.filter(({ outcome }) => outcome !== 'conflicting').length;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return { count, complete: true };
}
