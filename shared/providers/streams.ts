import type { SyncPage, SyncPlace } from './syncs.ts';

// One sync over several streams, read one after the other: the messages of each channel. The checkpoint is a token that
// says how far each has been read.

type Reached = Readonly<Record<string, string>>;

interface Place {
  readonly at: number;
  readonly cursor?: string;
  readonly reached: Reached;
}

/** Returns the stream that a run is at. `since`: how far it had been read before this run; `reached`: by now. `after` says
 *  where the run goes on: in this stream where there is a cursor, else in the next. */
export function streamOf(ids: readonly string[], { since, page }: SyncPlace) {
  const before: Reached = since === undefined ? {} : JSON.parse(since);
  const place: Place = page === undefined ? { at: 0, reached: before } : JSON.parse(page);
  const id = ids[place.at] ?? '';
  return {
    id,
    cursor: place.cursor,
    since: before[id],
    reached: place.reached[id],
    after(reachedNow: string | undefined, cursor: string | undefined): Pick<SyncPage, 'next' | 'checkpoint'> {
      const reached = reachedNow === undefined ? place.reached : { ...place.reached, [id]: reachedNow };
      if (cursor !== undefined) return { next: JSON.stringify({ ...place, cursor, reached }) };
      if (place.at + 1 < ids.length) return { next: JSON.stringify({ at: place.at + 1, reached }) };
      return { checkpoint: JSON.stringify(reached) };
    },
  };
}
