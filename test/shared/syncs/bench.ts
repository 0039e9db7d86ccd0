import type { AttemptOutcome, Job } from '../../../shared/calls/attempt.ts';
import type { Sync } from '../../../shared/providers/syncs.ts';
import { SyncMessage } from '../../../shared/syncs/contract.ts';
import { follow } from '../../../shared/syncs/follow.ts';
import { plan } from '../../../shared/syncs/plan.ts';
import { isExpired, type RecordRow } from '../../../shared/syncs/record.ts';
import type { SyncRow } from '../../../shared/syncs/row.ts';
import { type RunOutcome, run } from '../../../shared/syncs/run.ts';
import { LEASE_MS } from '../../../shared/syncs/sync.ts';
import {
  calm,
  clockAt,
  connection,
  type Io,
  memoryBus,
  memoryQueue,
  memoryRecords,
  memorySyncs,
  tenantId,
  upstream,
} from './world.ts';

/** As much as the index of what is due may be late by. */
export const INDEX_MS = 2_000;

/** A sync on a table in memory, with a provider to talk to: what happens is what a test makes happen. */
export function workbench(order: 'changes' | 'ids', limit = 2) {
  const provider = upstream(order, limit);
  const bench = benchOf(provider.sync, provider.answer);
  return {
    ...bench,
    provider,

    /** Something happens upstream, now. */
    put(id: string, name: string, more: { readonly deleted?: boolean } = {}) {
      provider.objects.set(id, { id, name, updatedAt: new Date(bench.clock.nowMs).toISOString(), ...more });
    },

    /** What the copy holds: id → name. */
    copy: () => Object.fromEntries(bench.kept().map(({ id, data }) => [id, JSON.parse(data ?? '').name])),
  };
}

/** The same of any sync, and whoever answers its requests. */
export function benchOf(sync: Sync, answer: (job: Job) => AttemptOutcome) {
  const state: { io: Io; interrupt?: (job: Job) => AttemptOutcome | undefined } = { io: calm };
  const io: Io = (what, effect) => state.io(what, effect);
  const clock = clockAt(Date.UTC(2026, 10, 20, 10));
  const { store: syncs, rows } = memorySyncs(io);
  const { store: records, rows: copies } = memoryRecords(io);
  const bus = memoryBus(io);
  const queue = memoryQueue(io);
  const jobs: Job[] = [];
  const attempts = {
    attempt: (job: Job): Promise<AttemptOutcome> =>
      io('attempt', () => {
        jobs.push(job);
        return state.interrupt?.(job) ?? answer(job);
      }),
  };
  const offered = () => ({ things: sync });
  const ports = { offered, syncs, records, attempts, bus, queue };

  return {
    ...{ clock, ports, jobs, rows, queue, state },
    events: bus.events,

    connect: () => follow({ type: 'connection.activated', tenantId, connection, atMs: clock.nowMs }, ports, clock),
    tick: () => plan({ syncs, queue }, clock, () => false),
    deliver: (body: string, remainingMs = () => 120_000): Promise<RunOutcome> =>
      run(SyncMessage.parse(JSON.parse(body)), ports, clock, remainingMs),

    /** Time passes until the sync is due, a tick comes that hands it out, and its message with all that follow. */
    async cycle(remainingMs?: () => number): Promise<RunOutcome[]> {
      clock.nowMs = Math.max(clock.nowMs, this.row().dueAt ?? 0) + INDEX_MS;
      if ((await this.tick()) === 0) {
        clock.nowMs += LEASE_MS;
        await this.tick();
      }
      const outcomes: RunOutcome[] = [];
      for (let message = queue.sent.shift(); message; message = queue.sent.shift()) {
        clock.nowMs += (message.delayS ?? 0) * 1_000;
        outcomes.push(await this.deliver(message.body, remainingMs));
        if (outcomes.length > 50) throw new Error('it goes on for ever');
      }
      return outcomes;
    },

    row(): SyncRow {
      const [row] = rows.values();
      if (!row) throw new Error('there is no row');
      return row;
    },

    /** What the copy holds. */
    kept(): RecordRow[] {
      const [copy] = copies.values();
      return [...(copy?.values() ?? [])].filter((row) => row.data !== undefined && !isExpired(row, clock.nowMs));
    },
    told: () => bus.events.map(({ type, data }) => `${type} ${(data as { id: string }).id}`),
  };
}
