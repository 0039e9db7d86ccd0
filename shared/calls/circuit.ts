import type { Item } from '../core/aws.ts';
import { parseJson } from '../core/json.ts';

// A circuit keeps calls away from what is down. It stands in a row of the limits: a connection's, and its provider's.
// Closed: no `openUntil`. Open: until then nothing goes. Half-open, from then on: one call at a time, by moving
// `openUntil` on, tries whether it is up. Time alone never closes it, an answer does.
// Failures alone do not open it: answers leave no trace in the row, so a few failures among thousands look like nothing
// but failures. They make it half-open, and the next call decides.

/** The part of a row that is its circuit; times in ms. */
export interface Circuit {
  readonly openUntil?: number;
  /** When it was last found down; an outage that comes back while its backlog is let through is the same one. */
  readonly openSince?: number;
  readonly closedAt?: number;
  /** Until then the calls that waited are let through a few at a time. */
  readonly easeUntil?: number;
  /** `Faults` as text: a write is made against the text that was read. Beside `openUntil` they are the suspicion that the
   *  next call is to confirm. */
  readonly faults?: string;
}

/** The last failures: when, and whose, by the tenant's hash. */
type Faults = readonly (readonly [atMs: number, source: string])[];

/** What one exchange that failed has to say. */
export interface Fault {
  readonly source: string;
  /** The call was the one that tries whether it is up again. */
  readonly probe: boolean;
  /** Of so many failures of one tenant no more count: what he asks for, or where, is no proof against a provider. */
  readonly mostOfOne: number;
}

export const FAILURES = 5;
const WINDOW_MS = 60_000;
const OPEN_MS = { least: 30_000, spread: 30_000 } as const;
/** Longer than an exchange may take; who dies with it does not keep the circuit open for ever. */
const PROBE_MS = 45_000;
/** A suspicion is most often unfounded, and none the worse for a second call that tries. */
const SUSPECT_MS = 2_000;
/** Backlog is let through in this multiple of the time in which it gathered: on top of what comes anew, less than that. */
const EASE = 1.6;
/** Who waits for an end asks now and then; the longer it lasts, the less often. */
const HOLD_MS = { least: 1_000, most: 10 * 60_000 } as const;

type Chance = { readonly nowMs: number; chance(): number };

/** Returns the circuit in a row of the limits. */
export function circuitOf(row: Item | undefined): Circuit {
  return (row ?? {}) as Circuit;
}

export function stateOf({ openUntil }: Circuit, nowMs: number): 'closed' | 'open' | 'half_open' {
  if (openUntil === undefined) return 'closed';
  return openUntil > nowMs ? 'open' : 'half_open';
}

/** Returns whether all was not well of late: who knows of it looks again before he goes. */
export function isUneasy({ openUntil, easeUntil = 0, faults }: Circuit, nowMs: number): boolean {
  return openUntil !== undefined || easeUntil > nowMs || lateFaults(faults, nowMs).length > 0;
}

/** Returns until when the call that tries has it to itself. */
export function probeUntil({ faults }: Circuit, nowMs: number): number {
  return nowMs + (faults === undefined ? PROBE_MS : SUSPECT_MS);
}

/** Returns the circuit after a failure, or nothing where it stays as it is. */
export function afterFault(before: Circuit, { source, probe, mostOfOne }: Fault, moment: Chance): Circuit | undefined {
  const { nowMs } = moment;
  const { openUntil, openSince = nowMs } = before;
  if (openUntil !== undefined) {
    if (!probe) return undefined; // who was under way when it opened has no news
    return { openSince, openUntil: nowMs + OPEN_MS.least + Math.floor(moment.chance() * OPEN_MS.spread) };
  }
  const late = lateFaults(before.faults, nowMs);
  const own = late.filter(([, whose]) => whose === source);
  const surplus = own.length < mostOfOne ? undefined : own[0];
  const faults: Faults = [...late.filter((one) => one !== surplus), [nowMs, source]];
  const told = { ...before, faults: JSON.stringify(faults) };
  if (faults.length < FAILURES) return told;
  const sameOutage = (before.easeUntil ?? 0) > nowMs;
  return { ...told, openUntil: nowMs, openSince: sameOutage ? openSince : nowMs };
}

/** Returns the circuit once the call that tried it got an answer. */
export function afterAnswer({ openSince }: Circuit, nowMs: number): Circuit {
  const outageMs = nowMs - (openSince ?? nowMs);
  return { openSince, closedAt: nowMs, easeUntil: nowMs + Math.ceil(EASE * outageMs) };
}

/** Returns the circuit as it is given back by a call that could not go after all. */
export function untried(before: Circuit, nowMs: number): Circuit {
  return { ...before, openUntil: nowMs };
}

/** Returns how long a call waits before it asks again, or nothing where it need not. */
export function holdMs({ openUntil = 0, openSince }: Circuit, moment: Chance): number | undefined {
  const { nowMs } = moment;
  if (openUntil <= nowMs) return undefined;
  const spread = Math.min(HOLD_MS.most, Math.max(HOLD_MS.least, (nowMs - (openSince ?? nowMs)) / 2));
  return Math.ceil(openUntil - nowMs + moment.chance() * spread);
}

/** Returns the time of a call among those that waited for the end of an outage; nothing for one that came after it. */
export function turnMs({ closedAt = 0, easeUntil = 0 }: Circuit, askedAtMs: number, moment: Chance) {
  const { nowMs } = moment;
  if (askedAtMs >= closedAt || easeUntil <= nowMs) return undefined;
  return Math.ceil(nowMs + moment.chance() * (easeUntil - nowMs));
}

function lateFaults(text: string | undefined, nowMs: number): Faults {
  const kept = (text === undefined ? undefined : (parseJson(text) as Faults | undefined)) ?? [];
  return kept.filter(([atMs]) => nowMs - atMs < WINDOW_MS);
}
