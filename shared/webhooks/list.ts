import { type Content, type InboxEvent, toView } from './event.ts';
import { cursorAfter, type EventPage } from './store.ts';

/** Lambda answers with 6 MB at most. */
const MAX_PAGE_BYTES = 4_000_000;

/** Returns the page as the API shows it, the data of its events fetched; it ends early before it grows too large. */
export async function listEvents({ events, cursor }: EventPage, read: (event: InboxEvent) => Promise<unknown>) {
  const fitting = events.slice(0, fitCount(events));
  const items = await Promise.all(fitting.map(async (event) => toView(event, await read(event))));
  const last = fitting.at(-1);
  const next = last && fitting.length < events.length ? cursorAfter(last) : cursor;
  return { items, ...(next !== undefined && { cursor: next }) };
}

/** The first always fits: one body may have 4.5 MB. */
function fitCount(events: readonly InboxEvent[]): number {
  let bytes = 0;
  const over = events.findIndex(({ content }, index) => {
    bytes += sizeOf(content);
    return index > 0 && bytes > MAX_PAGE_BYTES;
  });
  return over === -1 ? events.length : over;
}

/** What brings a secret is small. */
function sizeOf(content: Content): number {
  if ('json' in content) return Buffer.byteLength(content.json);
  return 'object' in content ? content.bytes : 0;
}
