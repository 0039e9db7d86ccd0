import type { Item, Table } from '../core/aws.ts';
import { type Moment, ttlSeconds } from '../core/clock.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { limitKey } from '../core/keys.ts';
import { type Pace, SLOT_KEPT_MS, type Slot, type Step, slotAt, stepsOf } from './admit.ts';

/** `waitMs` is 0: go. Else come back after it, with the slot where one was taken. */
export interface Admission {
  readonly waitMs: number;
  readonly slot?: Slot;
}

const GO: Admission = { waitMs: 0 };
/** A provider that asks for more is not believed: a call would be parked past its own end. */
const LONGEST_BLOCK_MS = 24 * 60 * 60_000;
const LEFTOVERS = 64;
/** Rows that one function instance remembers. */
const REMEMBERED = 1_000;

export type LimitStore = ReturnType<typeof limitStore>;

/** Returns the limits' shared state: one row per connection, with each limit's `t` and `blockedUntil`. */
export function limitStore(table: Table) {
  // Only a guess at how the row stands, which the write's condition confirms: a right one saves a request.
  const rows = new Map<string, Item>();
  function remember(pk: string, row: Item): void {
    rows.delete(pk);
    rows.set(pk, row);
    const [oldest] = rows.keys();
    if (rows.size > REMEMBERED && oldest !== undefined) rows.delete(oldest);
  }

  return {
    /** Takes a slot in every pace, in one request where they are as this instance left them, or at rest. */
    async take(
      tenantId: TenantId,
      id: ConnectionId,
      paces: readonly Pace[],
      moment: Moment,
      slot?: Slot,
    ): Promise<Admission> {
      const key = { pk: limitKey(tenantId, id, 'pace') };
      const nowMs = moment.nowMs;
      if (slot && nowMs < slot.atMs) return { waitMs: slot.atMs - nowMs, slot };
      const held = slot && nowMs <= slot.atMs + SLOT_KEPT_MS ? slot.held : 0;
      const open = paces.slice(held);
      if (open.length === 0) return blocked(await table.get(key), moment) ?? GO;

      let known = rows.get(key.pk) ?? {};
      for (let tries = 0; tries < 6; tries++) {
        const steps = stepsOf(open, known, nowMs);
        const written = await table.update(key, expression(steps, nowMs));
        known = written.item ?? {};
        remember(key.pk, known);
        if (written.done) {
          await dropLeftovers(table, key, written.item, nowMs);
          return admission(steps, held, written.item, nowMs);
        }
        const wait = blocked(known, moment);
        if (wait) return wait;
      }
      return { waitMs: Math.ceil(200 + moment.chance() * 800) }; // everybody is writing this row: step aside
    },

    /** Lets no call of the connection go before `untilMs`; an earlier time never shortens a later one. */
    async block(tenantId: TenantId, id: ConnectionId, untilMs: number, nowMs: number): Promise<void> {
      const until = Math.min(untilMs, nowMs + LONGEST_BLOCK_MS);
      await table.update(
        { pk: limitKey(tenantId, id, 'pace') },
        {
          update: 'SET blockedUntil = :until, #ttl = :ttl',
          condition: 'attribute_not_exists(blockedUntil) OR blockedUntil < :until',
          values: { ':until': until, ':ttl': ttlSeconds(until + LONGEST_BLOCK_MS) },
        },
      );
    },
  };
}

function expression(steps: readonly Step[], nowMs: number) {
  const values: Item = { ':now': nowMs, ':ttl': ttlSeconds(nowMs + LONGEST_BLOCK_MS) };
  const sets = ['#ttl = :ttl'];
  const conditions = ['(attribute_not_exists(blockedUntil) OR blockedUntil <= :now)'];
  for (const [index, { pace, from, atOnce }] of steps.entries()) {
    const name = `#${pace.name}`;
    if (from === 'rest') {
      values[`:to${index}`] = nowMs + pace.everyMs;
      sets.push(`${name} = :to${index}`);
      conditions.push(`(attribute_not_exists(${name}) OR ${name} <= :now)`);
    } else {
      values[`:step${index}`] = pace.everyMs;
      sets.push(`${name} = ${name} + :step${index}`);
      conditions.push(`${name} > :now`);
      if (atOnce) {
        values[`:ahead${index}`] = nowMs + pace.aheadMs;
        conditions.push(`${name} <= :ahead${index}`);
      }
    }
  }
  return { update: `SET ${sets.join(', ')}`, condition: conditions.join(' AND '), values };
}

function admission(steps: readonly Step[], held: number, item: Item, nowMs: number): Admission {
  const last = steps.at(-1);
  if (!last) return GO;
  const atMs = slotAt(last.pace, Number(item[last.pace.name]), nowMs);
  return atMs > nowMs ? { waitMs: atMs - nowMs, slot: { atMs, held: held + steps.length } } : GO;
}

/** Those who wait out a block do not come back in the same moment. */
function blocked(item: Item | undefined, moment: Moment): Admission | undefined {
  const until = Number(item?.blockedUntil ?? 0);
  return until > moment.nowMs ? { waitMs: Math.ceil(until - moment.nowMs + moment.chance() * 1000) } : undefined;
}

/** Limits per input value leave a number behind for each value; past ones go, unless one has just come into use. */
async function dropLeftovers(table: Table, key: Item, item: Item, nowMs: number): Promise<void> {
  const past = Object.keys(item).filter((name) => /^t\d+_/.test(name) && Number(item[name]) <= nowMs);
  if (past.length < LEFTOVERS) return;
  const names = past.slice(0, LEFTOVERS / 2).map((name) => `#${name}`);
  await table.update(key, {
    update: `REMOVE ${names.join(', ')}`,
    condition: names.map((name) => `${name} <= :now`).join(' AND '),
    values: { ':now': nowMs },
  });
}
