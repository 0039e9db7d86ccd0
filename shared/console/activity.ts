import { type CursorKey, readCursor, writeCursor } from '../core/cursor.ts';

export const activityKinds = ['audit', 'call', 'webhook'] as const;
export type ActivityKind = (typeof activityKinds)[number];

/** One thing that happened, of whichever kind; no list of them holds what was sent or answered. */
export interface Line {
  readonly kind: ActivityKind;
  readonly id: string;
  readonly atMs: number;
  /** Where its own list goes on behind it. */
  readonly cursor: string;
  /** What is shown of it. */
  readonly shown: Readonly<Record<string, unknown>>;
}

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A list of one kind, newest first; a page may be short though more follow, never empty. */
export type Source = (
  range: Range & { readonly limit: number; readonly cursor?: string },
) => Promise<{ readonly lines: readonly Line[]; readonly cursor?: string }>;

export type Sources = Partial<Readonly<Record<ActivityKind, Source>>>;

/** Stands for a list that is read to its end. */
const END = '';

/** Returns a page of what happened, newest first, merged of several lists. The cursor has a place in each of them: what shares
 *  its millisecond with others comes once, whatever the page's size. */
export async function readActivity(
  sources: Sources,
  { limit, cursor, ...range }: Range & { readonly limit: number; readonly cursor?: string },
) {
  if (range.fromMs > range.toMs) return { items: [] };
  const places: Record<string, string> = textsOf(cursor === undefined ? {} : readCursor(cursor));
  const open = activityKinds.filter((kind) => sources[kind] && places[kind] !== END);
  const lists = await Promise.all(
    open.map(async (kind) => {
      const page = await sources[kind]?.({ ...range, limit, cursor: places[kind] });
      return { kind, lines: [...(page?.lines ?? [])], more: page?.cursor !== undefined };
    }),
  );
  const lines: Line[] = [];
  while (lines.length < limit) {
    const newest = lists.reduce<(typeof lists)[number] | undefined>(
      (best, list) => (list.lines[0] && !(best?.lines[0] && best.lines[0].atMs >= list.lines[0].atMs) ? list : best),
      undefined,
    );
    // A list that has run dry, and goes on, may have what is newer than all the others still have.
    if (!newest || lists.some((list) => list.lines.length === 0 && list.more)) break;
    const line = newest.lines.shift() as Line;
    lines.push(line);
    places[newest.kind] = line.cursor;
  }
  for (const { kind, lines: left, more } of lists) if (left.length === 0 && !more) places[kind] = END;
  const isOver = open.every((kind) => places[kind] === END);
  return { items: lines.map(view), ...(!isOver && { cursor: writeCursor(places) }) };
}

function view({ kind, id, atMs, shown }: Line) {
  return { id, at: new Date(atMs).toISOString(), kind, ...shown };
}

function textsOf(key: CursorKey | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(key ?? {}).filter((part): part is [string, string] => typeof part[1] === 'string'),
  );
}
