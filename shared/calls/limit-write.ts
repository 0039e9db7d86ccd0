import type { Expression, Item } from '../core/aws.ts';
import { ttlSeconds } from '../core/clock.ts';
import type { Step } from './admit.ts';
import { type Circuit, probeUntil } from './circuit.ts';

// The writes to a row of the limits: each takes place only where the row is as it was thought to be.

type Write = Expression & { readonly update: string };

/** A row that nothing happens to is forgotten after this; nothing in it lasts longer. */
export const ROW_MS = 24 * 60 * 60_000;

const circuitNames = ['openUntil', 'openSince', 'closedAt', 'easeUntil', 'faults'] as const;

/** One of the places for requests under way, until they must have ended. */
export interface Seat {
  readonly name: string;
  readonly untilMs: number;
}

/** Returns the write that takes the steps and a seat; whoever takes a half-open circuit's turn moves it on. */
export function takeWrite(
  { steps, seat }: { readonly steps: readonly Step[]; readonly seat?: Seat },
  circuit: Circuit,
  nowMs: number,
): Write {
  const { openUntil } = circuit;
  const values: Item = { ':now': nowMs, ':ttl': ttlSeconds(nowMs + ROW_MS) };
  const sets = ['#ttl = :ttl'];
  const conditions = ['(attribute_not_exists(blockedUntil) OR blockedUntil <= :now)'];
  if (openUntil === undefined) conditions.push('attribute_not_exists(openUntil)');
  else {
    Object.assign(values, { ':open': openUntil, ':probe': probeUntil(circuit, nowMs) });
    sets.push('openUntil = :probe');
    conditions.push('openUntil = :open');
  }
  for (const [index, { pace, from, mostMs }] of steps.entries()) {
    const name = `#${pace.name}`;
    if (from === 'rest') {
      values[`:to${index}`] = nowMs + pace.everyMs;
      sets.push(`${name} = :to${index}`);
      conditions.push(`(attribute_not_exists(${name}) OR ${name} <= :now)`);
    } else {
      values[`:step${index}`] = pace.everyMs;
      sets.push(`${name} = ${name} + :step${index}`);
      values[`:most${index}`] = mostMs;
      conditions.push(`${name} > :now`, `${name} <= :most${index}`);
    }
  }
  if (seat) {
    values[':until'] = seat.untilMs;
    sets.push(`${seat.name} = :until`);
    conditions.push(`(attribute_not_exists(${seat.name}) OR ${seat.name} <= :now)`);
  }
  return { update: `SET ${sets.join(', ')}`, condition: conditions.join(' AND '), values };
}

/** Returns the write that gives a seat back, unless it is another's by now. */
export function leaveWrite({ name, untilMs }: Seat): Write {
  return { update: `REMOVE ${name}`, condition: `${name} = :until`, values: { ':until': untilMs } };
}

/** Returns the write that puts a circuit in place of the one that was seen. */
export function circuitWrite(seen: Circuit, next: Circuit, nowMs: number): Write {
  const kept = circuitNames.filter((name) => next[name] !== undefined);
  const gone = circuitNames.filter((name) => next[name] === undefined && seen[name] !== undefined);
  const values: Item = { ':ttl': ttlSeconds(nowMs + ROW_MS) };
  for (const name of kept) values[`:${name}`] = next[name];
  const same = (['openUntil', 'faults'] as const).map((name) => {
    if (seen[name] === undefined) return `attribute_not_exists(${name})`;
    values[`:seen_${name}`] = seen[name];
    return `${name} = :seen_${name}`;
  });
  const sets = [...kept.map((name) => `${name} = :${name}`), '#ttl = :ttl'];
  return {
    update: `SET ${sets.join(', ')}${gone.length > 0 ? ` REMOVE ${gone.join(', ')}` : ''}`,
    condition: same.join(' AND '),
    values,
  };
}

/** Returns the write that lets nothing go before `untilMs`; an earlier time never shortens a later one. */
export function blockWrite(untilMs: number): Write {
  return {
    update: 'SET blockedUntil = :until, #ttl = :ttl',
    condition: 'attribute_not_exists(blockedUntil) OR blockedUntil < :until',
    values: { ':until': untilMs, ':ttl': ttlSeconds(untilMs + ROW_MS) },
  };
}
