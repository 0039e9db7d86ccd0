import type { Outcome } from './contract.ts';
import type { InboxEvent } from './event.ts';

/** What became of an event at one of its handlers. `ignored`: it shows nothing to keep, or its connection is gone. */
export interface Handling {
  readonly outcome: 'waiting' | 'handled' | 'ignored' | 'failed';
  readonly tries: number;
  /** The last try, ms since the epoch. */
  readonly atMs?: number;
  /** The name of what the last try failed with. */
  readonly error?: string;
  /** The replay it was handled for, where it was not the first time. */
  readonly replay?: string;
}

/** How one try ended. `final`: another would end the same. */
export type Try =
  | { readonly outcome: 'handled' | 'ignored' }
  | { readonly outcome: 'failed'; readonly error: string; readonly final: boolean };

/** Between the first try and the second, the second and the third, ms; then it has failed. */
const pausesMs = [30_000, 300_000] as const;

/** Returns the handling of an event whose handlers are still to be asked. */
export function untried(names: readonly string[]): Readonly<Record<string, Handling>> {
  return Object.fromEntries(names.map((name) => [name, { outcome: 'waiting', tries: 0 }]));
}

/** Returns whether a handler is through with the event, as it came or as this replay brings it again. */
export function isOver({ handling = {} }: InboxEvent, name: string, replay: string | undefined): boolean {
  const known = Object.hasOwn(handling, name) ? handling[name] : undefined;
  return known !== undefined && known.outcome !== 'waiting' && known.replay === replay;
}

/** Returns the event after one more try of a handler. */
export function tried(
  event: InboxEvent,
  name: string,
  { replay, nowMs, ...last }: { readonly replay?: string; readonly nowMs: number } & Try,
): InboxEvent {
  const before = event.handling?.[name];
  const tries = (before && before.replay === replay ? before.tries : 0) + 1;
  const again = last.outcome === 'failed' && !last.final && tries <= pausesMs.length;
  const one: Handling = {
    outcome: again ? 'waiting' : last.outcome,
    tries,
    atMs: nowMs,
    ...(last.outcome === 'failed' && { error: last.error }),
    ...(replay !== undefined && { replay }),
  };
  const handling = { ...event.handling, [name]: one };
  return { ...event, handling, outcome: outcomeOf(handling), revision: (event.revision ?? 0) + 1 };
}

/** Returns ms until a handler's next try; nothing where there is none. */
export function pauseMs({ handling }: InboxEvent, name: string): number | undefined {
  const { outcome, tries = 0 } = handling?.[name] ?? {};
  return outcome === 'waiting' ? pausesMs[tries - 1] : undefined;
}

/** What went wrong is told first, then what is not over yet. */
const ranking = ['failed', 'waiting', 'handled', 'ignored'] as const;

function outcomeOf(handling: Readonly<Record<string, Handling>>): Outcome {
  const outcomes = Object.values(handling).map(({ outcome }) => outcome);
  const first = ranking.find((one) => outcomes.includes(one)) ?? 'waiting';
  return first === 'waiting' ? 'routed' : first;
}
