import { sha256 } from '../core/crypto.ts';
import { textAt } from '../core/json.ts';
import type { Limit } from '../providers/provider.ts';

// GCRA: each limit is one number, the time `t` at which all that was let through so far would have gone at its pace.
// `burst` calls may be ahead of it. A call that must wait takes its slot by moving `t` on, and comes back once.

/** One limit, as it applies to one request. */
export interface Pace {
  /** The attribute that holds `t` in ms: the limit's place in the manifest, and the input's value by its hash. */
  readonly name: string;
  /** Between two calls at the steady rate, in ms. */
  readonly everyMs: number;
  /** How far `t` may be ahead of now while a call still goes at once, in ms. */
  readonly aheadMs: number;
}

/** A place in the queue of a limit: the call goes at `atMs`, and then holds the first `held` of its limits. */
export interface Slot {
  readonly atMs: number;
  readonly held: number;
}

/** A slot that is used later than this is given back: its call would go beside those of its own time. */
export const SLOT_KEPT_MS = 120_000;

/** Returns the limits that apply, the narrowest first: a call that waits for a narrow one takes nothing of the wider. */
export function pacesOf(limits: readonly Limit[], action: string | undefined, input: unknown): Pace[] {
  return limits
    .map((limit, index) => ({ limit, index }))
    .filter(({ limit }) => limit.action === undefined || limit.action === action)
    .sort((a, b) => width(a.limit) - width(b.limit))
    .map(({ limit: { requests, perS, burst = requests, perInput }, index }) => {
      const everyMs = Math.ceil((perS * 1000) / requests);
      const value = perInput && sha256(textAt(input, perInput) ?? '').slice(0, 12);
      return {
        name: value ? `t${index}_${value.replaceAll('-', '_')}` : `t${index}`,
        everyMs,
        aheadMs: (burst - 1) * everyMs,
      };
    });
}

const width = ({ action, perInput }: Limit) => (perInput ? 0 : action ? 1 : 2);

/** Returns when a call goes that has just moved `t` on to `tMs`. */
export function slotAt({ everyMs, aheadMs }: Pace, tMs: number, nowMs: number): number {
  return Math.max(nowMs, tMs - everyMs - aheadMs);
}

/** How one limit's `t` is to be moved: from rest to now and one step, or one step on from where it is. */
export interface Step {
  readonly pace: Pace;
  readonly from: 'rest' | 'busy';
  /** The call must be able to go at once, or nothing is taken: a wider limit follows. */
  readonly atOnce: boolean;
}

/** Returns the steps that take a slot, given what is known of the limits; they end at the first that has to wait. */
export function stepsOf(paces: readonly Pace[], known: Readonly<Record<string, unknown>>, nowMs: number): Step[] {
  const times = paces.map((pace) => Number(known[pace.name] ?? 0));
  const waits = paces.findIndex((pace, index) => (times[index] ?? 0) > nowMs + pace.aheadMs);
  const taken = waits === -1 ? paces : paces.slice(0, waits + 1);
  return taken.map((pace, index) => ({
    pace,
    from: (times[index] ?? 0) > nowMs ? 'busy' : 'rest',
    atOnce: index < taken.length - 1,
  }));
}
