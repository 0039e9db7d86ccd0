import { ERASED } from '../../shared/core/keys.ts';
import { JITTER, SCHEDULE_MS } from '../../shared/deliveries/delivery.ts';
import { DeliveryWorld, kinds, type Receiver, type Reply, type Strike } from './delivery-world.ts';
import { seeded } from './world.ts';

interface Row {
  readonly sk: string;
  readonly subscriptionId: string;
  readonly status: string;
  readonly dueAt?: number;
  readonly attempts: readonly { readonly atMs: number; readonly error?: string }[];
}

const HOUR_MS = 3_600_000;
const good = { status: 204 } as const;

/** What receivers are like: one in ten of them is well behaved. */
const receivers: readonly ((chance: () => number, beganMs: number) => Receiver)[] = [
  () => () => good,
  (chance) => () => (chance() < 0.3 ? { status: 500 } : good),
  (chance) => () => (chance() < 0.3 ? 'silent' : good),
  (chance) => () => (chance() < 0.3 ? 'late' : good),
  (chance) => () => (chance() < 0.2 ? { status: 429, retryAfterS: 120 } : good),
  (chance) => () => (chance() < 0.2 ? { status: 302 } : good),
  (chance, beganMs) => {
    const untilMs = beganMs + chance() * 40 * HOUR_MS;
    return (_, nowMs) => (nowMs < untilMs ? { status: 503 } : good);
  },
  () => () => ({ status: 500 }), // for ever: exhausted
  (_, beganMs) => (_event, nowMs) => (nowMs < beganMs + 24 * HOUR_MS ? { status: 410 } : good),
  (chance) => (event) => (event.endsWith('7') ? { status: 400 } : chance() < 0.1 ? 'silent' : good), // bears some, not all
];

/** The one that answers 410. */
const GONE = 8;

export interface Summary {
  readonly deliveries: number;
  readonly attempts: number;
  readonly struck: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** Messages that the queue gave up: a tick brought others, or the rows were all there. */
  readonly dead: number;
  readonly faults: readonly string[];
}

/** Runs events through subscriptions of every kind, with faults at some of all requests; then what was disabled is enabled,
 *  among faults and without. Returns what is not as promised: each event accepted, or recorded as exhausted. */
export async function runLoad(
  { seed, subscriptions, events }: { readonly seed: number; readonly subscriptions: number; readonly events: number },
  faultsPerMille = 5,
): Promise<Summary> {
  const world = new DeliveryWorld(seed);
  const chance = seeded(seed ^ 0x2545f491);
  const beganMs = world.moment.nowMs;
  const ids: string[] = [];
  for (let at = 0; at < subscriptions; at++) {
    const make = receivers[at % receivers.length];
    if (make) ids.push(await world.subscribe(make(chance, beganMs)));
  }
  world.faultsPerMille = faultsPerMille;
  for (let number = 0; number < events; number++) world.tell(number);
  await world.settle();
  for (const permille of [faultsPerMille, 0]) {
    world.faultsPerMille = permille;
    for (const id of ids) await world.enable(id);
    await world.settle();
  }
  return judge(
    world,
    ids,
    events,
    ids.filter((_, at) => at % receivers.length === GONE),
  );
}

/** `anew`: where all was held, and sent anew: two schedules meet in the attempts. */
function judge(world: DeliveryWorld, ids: readonly string[], events: number, anew: readonly string[]): Summary {
  const rows = world.table.rows().filter((row): row is typeof row & Row => 'subscriptionId' in row);
  const accepted = [...world.accepted.values()];
  const faults: string[] = [];
  const statuses: Record<string, number> = {};
  const byId = Map.groupBy(rows, ({ subscriptionId }) => subscriptionId);
  for (const [at, id] of ids.entries()) {
    const own = byId.get(id) ?? [];
    if (own.length !== events) faults.push(`${id} has ${own.length} deliveries of ${events}`);
    for (const row of own) {
      statuses[row.status] = (statuses[row.status] ?? 0) + 1;
      const there = accepted[at]?.has(row.sk) === true;
      if (row.status === 'delivered' ? !there : row.status !== 'exhausted') {
        faults.push(`${row.sk} to ${at % receivers.length}: ${row.status}, ${there ? 'accepted' : 'never accepted'}`);
      }
      if (row.dueAt !== undefined) faults.push(`${row.sk} is over and due`);
      if (!anew.includes(id)) faults.push(...hasty(row));
    }
  }
  const { attempts, struck, dead } = world;
  return { deliveries: rows.length, attempts, struck, dead, statuses, faults };
}

/** No attempt comes before its time. */
function hasty({ sk, attempts }: Row): string[] {
  return attempts.slice(1).flatMap(({ atMs }, index) => {
    const least = (SCHEDULE_MS[index] ?? 0) * (1 - JITTER);
    const gapMs = atMs - (attempts[index]?.atMs ?? 0);
    return gapMs < least - 1_000 ? [`${sk}: attempt ${index + 2} came after ${gapMs} ms, not ${least}`] : [];
  });
}

export const flows = ['refused once', 'gone and enabled', 'silent, then taken'] as const;
const scripts: Readonly<Record<(typeof flows)[number], readonly Reply[]>> = {
  'refused once': [{ status: 500 }],
  'gone and enabled': Array(20).fill({ status: 410 }),
  'silent, then taken': ['late', 'silent'],
};

/** Runs one event to its end with one fault at one request; returns what is not as promised. */
export async function runStrike(flow: (typeof flows)[number], strike: Strike) {
  const world = new DeliveryWorld(1);
  const script = [...scripts[flow]];
  const id = await world.subscribe(() => script.shift() ?? good);
  world.requests = 0;
  world.strike = strike;
  world.tell(1);
  await world.settle();
  const gone = flow === 'gone and enabled';
  if (gone) {
    script.length = 0;
    await world.enable(id);
    await world.settle();
  }
  const struck = world.struck > 0;
  const { faults } = judge(world, [id], 1, gone ? [id] : []);
  const told = world.told.filter(({ type }) => type === 'subscription.disabled');
  const silent = gone && told.length === 0;
  const ids = new Set(told.map((event) => event.id));
  return {
    struck,
    faults: [
      ...faults,
      ...(silent ? ['nobody was told that it was disabled'] : []),
      ...(ids.size > 1 ? ['one disabling has two ids'] : []),
    ].map((fault) => `${flow}, ${strike.kind} ${strike.at}: ${fault}`),
  };
}

/** Returns what is not as promised with one fault, of every kind, at every request of a flow. */
export async function runStrikes(flow: (typeof flows)[number]): Promise<{ runs: number; faults: string[] }> {
  const found = { runs: 0, faults: [] as string[] };
  for (const kind of kinds) {
    for (let at = 1; ; at++) {
      const run = await runStrike(flow, { at, kind });
      if (!run.struck) break;
      found.runs += 1;
      found.faults.push(...run.faults);
    }
  }
  return found;
}

/** Runs an event to its end with its tenant erased just before one of its requests, and one fault at another; returns what
 *  stays of the tenant that ought not to. */
async function runErasure(at: number, strike: Strike | undefined) {
  const world = new DeliveryWorld(1);
  await world.subscribe(() => good);
  world.requests = 0;
  world.strike = strike;
  const atMs = world.moment.nowMs;
  let erased = false;
  world.meanwhile = {
    at,
    act: async () => {
      erased = true;
      await world.erase('gone', atMs);
    },
  };
  world.tell(1, 'gone');
  await world.settle();
  const left = world.table
    .rows()
    .filter(({ pk, sk, tenant }) => tenant === 'gone' || (pk === 'events#gone' && sk !== ERASED));
  const faults = left.map(({ pk, sk }) => `erased at ${at}, ${strike?.kind} ${strike?.at}: ${pk} ${sk} stays`);
  return { erased, struck: world.struck > 0, faults: erased ? faults : [] };
}

/** Returns what stays, wherever the erasure comes between the requests of an event that is still on its way, and whichever
 *  request does not come, or fails for its caller alone. */
export async function runErasures(): Promise<{ runs: number; faults: string[] }> {
  const found = { runs: 0, faults: [] as string[] };
  for (let at = 1; (await runErasure(at, undefined)).erased; at++) {
    found.faults.push(...(await runErasure(at, undefined)).faults);
    for (const kind of ['crash before', 'lost'] as const) {
      for (let strikeAt = 1; ; strikeAt++) {
        const run = await runErasure(at, { at: strikeAt, kind });
        if (!run.struck) break;
        found.runs += 1;
        found.faults.push(...run.faults);
      }
    }
  }
  return found;
}
