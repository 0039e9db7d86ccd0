import { describe, expect, it } from 'vitest';
import type { Run, SyncRow } from '../../../shared/syncs/row.ts';
import {
  abandoned,
  advanced,
  born,
  claimed,
  failed,
  finished,
  forgetful,
  heldBy,
  LEASE_MS,
  nudged,
  restarted,
  resumed,
  set,
  stopped,
  takenUp,
  waiting,
  writing,
} from '../../../shared/syncs/sync.ts';
import { toView } from '../../../shared/syncs/view.ts';
import { clockAt, connection, tenantId, upstream } from './world.ts';

const nowMs = Date.UTC(2026, 10, 20, 10);
const clock = clockAt(nowMs);
const { sync } = upstream('ids', 2);
const fresh = born({ tenantId, connection, sync: 'things' }, sync, nowMs - 1_000, clock);
const runOf = ({ run }: SyncRow): Run => run ?? expect.fail('there is no run');
const busy = claimed(fresh, clock);

describe('a sync', () => {
  it('is due within 5 s of its connection, spread by chance', () => {
    expect(
      [0, 0.999].map(
        (chance) =>
          born(
            { tenantId, connection, sync: 'x' },
            sync,
            nowMs,
            clockAt(nowMs, () => chance),
          ).dueAt,
      ),
    ).toEqual([nowMs, nowMs + 4_995]);
  });

  it('holds a lease while it runs, renewed by each page', () => {
    expect(busy).toMatchObject({ status: 'running', dueAt: nowMs + LEASE_MS, run: { pages: 0, scratch: true } });
    expect(advanced(busy, runOf(busy), { records: [], next: 'p2' }, sync, nowMs + 10_000)).toMatchObject({
      dueAt: nowMs + 10_000 + LEASE_MS,
      run: { pages: 1, page: 'p2' },
    });
  });

  it('goes on with the run that was lost, from its last page', () => {
    const lost = advanced(busy, runOf(busy), { records: [], next: 'p2' }, sync, nowMs);
    expect(claimed(lost, clock).run).toEqual(lost.run);
  });

  it('begins anew under another id, in doubt of what the run before it may still write', () => {
    const again = restarted(writing(busy, runOf(busy), nowMs), clockAt(nowMs + 1));
    expect(again).toMatchObject({ doubtedAtMs: nowMs, run: { pages: 0, scratch: true } });
    expect(runOf(again).id > runOf(busy).id).toBe(true);
  });

  it('takes each page of a run from one message alone', () => {
    const on = advanced(busy, runOf(busy), { records: [], next: 'p2' }, sync, nowMs);
    expect(heldBy(busy, busy)).toBe(busy);
    expect(heldBy(on, busy)).toBeUndefined();
    expect(heldBy(claimed(on, clock, true), on)).toBeUndefined();
    expect(heldBy(stopped(on, { code: 'x', message: 'x' }, nowMs), on)).toBeUndefined();
  });

  it('belongs to a run that is not written down yet as long as it is due as it was', () => {
    const own = takenUp({ ...fresh, since: '2026-01' }, clock);
    const busier = { ...fresh, since: '2026-01', newsAtMs: nowMs, version: fresh.version + 1 };
    expect(heldBy(busier, own)).toEqual({ ...busier, run: own.run });
    const over = [
      claimed(fresh, clock),
      stopped(fresh, { code: 'x', message: 'x' }, nowMs),
      resumed(fresh, clockAt(nowMs + 60_000)),
      forgetful(fresh, nowMs + 60_000),
      set(fresh, { enabled: false }, clock),
      finished(own, runOf(own), { records: [] }, sync, clock),
      writing(own, runOf(own), nowMs),
    ];
    expect(over.map((row) => heldBy(row, own))).toEqual(over.map(() => undefined));
  });

  it('is due again at once after news that a run was too early for, and notes one of a burst', () => {
    const due = { ...fresh, since: '2026-01', dueAt: nowMs - 5_000 };
    const own = takenUp(due, clock);
    const news = nudged(due, nowMs + 500) ?? expect.fail('it was not noted');
    expect(nudged(news, nowMs + 1_000)).toBeUndefined();
    const dueAfter = (row: SyncRow) => finished(row, runOf(own), { records: [] }, sync, clock).dueAt;
    expect(dueAfter(heldBy(news, own) ?? own)).toBe(nowMs);
    expect(dueAfter({ ...own, newsAtMs: nowMs - 2_000 })).toBeGreaterThan(nowMs); // the run has seen that
    expect(nudged({ ...fresh, dueAt: nowMs + 9_000 }, nowMs)?.dueAt).toBe(nowMs);
    expect(nudged({ ...fresh, status: 'failing', dueAt: nowMs + 9_000 }, nowMs)).toBeUndefined();
  });

  it('ends a run at the greatest checkpoint of its pages, whatever their order', () => {
    const on = advanced(busy, runOf(busy), { records: [], next: 'p2', checkpoint: '2026-02' }, sync, nowMs);
    const done = finished(on, runOf(on), { records: [{ id: 'a', data: 1 }], checkpoint: '2026-01' }, sync, clock);
    expect(done).toMatchObject({ status: 'idle', since: '2026-02', lastSuccessAtMs: nowMs, records: 1 });
    expect(done.run).toBeUndefined();
  });

  it('never moves a checkpoint back, nor forgets it for an empty page', () => {
    const before = { ...busy, since: '2026-03' };
    expect(finished(before, runOf(busy), { records: [], checkpoint: '2026-02' }, sync, clock).since).toBe('2026-03');
    expect(finished(before, runOf(busy), { records: [] }, sync, clock).since).toBe('2026-03');
  });

  it('vouches for no time later than its run began, less the overlap', () => {
    const timed = { ...sync, overlapS: 10 };
    const end = (checkpoint: string) => finished(busy, runOf(busy), { records: [], checkpoint }, timed, clock).since;
    expect(end('2026-11-20T10:05:00.000Z')).toBe('2026-11-20T09:59:50.000Z');
    expect(end('2026-11-20T09:00:00.000Z')).toBe('2026-11-20T09:00:00.000Z');
  });

  it('is due again after its interval, a tenth more or less', () => {
    const next = (chance: number) =>
      (finished(
        { ...busy, fixed: true },
        runOf(busy),
        { records: [] },
        sync,
        clockAt(nowMs, () => chance),
      ).dueAt ?? 0) - nowMs;
    expect([next(0), next(0.5), next(1)]).toEqual([54_000, 60_000, 66_000]);
  });

  it('runs sooner while it finds changes, later while it finds none, unless its tenant has set how often', () => {
    const quarterly = { ...sync, everyS: 900 };
    const paced = (row: SyncRow, changes: number) =>
      finished(row, runOf(row), { records: [], checkpoint: 'c', changes }, quarterly, clock).everyS;
    const row = { ...busy, everyS: 900 };
    expect([paced(row, 3), paced(row, 0), paced({ ...row, fixed: true }, 3)]).toEqual([450, 1_125, 900]);
    const advancedRow = advanced(row, runOf(row), { records: [], next: 'p2', changes: 2 }, quarterly, nowMs);
    expect(paced(advancedRow, 0)).toBe(450); // it was the first page that had them
    expect(set(set(fresh, { every: 90 }, clock), { every: 'auto' }, clock)).toMatchObject({ everyS: 90, fixed: false });
  });

  it('waits longer with each failure, keeps a good place and drops a refused one', () => {
    const late = clockAt(nowMs, () => 1);
    const on = advanced(busy, runOf(busy), { records: [], next: 'p2' }, sync, nowMs);
    const error = { code: 'provider_unavailable', message: 'later' };
    const once = failed(on, error, { resume: true, waitMs: 0 }, late);
    expect(once).toMatchObject({ status: 'failing', failures: 1, error: { ...error, at: '2026-11-20T10:00:00.000Z' } });
    expect(once.run?.page).toBe('p2');
    expect(once.dueAt).toBe(nowMs + 60_000);
    expect(failed(once, error, { resume: true, waitMs: 0 }, late).dueAt).toBe(nowMs + 120_000);
    expect(failed({ ...on, failures: 40 }, error, { resume: true, waitMs: 0 }, late).dueAt).toBe(nowMs + 21_600_000);
    expect(failed(on, error, { resume: false, waitMs: 0 }, late).run).toBeUndefined();
  });

  it('forgets its failures with the next page', () => {
    expect(advanced({ ...busy, failures: 3 }, runOf(busy), { records: [], next: 'p' }, sync, nowMs).failures).toBe(0);
  });

  it('keeps a reserved turn while it waits, and gives it up after', () => {
    const slot = { atMs: nowMs + 5_000, held: 1 };
    const hidden = waiting(busy, runOf(busy), nowMs + 5_000, slot);
    expect(hidden.run?.slot).toEqual(slot);
    expect(advanced(hidden, runOf(hidden), { records: [], next: 'p' }, sync, nowMs).run?.slot).toBeUndefined();
  });

  it('is never due while it is paused or its connection cannot be used', () => {
    const off = stopped(busy, { code: 'needs_reauth', message: 'x' }, nowMs);
    expect([off.status, off.dueAt, off.run]).toEqual(['stopped', undefined, undefined]);
    expect(set(off, { enabled: true, every: 90 }, clock).dueAt).toBeUndefined();
    const paused = set(busy, { enabled: false }, clock);
    expect([paused.status, paused.dueAt]).toEqual(['idle', undefined]);
    expect(nudged({ ...paused, dueAt: nowMs + 1 }, nowMs)?.dueAt).toBeUndefined();
    expect(resumed(paused, clock).dueAt).toBeUndefined();
  });

  it('goes on where it was when a pause ends', () => {
    const on = advanced(busy, runOf(busy), { records: [], next: 'p2' }, sync, nowMs);
    const back = set(set(on, { enabled: false }, clock), { enabled: true }, clock);
    expect(back).toMatchObject({ dueAt: nowMs, run: { page: 'p2' } });
  });

  it('keeps its checkpoint when its connection is authorized again', () => {
    const off = stopped({ ...fresh, since: '2026-01' }, { code: 'needs_reauth', message: 'x' }, nowMs);
    expect(resumed(off, clock)).toMatchObject({ status: 'idle', since: '2026-01', failures: 0, error: undefined });
  });

  it('obeys a shorter interval at once and a longer one from its next run', () => {
    const idle = { ...fresh, dueAt: nowMs + 600_000 };
    expect(set(idle, { every: 60 }, clock)).toMatchObject({ everyS: 60, dueAt: nowMs + 60_000 });
    expect(set(idle, { every: 3_600 }, clock)).toMatchObject({ everyS: 3_600, dueAt: nowMs + 600_000 });
    expect(set(busy, { every: 60 }, clock)).toMatchObject({ status: 'running', dueAt: busy.dueAt });
  });

  it('reads everything anew once its records are kept for longer or shorter', () => {
    const busier = { ...busy, since: '2026-01' };
    const kept = set(busier, { retention: { days: 90 } }, clock);
    expect(kept).toMatchObject({ retentionS: 7_776_000, since: undefined, run: undefined, dueAt: nowMs });
    expect(set({ ...kept, since: '2026-02' }, { retention: { seconds: 7_776_000 } }, clock).since).toBe('2026-02');
    expect(set({ ...kept, since: '2026-02' }, { retention: 'forever' }, clock)).toMatchObject({
      ...{ retentionS: undefined, since: undefined },
    });
    expect(toView(kept, nowMs)).toMatchObject({ retention: { days: 90 } });
    expect(toView({ ...kept, retentionS: 3_601 }, nowMs)).toMatchObject({ retention: { seconds: 3_601 } });
    expect(toView(fresh, nowMs)).not.toHaveProperty('retention');
    const months = { ...sync, retention: { defaultS: 86_400 } };
    expect(born({ tenantId, connection, sync: 'things' }, months, nowMs, clock).retentionS).toBe(86_400);
  });

  it('is written once for all that its tenant wants at once', () => {
    const wish = { every: 90, settings: { channels: ['C1'] }, retention: { days: 1 } };
    expect(set(busy, wish, clock)).toMatchObject({ everyS: 90, retentionS: 86_400, version: busy.version + 1 });
  });

  it('loses its checkpoint with its records', () => {
    expect(abandoned({ ...busy, since: 'x' })).toMatchObject({ status: 'stopped', since: undefined, run: undefined });
    expect(forgetful({ ...busy, since: 'x' }, nowMs)).toMatchObject({ status: 'idle', since: undefined, dueAt: nowMs });
    expect(forgetful({ ...busy, status: 'stopped' }, nowMs)).toMatchObject({ status: 'stopped' });
  });

  it('has a version that no earlier row of its name had', () => {
    expect(fresh.version).toBe(nowMs);
    expect(busy.version).toBe(nowMs + 1);
  });

  it('shows what a tenant needs to know, and no lease', () => {
    expect(toView(busy, nowMs)).toEqual({
      sync: 'things',
      model: 'things',
      enabled: true,
      every: 60,
      adaptive: true,
      status: 'running',
    });
    const error = { code: 'x', message: 'y', at: '2026-11-20T10:00:00.000Z' };
    const idle = { ...fresh, lastSuccessAtMs: nowMs - 90_500, records: 3, error, dueAt: nowMs + 1_000 };
    expect(toView(idle, nowMs)).toMatchObject({
      ...{ status: 'idle', lagS: 90, records: 3, error },
      lastSuccessAt: '2026-11-20T09:58:29.500Z',
      nextRunAt: '2026-11-20T10:00:01.000Z',
    });
  });
});
