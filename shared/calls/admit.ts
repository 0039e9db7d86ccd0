import { sha256 } from '../core/crypto.ts';
import { textAt } from '../core/json.ts';
import type { Limit } from '../providers/provider.ts';
import { ROW_MS } from './limit-write.ts';

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
  /** What the other lane leaves over: taken where it lets the call go sooner. */
  readonly reserve?: Pace;
  /** Who finds it used up is given no slot: he comes back some time later. */
  readonly unqueued?: true;
  /** It is of the owner's app, so it stands in the provider's row. */
  readonly ofApp?: true;
}

/** A place in the queue of a limit: the call goes at `atMs`, and then holds the first `held` of its limits. */
export interface Slot {
  readonly atMs: number;
  readonly held: number;
  /** The provider's budget of further tries has been charged. */
  readonly paid?: true;
}

/** What is asked to be let through. */
export interface Ask {
  readonly action?: string;
  readonly input?: unknown;
  readonly lane?: 'interactive' | 'bulk';
}

/** A slot that is used later than this is given back: its call would go beside those of its own time. */
export const SLOT_KEPT_MS = 120_000;
/** Fewer calls than this are not shared out between lanes: a reserve would be most of them. */
const SHARED_FROM = 20;
/** Second and further tries: so many at once, then one in each so many ms; and one for every ten first tries. A single
 *  connection cannot use up its provider's. */
const RETRIES = { connection: { burst: 10, everyMs: 12_000 }, provider: { burst: 20, everyMs: 6_000 } } as const;
const FIRST_TRIES = 10;

/** Returns the limits that apply, the narrowest first: a call that waits for a narrow one takes nothing of the wider. */
export function pacesOf(limits: readonly Limit[], { action, input, lane = 'interactive' }: Ask): Pace[] {
  return limits
    .map((limit, index) => ({ limit, index }))
    .filter(({ limit: { action: only } }) => only === undefined || only === action)
    .filter(({ limit: { except = [] } }) => action === undefined || !except.includes(action))
    .sort((a, b) => width(a.limit) - width(b.limit))
    .map(({ limit, index }) => {
      const value = limit.perInput && sha256(textAt(input, limit.perInput) ?? '').slice(0, 12);
      return paceOf(limit, value ? `t${index}_${value.replaceAll('-', '_')}` : `t${index}`, lane);
    });
}

/** The limit counts in any window of `perS`: what goes at once is taken off the pace, and so is the reserve. */
function paceOf({ requests, perS, burst, of }: Limit, name: string, lane: 'interactive' | 'bulk'): Pace {
  const share = Math.floor(requests / 50);
  const shared = requests >= SHARED_FROM;
  const main = burst ?? Math.max(1, share);
  const kept = shared ? { burst: Math.max(1, share), steps: Math.max(1, share >> 1) } : { burst: 1, steps: 0 };
  const steps = Math.max(1, requests - kept.steps - (main - 1) - (kept.burst - 1));
  return {
    ...pace(name, perS, steps, main),
    ...(of && { ofApp: true as const }),
    ...(shared && lane === 'interactive' && { reserve: pace(`${name}r`, perS, kept.steps, kept.burst) }),
  };
}

function pace(name: string, perS: number, steps: number, burst: number): Pace {
  const everyMs = Math.ceil((perS * 1000) / steps);
  return { name, everyMs, aheadMs: (burst - 1) * everyMs };
}

const width = ({ of, action, perInput }: Limit) => (of ? 3 : perInput ? 0 : action ? 1 : 2);

/** Returns the pace of further tries, so that they add a tenth to the first ones (E-23); `firstTries` since the last. */
export function retryPace(of: keyof typeof RETRIES, firstTries: number): Pace {
  const { burst, everyMs } = RETRIES[of];
  const costMs = Math.ceil(everyMs * Math.max(0, 1 - firstTries / FIRST_TRIES));
  return { name: 'retries', everyMs: costMs, aheadMs: (burst - 1) * everyMs, unqueued: true };
}

/** Returns what is left of the first tries once a further one has been made for them. */
export function spent(firstTries: number): number {
  return Math.max(0, firstTries - FIRST_TRIES);
}

/** Returns when a call goes that has just moved `t` on to `tMs`. */
export function slotAt({ everyMs, aheadMs }: Pace, tMs: number, nowMs: number): number {
  return Math.max(nowMs, tMs - everyMs - aheadMs);
}

/** How one limit's `t` is to be moved: from rest to now and one step, or one step on from where it is. */
export interface Step {
  readonly pace: Pace;
  readonly from: 'rest' | 'busy';
  /** Nothing is taken where `t` is further on by now: a wider limit follows, the other lane would have been the better, or the
   *  slot would come too late. */
  readonly mostMs: number;
}

/** Returns a slot as it is among the limits that come after the first `count`; nothing where it holds none of those before. */
export function beyond(slot: Slot | undefined, count: number): Slot | undefined {
  return slot && slot.held >= count ? { ...slot, held: slot.held - count } : undefined;
}

/** Returns how far on `t` may be for a slot before `untilMs`, and within what a row is kept for. */
export function latestMs({ everyMs, aheadMs }: Pace, nowMs: number, untilMs = Number.POSITIVE_INFINITY): number {
  return Math.min(untilMs + aheadMs - 1, nowMs + ROW_MS - everyMs);
}

/** Returns the steps that take a slot before `untilMs`, given what is known of the limits; they end at the first that has to
 *  wait. */
export function stepsOf(
  paces: readonly Pace[],
  known: Readonly<Record<string, unknown>>,
  nowMs: number,
  untilMs?: number,
): Step[] {
  const chosen = paces.map((pace) => sooner(pace, known, nowMs));
  const waits = chosen.findIndex(({ pace, tMs }) => tMs > nowMs + pace.aheadMs);
  const taken = waits === -1 ? chosen : chosen.slice(0, waits + 1);
  return taken.map(({ pace, tMs }, index) => ({
    pace,
    from: tMs > nowMs ? 'busy' : 'rest',
    mostMs:
      index < taken.length - 1 || pace.unqueued
        ? nowMs + pace.aheadMs
        : Math.min(latestMs(pace, nowMs, untilMs), paces[index] === pace ? Number.POSITIVE_INFINITY : tMs),
  }));
}

/** Returns the pace that the steps have to wait for, given what is known, or nothing where the call may go at once. */
export function waitedFor(
  steps: readonly Step[],
  known: Readonly<Record<string, unknown>>,
  nowMs: number,
): Pace | undefined {
  const last = steps.at(-1)?.pace;
  return last && Number(known[last.name] ?? 0) > nowMs + last.aheadMs ? last : undefined;
}

function sooner(pace: Pace, known: Readonly<Record<string, unknown>>, nowMs: number): { pace: Pace; tMs: number } {
  const of = (one: Pace) => ({ pace: one, tMs: Number(known[one.name] ?? 0) });
  const [main, reserve] = [of(pace), pace.reserve && of(pace.reserve)];
  return reserve && wait(reserve, nowMs) < wait(main, nowMs) ? reserve : main;
}

function wait({ pace, tMs }: { readonly pace: Pace; readonly tMs: number }, nowMs: number): number {
  return Math.max(0, tMs - nowMs - pace.aheadMs);
}
