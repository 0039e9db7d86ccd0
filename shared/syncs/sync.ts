import type { Slot } from '../calls/admit.ts';
import { type Backoff, nextDelayMs } from '../core/backoff.ts';
import { iso, type Moment } from '../core/clock.ts';
import { newId } from '../core/ids.ts';
import { canonicalJson } from '../core/json.ts';
import type { Sync, SyncPage } from '../providers/syncs.ts';
import { paceOf } from './pace.ts';
import type { Run, SyncError, SyncRow } from './row.ts';
import type { Rest } from './sweep.ts';
import { secondsOf, type Wish } from './wish.ts';

/** A page once its records are written; `changes`: how many of them had really changed. `rest`: it is the last, and there
 *  is more to end than there was time for. */
export type PageDone = SyncPage & { readonly changes?: number; readonly rest?: Rest };

/** Longer than a function may run, so that no live run is handed out twice; each page renews it. */
export const LEASE_MS = 5 * 60_000;
/** Of news that come in one burst, one is written down each so often. */
export const BURST_MS = 1_000;
/** Spreads what becomes due together. */
const SPREAD_MS = 5_000;
const failureBackoff: Backoff = { baseMs: 60_000, capMs: 6 * 60 * 60_000 };

/** Returns the sync of a connection that has just come into being: due at once. */
export function born(
  about: Pick<SyncRow, 'tenantId' | 'connection' | 'sync' | 'account'>,
  { everyS, model, settings: Settings, retention }: Sync,
  atMs: number,
  moment: Moment,
): SyncRow {
  const { nowMs } = moment;
  const unchosen = Settings?.safeParse({});
  const enabled = unchosen?.success ?? true;
  return {
    ...{ ...about, model, enabled, everyS, status: 'idle', failures: 0, followedAtMs: atMs },
    ...{ bornAtMs: nowMs, version: nowMs },
    ...(unchosen?.success && { settings: unchosen.data }),
    ...(retention?.defaultS !== undefined && { retentionS: retention.defaultS }),
    ...(enabled && { dueAt: nowMs + spread(moment) }),
  };
}

/** Returns the row as a run takes it up, in memory alone: with the run that was, or a new one. `full`: a new one, from no
 *  checkpoint. */
export function takenUp(row: SyncRow, moment: Moment, full = false): SyncRow {
  const { doubtedAtMs } = row;
  const anew = full || (doubtedAtMs !== undefined && !row.run);
  const since = anew ? undefined : row.since;
  const run = (anew ? undefined : row.run) ?? newRun(since, moment);
  const settled = anew && doubtedAtMs !== undefined && moment.nowMs - doubtedAtMs >= LEASE_MS;
  return { ...row, since, run, doubtedAtMs: settled ? undefined : doubtedAtMs };
}

/** Returns the row with a run under way, as `takenUp` has it: nobody else begins one while its lease lasts. */
export function claimed(row: SyncRow, moment: Moment, full = false): SyncRow {
  const { since, run, doubtedAtMs } = takenUp(row, moment, full);
  return next({ ...row, doubtedAtMs }, { status: 'running', since, run, dueAt: moment.nowMs + LEASE_MS });
}

/** Returns the row with its run begun anew, under another id: what the one before has met does not count. */
export function restarted(row: SyncRow, moment: Moment): SyncRow {
  return next(row, { run: newRun(row.since, moment), dueAt: moment.nowMs + LEASE_MS });
}

/** Returns the row as its run begins to write a page; whoever does not hold it any more writes nothing. */
export function writing(row: SyncRow, run: Run, nowMs: number): SyncRow {
  const { writingSinceMs: doubtedAtMs = row.doubtedAtMs } = run; // whoever began it may not be gone
  const begun = { ...run, writingSinceMs: nowMs };
  return next(row, { status: 'running', run: begun, doubtedAtMs, dueAt: nowMs + LEASE_MS });
}

/** Returns the row, as it stands by now, with the run that `own` has, where that run is still the row's: by its pages once
 *  it is written down, and until then as long as the row is due as it was when it was handed out. */
export function heldBy(row: SyncRow, own: SyncRow): SyncRow | undefined {
  const { status, since, run, doubtedAtMs, dueAt } = own;
  if (status !== 'running') return row.dueAt === dueAt ? { ...row, since, run, doubtedAtMs } : undefined;
  const same = row.status === status && row.run?.id === run?.id && row.run?.pages === run?.pages;
  return same ? row : undefined;
}

/** Returns the row one page further. */
export function advanced(row: SyncRow, run: Run, page: PageDone, sync: Sync, nowMs: number): SyncRow {
  return next(row, { status: 'running', run: counted(run, page, sync), failures: 0, dueAt: nowMs + LEASE_MS });
}

/** Returns the row after its run's last page: the checkpoint moves, never back, until all is to be read anew. */
export function finished(row: SyncRow, run: Run, page: PageDone, sync: Sync, moment: Moment): SyncRow {
  const { overlapS, fullEveryS = Number.POSITIVE_INFINITY } = sync;
  const lastFullAtMs = run.scratch ? run.startedAtMs : row.lastFullAtMs;
  const fullIsDue = moment.nowMs - (lastFullAtMs ?? moment.nowMs) >= fullEveryS * 1000;
  const { reached, records, changes = 0 } = counted(run, page, sync);
  const latest = overlapS === undefined ? undefined : iso(run.startedAtMs - overlapS * 1000);
  const vouched = reached !== undefined && latest !== undefined && reached > latest ? latest : reached;
  const since = fullIsDue ? undefined : furthest(row.since, vouched, sync);
  const everyS = row.fixed ? row.everyS : paceOf(row.everyS, { changes, complete: since === undefined }, sync);
  const again = row.newsAtMs !== undefined && row.newsAtMs >= run.startedAtMs - BURST_MS;
  const pauseMs = again ? 0 : everyS * 1000 * (0.9 + 0.2 * moment.chance());
  return next(
    { ...row, run: undefined },
    {
      status: 'idle',
      newsAtMs: undefined,
      ...{ since, everyS },
      lastFullAtMs,
      failures: 0,
      error: undefined,
      lastSuccessAtMs: moment.nowMs,
      records,
      dueAt: moment.nowMs + (row.doubtedAtMs ? LEASE_MS : pauseMs),
    },
  );
}

/** Returns the row while the provider has it wait: `untilMs` is when its message, or a tick, comes. */
export function waiting(row: SyncRow, run: Run, untilMs: number, slot?: Slot): SyncRow {
  return next(row, { status: 'running', run: { ...run, slot }, dueAt: untilMs });
}

/** Returns the row after an attempt that failed, due again after a growing pause of at least `waitMs`. A resume point
 *  that the provider refused is not used again. */
export function failed(
  row: SyncRow,
  error: Omit<SyncError, 'at'>,
  { resume, waitMs }: { readonly resume: boolean; readonly waitMs: number },
  moment: Moment,
): SyncRow {
  const failures = row.failures + 1;
  return next(row, {
    status: 'failing',
    run: resume && row.run ? { ...row.run, slot: undefined } : undefined,
    failures,
    error: { ...error, at: iso(moment.nowMs) },
    dueAt: moment.nowMs + nextDelayMs(failures, failureBackoff, moment, waitMs),
  });
}

/** Returns the row of a connection that cannot be used: nothing is due until it is authorized again. */
export function stopped(row: SyncRow, error: Omit<SyncError, 'at'>, atMs: number): SyncRow {
  return next(row, { status: 'stopped', run: undefined, error: { ...error, at: iso(atMs) } });
}

/** Returns the row of a connection that was authorized again: it goes on from its checkpoint. */
export function resumed(row: SyncRow, moment: Moment): SyncRow {
  const dueAt = moment.nowMs + spread(moment);
  return next(row, { status: 'idle', run: undefined, failures: 0, error: undefined, dueAt });
}

/** Returns the row of a connection that is gone: it holds nothing of the run or the place it was at. */
export function abandoned(row: SyncRow): SyncRow {
  return next(row, { status: 'stopped', run: undefined, since: undefined });
}

/** Returns the row, due now; where a run may be under way, as soon as that is over; nothing where it would not be heard:
 *  while it fails, is paused or stopped, its next run finds what is new without. */
export function nudged(row: SyncRow, nowMs: number): SyncRow | undefined {
  const { status, dueAt, newsAtMs = 0 } = row;
  if (dueAt === undefined) return undefined;
  if (status === 'running' || dueAt <= nowMs) {
    return nowMs - newsAtMs < BURST_MS ? undefined : next(row, { newsAtMs: nowMs });
  }
  return status === 'idle' ? next(row, { dueAt: nowMs }) : undefined;
}

/** Returns the row without a checkpoint and without the run that began from it: due now. */
export function forgetful(row: SyncRow, nowMs: number): SyncRow {
  const status = row.status === 'stopped' ? 'stopped' : 'idle';
  return next(row, { status, since: undefined, run: undefined, dueAt: nowMs });
}

/** Returns the row as its tenant wants it. A pause keeps the place a run was at; another choice begins anew. */
export function set(row: SyncRow, wish: Wish, { nowMs }: Pick<Moment, 'nowMs'>): SyncRow {
  const { enabled = row.enabled, settings = row.settings } = wish;
  const fixed = wish.every === undefined ? row.fixed : wish.every !== 'auto';
  const every = typeof wish.every === 'number' ? wish.every : row.everyS;
  const retentionS = wish.retention === undefined ? row.retentionS : secondsOf(wish.retention);
  const chosen = settings !== row.settings && canonicalJson(settings) !== canonicalJson(row.settings ?? null);
  if (chosen || retentionS !== row.retentionS) {
    const anew = forgetful({ ...row, settings, retentionS }, nowMs);
    const rest = { ...wish, settings: undefined, retention: undefined };
    return set({ ...anew, version: row.version }, rest, { nowMs }); // both are one write
  }
  const pausing = !enabled && row.status === 'running';
  const latest = nowMs + every * 1000;
  let { dueAt } = row;
  if (enabled && !row.enabled) dueAt = nowMs;
  else if (row.status === 'idle') dueAt = Math.min(dueAt ?? latest, latest);
  return next(row, { everyS: every, fixed, enabled, status: pausing ? 'idle' : row.status, dueAt });
}

/** The one place where a row becomes its successor: only what is enabled and connected is ever due. */
function next(row: SyncRow, changes: Partial<SyncRow>): SyncRow {
  const { dueAt, ...rest } = { ...brokenOff(row, changes), ...changes, version: row.version + 1 };
  return rest.enabled && rest.status !== 'stopped' && dueAt !== undefined ? { ...rest, dueAt: Math.ceil(dueAt) } : rest;
}

/** Returns the row, in doubt from when a run began to write that is dropped in the midst of it. */
function brokenOff(row: SyncRow, changes: Partial<SyncRow>): SyncRow {
  const since = row.run?.writingSinceMs;
  const dropped = 'run' in changes && changes.run?.id !== row.run?.id;
  return dropped && since !== undefined ? { ...row, doubtedAtMs: since } : row;
}

function newRun(since: string | undefined, moment: Moment): Run {
  const id = newId('run', moment);
  return { id, startedAtMs: moment.nowMs, pages: 0, scratch: since === undefined, records: 0 };
}

function counted(run: Run, page: PageDone, sync: Sync): Run {
  return {
    ...run,
    pages: run.pages + 1,
    page: page.next,
    sweep: page.rest,
    scratch: run.scratch && !page.incomplete,
    reached: furthest(run.reached, page.checkpoint, sync),
    records: run.records + page.records.length,
    changes: (run.changes ?? 0) + (page.changes ?? 0),
    slot: undefined,
    writingSinceMs: undefined,
  };
}

function furthest(before: string | undefined, after: string | undefined, { checkpoints }: Sync): string | undefined {
  if (before === undefined || after === undefined) return after ?? before;
  return checkpoints === 'token' || after > before ? after : before;
}

function spread(moment: Moment): number {
  return Math.floor(moment.chance() * SPREAD_MS);
}
