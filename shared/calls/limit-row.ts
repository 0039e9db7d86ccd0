import type { Item, Table } from '../core/aws.ts';
import type { Moment } from '../core/clock.ts';
import { latestMs, type Pace, SLOT_KEPT_MS, type Slot, type Step, slotAt, stepsOf, waitedFor } from './admit.ts';
import { type Circuit, circuitOf, holdMs, stateOf, turnMs, untried } from './circuit.ts';
import { blockWrite, circuitWrite, leaveWrite, ROW_MS, type Seat, takeWrite } from './limit-write.ts';

/** `waitMs` is 0: go. Else come back after it, with the slot where one was taken. */
export interface Admission {
  readonly waitMs: number;
  readonly slot?: Slot;
  /** This call tries whether what was down is up again. */
  readonly probe?: boolean;
  /** To be given back when the request has ended. */
  readonly seat?: Seat;
}

/** Who asks to be let through. */
export interface Comer {
  readonly paces: readonly Pace[];
  readonly slot?: Slot;
  /** When the call was asked for: those that waited for the end of an outage do not come back all at once. */
  readonly askedAtMs?: number;
  /** From then on a slot is of no use to the call. Default: any is. */
  readonly untilMs?: number;
  /** How many requests may be under way at once. */
  readonly seats?: number;
  /** The row's half-open circuit is this one's to try already. */
  readonly probing?: boolean;
  /** How old a row may be that lets a call through without a write, in ms. */
  readonly believedMs: number;
}

const GO: Admission = { waitMs: 0 };
/** What this instance knows of an open circuit is believed for this long. */
const OPEN_BELIEVED_MS = 5_000;
/** Longer than two exchanges and a refresh between them; who dies in his seat leaves it then. */
const SEAT_MS = 75_000;
/** Whoever finds no seat comes back within this. */
const SEATED_MS = { least: 300, spread: 1_500 } as const;
/** Whoever finds a budget used up comes back within this. */
const USED_UP_MS = { least: 10_000, spread: 110_000 } as const;
/** Everybody is writing this row: step aside. */
const CROWDED_MS = { least: 200, spread: 800 } as const;
const LEFTOVERS = 64;
/** Rows that one function instance remembers. */
const REMEMBERED = 1_000;

export type LimitRows = ReturnType<typeof limitRows>;

/** Returns rows of the limits: in each the `t` of its paces, `blockedUntil`, and a circuit. */
export function limitRows(table: Table) {
  // Only a guess at how the row stands, which the write's condition confirms: a right one saves a request.
  const rows = new Map<string, { readonly row: Item; readonly readAtMs: number }>();

  function remember(pk: string, row: Item, readAtMs: number): Item {
    rows.delete(pk);
    rows.set(pk, { row, readAtMs });
    const [oldest] = rows.keys();
    if (rows.size > REMEMBERED && oldest !== undefined) rows.delete(oldest);
    return row;
  }

  async function read(pk: string, nowMs: number): Promise<Item> {
    return remember(pk, (await table.get({ pk })) ?? {}, nowMs);
  }

  async function change(
    pk: string,
    to: (before: Circuit) => Circuit | undefined,
    nowMs: number,
  ): Promise<Circuit | undefined> {
    let before = circuitOf(rows.get(pk)?.row ?? (await read(pk, nowMs)));
    for (let tries = 0; tries < 4; tries++) {
      const next = to(before);
      if (!next) return undefined;
      const written = await table.update({ pk }, circuitWrite(before, next, nowMs));
      before = circuitOf(remember(pk, written.item ?? {}, nowMs));
      if (written.done) return next;
    }
    return undefined;
  }

  async function leave(pk: string, seat: Seat): Promise<void> {
    const written = await table.update({ pk }, leaveWrite(seat));
    remember(pk, written.item ?? {}, 0); // others may have come meanwhile
  }

  return {
    read,
    leave,

    /** What this instance saw last of the row. */
    seen: (pk: string): Item | undefined => rows.get(pk)?.row,

    /** Takes a slot in every pace, in one request where they are as this instance left them, or at rest. */
    async pass(pk: string, comer: Comer, moment: Moment): Promise<Admission> {
      const { paces, slot, askedAtMs, untilMs, believedMs, seats, probing = false } = comer;
      const nowMs = moment.nowMs;
      if (slot && nowMs < slot.atMs) return { waitMs: slot.atMs - nowMs, slot };
      const held = slot && nowMs <= slot.atMs + SLOT_KEPT_MS ? slot.held : 0;
      const open = paces.slice(held);

      const { row, readAtMs } = rows.get(pk) ?? { row: {}, readAtMs: 0 };
      let known = row;
      let ageMs = nowMs - readAtMs;
      /** Seen within this turn, not remembered from an earlier one. */
      let sure = false;
      for (let tries = 0; tries < 6; tries++) {
        const circuit = circuitOf(known);
        const steps = stepsOf(open, known, nowMs, untilMs);
        const down = probing ? undefined : holdMs(circuit, moment);
        const idle = steps.length === 0 && seats === undefined && stateOf(circuit, nowMs) === 'closed';
        if ((down !== undefined && ageMs > OPEN_BELIEVED_MS) || (idle && ageMs > believedMs)) {
          known = await read(pk, nowMs);
          [ageMs, sure] = [0, true];
          continue;
        }
        if (down !== undefined) return { waitMs: down };
        const turn = eased(circuit, slot, askedAtMs, moment);
        if (turn) return turn;
        if (idle) return blocked(known, moment) ?? GO;
        const waits = waitedFor(steps, known, nowMs);
        if (waits?.unqueued) return later(USED_UP_MS, moment);
        const tMs = waits ? Number(known[waits.name]) : 0;
        if (waits && tMs > latestMs(waits, nowMs, untilMs)) return { waitMs: tMs - waits.aheadMs - nowMs };

        const seat = seats === undefined || waits ? undefined : freeSeat(seats, known, moment);
        if (seats !== undefined && !waits && !seat) {
          if (sure) return later(SEATED_MS, moment);
          known = await read(pk, nowMs);
          [ageMs, sure] = [0, true];
          continue;
        }
        const written = await table.update({ pk }, takeWrite({ steps, seat }, circuit, nowMs));
        known = remember(pk, written.item ?? {}, nowMs);
        [ageMs, sure] = [0, true];
        if (written.done) {
          await dropLeftovers(table, pk, known, nowMs);
          const probe = stateOf(circuit, nowMs) === 'half_open';
          const late = admission(steps, held, known, nowMs) ?? eased(circuitOf(known), slot, askedAtMs, moment);
          if (late && probe) await change(pk, (it) => untried(it, nowMs), nowMs);
          if (late && seat) await leave(pk, seat);
          return late ?? { ...GO, ...(probe && { probe }), ...(seat && { seat }) };
        }
        const wait = blocked(known, moment);
        if (wait) return wait;
      }
      return later(CROWDED_MS, moment);
    },

    /** Lets nothing go before `untilMs`, a day ahead at most. */
    async block(pk: string, untilMs: number, nowMs: number): Promise<void> {
      const written = await table.update({ pk }, blockWrite(Math.min(untilMs, nowMs + ROW_MS)));
      remember(pk, written.item ?? {}, nowMs);
    },

    /** Makes a change of the row's circuit and returns it; nothing where there is none to make, or others always made it
     *  first. */
    change,
  };
}

/** The fraction tells one holder of a seat from the next. */
function freeSeat(seats: number, known: Item, moment: Moment): Seat | undefined {
  const names = Array.from({ length: seats }, (_, at) => `seat${at}`);
  const name = names.find((one) => Number(known[one] ?? 0) <= moment.nowMs);
  return name === undefined ? undefined : { name, untilMs: moment.nowMs + SEAT_MS + moment.chance() };
}

function later({ least, spread }: { readonly least: number; readonly spread: number }, moment: Moment): Admission {
  return { waitMs: least + Math.floor(moment.chance() * spread) };
}

function admission(steps: readonly Step[], held: number, item: Item, nowMs: number): Admission | undefined {
  const last = steps.at(-1);
  if (!last) return undefined;
  const atMs = slotAt(last.pace, Number(item[last.pace.name]), nowMs);
  return atMs > nowMs ? { waitMs: atMs - nowMs, slot: { atMs, held: held + steps.length } } : undefined;
}

/** Who waited for the end of an outage is given a time, once; the limits are asked when it has come. */
function eased(
  circuit: Circuit,
  slot: Slot | undefined,
  askedAtMs: number | undefined,
  moment: Moment,
): Admission | undefined {
  if (slot || askedAtMs === undefined) return undefined;
  const atMs = turnMs(circuit, askedAtMs, moment);
  return atMs === undefined ? undefined : { waitMs: atMs - moment.nowMs, slot: { atMs, held: 0 } };
}

/** Those who wait out a block do not come back in the same moment. */
function blocked(item: Item | undefined, moment: Moment): Admission | undefined {
  const until = Number(item?.blockedUntil ?? 0);
  return until > moment.nowMs ? { waitMs: Math.ceil(until - moment.nowMs + moment.chance() * 1000) } : undefined;
}

/** Limits per input value leave a number behind for each value; past ones go, unless one has just come into use. */
async function dropLeftovers(table: Table, pk: string, item: Item, nowMs: number): Promise<void> {
  const past = Object.keys(item).filter((name) => /^t\d+_/.test(name) && Number(item[name]) <= nowMs);
  if (past.length < LEFTOVERS) return;
  const names = past.slice(0, LEFTOVERS / 2).map((name) => `#${name}`);
  await table.update(
    { pk },
    {
      update: `REMOVE ${names.join(', ')}`,
      condition: names.map((name) => `${name} <= :now`).join(' AND '),
      values: { ':now': nowMs },
    },
  );
}
