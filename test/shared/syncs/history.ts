import { AsyncLocalStorage } from 'node:async_hooks';
import type { AttemptOutcome, Job } from '../../../shared/calls/attempt.ts';
import { iso } from '../../../shared/core/clock.ts';
import type { HubEvent } from '../../../shared/core/event.ts';
import { absorb } from '../../../shared/syncs/absorb.ts';
import { amend } from '../../../shared/syncs/amend.ts';
import { SyncMessage } from '../../../shared/syncs/contract.ts';
import { follow } from '../../../shared/syncs/follow.ts';
import { nudge } from '../../../shared/syncs/nudge.ts';
import { plan } from '../../../shared/syncs/plan.ts';
import { eventIdOf, type RecordRow, type Seen } from '../../../shared/syncs/record.ts';
import type { SyncRow } from '../../../shared/syncs/row.ts';
import { run } from '../../../shared/syncs/run.ts';
import { runNow } from '../../../shared/syncs/run-now.ts';
import { set } from '../../../shared/syncs/sync.ts';
import {
  changeFeed,
  clockAt,
  connection,
  type Io,
  memoryBus,
  memoryQueue,
  memoryRecords,
  memorySyncs,
  seeded,
  tenantId,
  upstream,
} from './world.ts';

/** An I/O fails: as the end of its process, or as an error that the work hears of. */
class Crash extends Error {}

/** One invocation: once it has ended, nothing more goes out. */
const invocation = new AsyncLocalStorage<{ ended: boolean }>();

const VISIBILITY_MS = 720_000;
const RECEIVES = 10;
const START_MS = Date.UTC(2026, 10, 20, 10);

export interface History {
  readonly faults: readonly string[];
  readonly counts: {
    readonly changes: number;
    readonly runs: number;
    readonly crashes: number;
    readonly events: number;
    readonly webhooks: number;
    /** Turns that ended in the midst of a sweep. */
    readonly sweeps: number;
    readonly refused: number;
    readonly removals: number;
  };
  /** Of all that was told, in order: the same seed has the same. */
  readonly trace: number;
}

/** Plays one random history of a sync on the production code and returns what went wrong with it; nothing, that is.
 *  Upstream changes; ticks are missed, doubled and late; messages are lost, repeated and overlap; every I/O may fail
 *  before or after its effect, with or without the end of the process; the provider throttles and fails; the tenant pauses,
 *  asks for full runs, disconnects and connects again. Of some histories webhooks tell too: lost, repeated, late, and beside
 *  polls; of some one object cannot be written until all is well. Whoever is told knows an event by its id alone. */
export async function play(seed: number): Promise<History> {
  const chance = seeded(seed);
  const pick = (n: number) => Math.floor(chance() * n);
  const clock = clockAt(START_MS, chance);
  const faults: string[] = [];
  const counts = { changes: 0, runs: 0, crashes: 0, events: 0, webhooks: 0, sweeps: 0, refused: 0, removals: 0 };
  let trace = 0;
  let healing = false;

  // Every I/O takes its time and waits at a gate, and the gates open in any order: this is how overlapping work interleaves.
  const gates: (() => void)[] = [];
  const crashRate = chance() ** 3 * 0.1;
  const faultRate = chance() ** 2;
  const io: Io = async (what, effect) => {
    const work = invocation.getStore();
    if (work?.ended) throw new Crash(what);
    await new Promise<void>((resolve) => gates.push(resolve));
    clock.nowMs += 1;
    if (!healing && chance() < crashRate) return crash(what);
    const result = effect();
    if (!healing && chance() < crashRate) return crash(what);
    if (work?.ended) throw new Crash(what);
    return result;
  };
  const crash = (what: string): never => {
    counts.crashes++;
    const work = invocation.getStore();
    if (work && chance() < 0.5) work.ended = true;
    throw new Crash(what);
  };

  const limit = 1 + pick(4);
  const feed = chance() < 0.4 ? changeFeed(limit) : undefined;
  const order = chance() < 0.6 ? 'changes' : 'ids';
  const provider = feed ?? upstream(order, limit);
  const hooked = !feed && order === 'changes' && chance() < 0.6;
  const bus = memoryBus(io);
  const told = new Set<string>();
  /** By object: the data that was told, under an id of its own, since the copy of today began. */
  let news = new Map<string, Set<string>>();
  const publish = async (batch: readonly HubEvent[]) => {
    await bus.publish(batch);
  };
  const remember = () => {
    for (const { id, data } of bus.events.splice(0)) {
      counts.events++;
      const { id: object, data: shown } = data as { id: string; data?: object };
      if (!told.has(id) && shown) news.set(object, new Set(news.get(object)).add(JSON.stringify(sorted(shown))));
      trace = Buffer.from(id).reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, trace);
      told.add(id);
    }
  };

  const everGone = new Set<string>();
  let mayGoBack = false;
  const { store: syncs, rows } = memorySyncs(io, (before, after) => {
    if (after.run?.sweep) counts.sweeps++;
    if (after.bornAtMs !== before?.bornAtMs) {
      remember();
      news = new Map();
    }
    const back =
      before?.since !== undefined &&
      (after.since === undefined ||
        (feed ? feed.momentOf(after.since) < feed.momentOf(before.since) : after.since < before.since));
    if (back && !mayGoBack && before.doubtedAtMs === undefined)
      faults.push(`the checkpoint went back from ${before?.since} to ${after.since}`);
    if (after.dueAt === undefined && after.enabled && after.status !== 'stopped') faults.push('a row is due never');
  });
  const unwritable = chance() < 0.3 ? `t${pick(8)}` : undefined;
  const { store: records, rows: copies } = memoryRecords(io, (key, row, before) => {
    if (row.id === unwritable && !healing) {
      counts.refused++;
      throw new Crash('refused');
    }
    remember();
    const change =
      row.deletedAtMs !== undefined ? 'deleted' : !before || before.deletedAtMs !== undefined ? 'created' : 'updated';
    const unmet = change === 'deleted' && row.version !== (before?.version ?? 0) + 1; // in the copy of today
    if (row.version === before?.version || unmet) return;
    if (change === 'deleted' && !everGone.has(row.id)) faults.push(`${row.id} was told deleted and never was`);
    if (!told.has(eventIdOf(key, row))) faults.push(`${row.id} v${row.version} was written and never told`);
  });

  const outbox = memoryQueue(io);
  const queue: { body: string; visibleAtMs: number; receives: number }[] = [];
  const collect = () => {
    for (const { body, delayS = 0 } of outbox.sent.splice(0)) {
      queue.push({ body, visibleAtMs: clock.nowMs + delayS * 1000, receives: 0 });
      if (!healing && chance() < 0.05) queue.push({ body, visibleAtMs: clock.nowMs, receives: 0 }); // delivered twice
      if (!healing && chance() < 0.05) queue.pop(); // lost: an expired one
    }
  };

  const expired = new Set<unknown>();
  const attempts = {
    attempt: (job: Job): Promise<AttemptOutcome> =>
      io('attempt', () => {
        const error = { provider: 'demo', code: 'odd', message: 'odd', retryable: true };
        const draw = healing || chance() > faultRate ? 1 : chance() * 0.2;
        if (draw < 0.05) return { kind: 'retry', error: { ...error, status: 503 }, waitMs: 500 };
        if (draw < 0.1) {
          const waitMs = [900, 20_000, 3_600_000][pick(3)] ?? 0;
          return { kind: 'retry', error: { ...error, status: 429, retryAfterMs: waitMs }, waitMs };
        }
        if (draw < 0.15) return { kind: 'deferred', waitMs: [300, 5_000][pick(2)] ?? 0 };
        const cursor = job.request.query?.cursor;
        if (draw < 0.18) expired.add(cursor);
        if (cursor !== undefined && expired.has(cursor)) return { kind: 'failed', error: { ...error, status: 410 } };
        if (draw < 0.2) return { kind: 'succeeded', status: 200, headers: {}, body: 'not what was promised' };
        return provider.answer(job);
      }),
  };
  const offered = () => ({ things: provider.sync });
  const ports = { offered, syncs, records, attempts, bus: { publish }, queue: outbox };

  /** Of a function's time, each look at the clock. */
  const pageMs = [4_000, 8_000][pick(2)] ?? 0;
  let working = 0;
  const start = (work: () => Promise<unknown>) => {
    working++;
    const settle = (error?: unknown) => {
      working--;
      if (error && !(error instanceof Crash)) faults.push(String(error));
    };
    invocation.run({ ended: false }, work).then(() => settle(), settle);
  };
  const open = async (most: number) => {
    for (let opened = 0; working > 0 && opened < most; opened++) {
      await new Promise((resolve) => setImmediate(resolve));
      gates.splice(pick(gates.length), 1)[0]?.();
    }
    await new Promise((resolve) => setImmediate(resolve));
    remember();
    collect();
  };

  const tick = () => start(() => plan({ syncs, queue: outbox }, clock, () => false));
  const receive = () => {
    const visible = queue.filter(({ visibleAtMs }) => visibleAtMs <= clock.nowMs);
    const message = visible[pick(visible.length)];
    if (!message) return;
    message.visibleAtMs = clock.nowMs + VISIBILITY_MS;
    if (++message.receives > RECEIVES) return void queue.splice(queue.indexOf(message), 1);
    let remainingMs = 38_000 + pick(24_000);
    start(async () => {
      const outcome = await run(SyncMessage.parse(JSON.parse(message.body)), ports, clock, () => {
        remainingMs -= pageMs;
        return remainingMs;
      });
      if (outcome === 'finished') counts.runs++;
      if (healing || chance() < 0.95) queue.splice(queue.indexOf(message), 1); // else the acknowledgement was lost
    });
  };
  const rowNow = (): SyncRow | undefined => [...rows.values()][0];
  const change = () => {
    counts.changes++;
    const id = `t${pick(8)}`;
    const updatedAt = iso(hooked ? unique() : Math.floor(clock.nowMs / 10_000) * 10_000);
    const deleted = chance() < 0.15;
    if (deleted) everGone.add(id);
    const data = { id, name: `n${pick(5)}`, updatedAt };
    provider.objects.set(id, { ...data, ...(deleted && { deleted }) });
    if (!hooked) return;
    for (let copies = [0, 1, 1, 2][pick(4)] ?? 1; copies > 0; copies--) hooks.push({ id, updatedAt, deleted, data });
  };
  // Of one and the same time polls read all again; a webhook that comes late can only be told by its time.
  let lastMs = 0;
  const unique = () => {
    lastMs = Math.max(lastMs + 1, clock.nowMs);
    return lastMs;
  };
  const hooks: Seen[] = [];
  const hear = () => {
    const [seen] = hooks.splice(pick(hooks.length), 1);
    if (!seen) return;
    counts.webhooks++;
    start(async () => {
      try {
        await absorb(
          [seen],
          { tenantId, connection, model: 'things' },
          { offered, syncs, records, bus: { publish } },
          clock,
        );
      } catch (error) {
        hooks.push(seen); // its message comes again
        throw error;
      }
    });
  };
  const tell = (type: 'connection.activated' | 'connection.needs_reauth', agoMs = 0) => {
    const event = { type, tenantId, connection, atMs: clock.nowMs - agoMs };
    start(() => follow(event, { offered, syncs, records }, clock));
  };

  /** Its event comes again until it is obeyed. */
  const remove = () => {
    const event = { type: 'connection.removed', tenantId, connection, atMs: clock.nowMs } as const;
    const obey = (): Promise<unknown> =>
      invocation
        .run({ ended: false }, () => follow(event, { offered, syncs, records }, clock))
        .catch((error) => {
          if (error instanceof Crash) return obey();
          throw error;
        });
    mayGoBack = true; // to nothing
    counts.removals++;
    start(obey);
  };

  tell('connection.activated');
  await open(Number.POSITIVE_INFINITY);
  const steps: [number, () => void][] = [
    [6, change],
    [4, () => elapse(pick(12_000))],
    [2, () => elapse(60_000 + pick(600_000))],
    [4, tick],
    [6, () => [elapse(60_000), tick()]],
    [1, () => [tick(), tick()]],
    [9, receive],
    [6, hear],
    [2, () => [receive(), receive(), receive()]],
    [1, () => start(() => nudge({ tenantId, connection, type: 'thing.changed' }, { syncs, offered }, clock))],
    [0.3, () => tell('connection.needs_reauth')],
    [0.6, () => tell('connection.activated', pick(2) * 60_000)],
    [0.15, remove],
    [0.15, () => [remove(), elapse(1_000), tell('connection.activated')]],
    [0.3, () => pause(chance() < 0.3)],
    [0.2, () => full()],
    [0.3, () => outlive()],
  ];
  const elapse = (ms: number) => {
    clock.nowMs += ms;
  };
  const pause = (enabled: boolean) => {
    const row = rowNow();
    if (row) start(() => amend(syncs.forTenant(tenantId), row, (it) => set(it, { enabled }, clock)));
  };
  const full = () => {
    const row = rowNow();
    mayGoBack = true; // by wish
    if (row) start(() => runNow(row, { full: true }, { syncs: syncs.forTenant(tenantId), queue: outbox }, clock));
  };
  const outlive = () => {
    feed?.forget();
    mayGoBack = true; // to nothing, since the provider knows the token no more
  };
  const weight = steps.reduce((sum, [share]) => sum + share, 0);
  const choose = (at: number) => {
    let below = 0;
    for (const [share, act] of steps) {
      below += share;
      if (at < below) return act;
    }
    return change;
  };
  for (let step = 0; step < 100; step++) {
    choose(chance() * weight)();
    await open(chance() < 0.2 ? Number.POSITIVE_INFINITY : pick(30));
  }

  // From here on all is well: whatever the history left behind must come right by itself.
  healing = true;
  clock.nowMs += 1;
  await open(Number.POSITIVE_INFINITY);
  pause(true);
  tell('connection.activated');
  while (hooks.length > 0) hear();
  await open(Number.POSITIVE_INFINITY);
  const enough = counts.runs + 2;
  for (let round = 0; counts.runs < enough || rowNow()?.doubtedAtMs !== undefined; round++) {
    if (round === 200) {
      faults.push(`it does not run again: ${JSON.stringify(rowNow())}`);
      break;
    }
    clock.nowMs += 60_000;
    tick();
    await open(Number.POSITIVE_INFINITY);
    for (let more = queue.length; more > 0; more--) receive();
    await open(Number.POSITIVE_INFINITY);
  }

  const [copy = new Map<string, RecordRow>()] = copies.values();
  faults.push(...differences(provider.objects, copy));
  for (const { id, data } of copy.values()) {
    if (data !== undefined && !news.get(id)?.has(data)) faults.push(`nobody was told of ${data}`);
  }
  return { faults, counts, trace };
}

function differences(
  objects: ReadonlyMap<string, { id: string; deleted?: boolean }>,
  copy: ReadonlyMap<string, RecordRow>,
) {
  const want = [...objects.values()]
    .filter(({ deleted }) => !deleted)
    .map((one) => [one.id, JSON.stringify(sorted(one))]);
  const have = [...copy.values()].filter(({ data }) => data !== undefined).map(({ id, data }) => [id, data]);
  const text = (pairs: readonly unknown[]) => JSON.stringify([...pairs].sort());
  return text(want) === text(have) ? [] : [`upstream has ${text(want)}, the copy ${text(have)}`];
}

function sorted(one: object) {
  return Object.fromEntries(
    Object.entries(one)
      .filter(([key]) => key !== 'deleted')
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
