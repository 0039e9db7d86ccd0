import type { Objects } from '../core/objects.ts';
import { readData } from './content.ts';
import { type InboxEvent, toView } from './event.ts';
import { cursorAfter, type EventPage } from './store.ts';

/** Lambda answers with 6 MB at most. */
const MAX_PAGE_BYTES = 4_000_000;

/** Returns the page as the API shows it, the data of large events fetched; it ends early before it grows too large. */
export async function listEvents({ events, cursor }: EventPage, objects: Pick<Objects, 'get'>) {
  const fitting = events.slice(0, fitCount(events));
  const items = await Promise.all(fitting.map(async (event) => toView(event, await readData(event, objects))));
  const last = fitting.at(-1);
  const next = last && fitting.length < events.length ? cursorAfter(last) : cursor;
  return { items, ...(next !== undefined && { cursor: next }) };
}

/** The first always fits: one body may have 4.5 MB. */
function fitCount(events: readonly InboxEvent[]): number {
  let bytes = 0;
  const over = events.findIndex(({ content }, index) => {
    bytes += 'json' in content ? Buffer.byteLength(content.json) : content.bytes;
    return index > 0 && bytes > MAX_PAGE_BYTES;
  });
  return over === -1 ? events.length : over;
}
