import type { Attempts, Job } from '../calls/attempt.ts';
import type { Bus, Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import type { Sync, SyncPage } from '../providers/syncs.ts';
import { amend } from './amend.ts';
import type { SyncMessage } from './contract.ts';
import { messageOf } from './hand-out.ts';
import { keep, type Sighting, type Sinks } from './keep.ts';
import { findSync, type Offered } from './offer.ts';
import type { RecordStore } from './record-store.ts';
import type { Run, SyncRow } from './row.ts';
import type { SyncStore } from './store.ts';
import { sweep } from './sweep.ts';
import {
  advanced,
  claimed,
  failed,
  finished,
  forgetful,
  heldBy,
  LEASE_MS,
  type PageDone,
  restarted,
  stopped,
  takenUp,
  waiting,
  writing,
} from './sync.ts';
import { isForgotten, isStale, placeOf, type Turn, turnOf } from './turn.ts';

export interface RunPorts {
  readonly offered: Offered;
  readonly syncs: SyncStore;
  readonly records: RecordStore;
  readonly attempts: Pick<Attempts, 'attempt'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly queue: Pick<Queue, 'send'>;
}

/** What became of the message. `expired`: all will be read again, from the next tick on. `overtaken`: the run is another
 *  message's by now, or over. */
export type RunOutcome = 'finished' | 'continued' | 'waiting' | 'failed' | 'expired' | 'stopped' | 'overtaken';

/** Kept back of the function's time, for writing down a page. */
const RESERVE_MS = 15_000;
/** With less left the next message goes on: one attempt and its page still fit. */
const ENOUGH_MS = 2 * RESERVE_MS;
const ATTEMPT_MS = 30_000;
/** Shorter waits are slept; SQS can hold a message back so long; longer ones are left to a tick. */
const SHORT_MS = 1_000;
const MAX_DELAY_MS = 900_000;
/** From so many failures in a row on somebody is called. */
const FAILING = 5;

/** Returns what became of one message of a run: pages until the function's time is nearly over, after each the records
 *  and then the place written down. What is interrupted repeats its last page (E-31); no attempt outlives the function
 *  (E-21). */
export async function run(
  message: SyncMessage,
  ports: RunPorts,
  moment: Moment,
  remainingMs: () => number,
): Promise<RunOutcome> {
  const outcome = await work(message, ports, moment, remainingMs);
  measure('SyncRun', { provider: message.provider, outcome });
  return outcome;
}

async function work(
  message: SyncMessage,
  ports: RunPorts,
  moment: Moment,
  remainingMs: () => number,
): Promise<RunOutcome> {
  const { tenant: tenantId, provider, name } = message;
  const connection = { provider, name };
  const syncs = ports.syncs.forTenant(tenantId);
  const sync = findSync(ports.offered, provider, message.sync);
  if (!sync) {
    const notice = { code: 'not_found', message: 'The provider has no such sync any more.' };
    await amend(syncs, message.row, (it) => stopped(it, notice, moment.nowMs));
    return 'stopped';
  }
  const records = ports.records.of(tenantId, connection, sync.model);
  /** Writes the row's successor while it is still this run's turn; nothing when it is not. */
  const save = (from: SyncRow, change: (it: SyncRow) => SyncRow) =>
    amend(syncs, from, (it) => {
      const mine = heldBy(it, from);
      return mine && change(mine);
    });

  const own = takenUp(message.row, moment);
  let row: SyncRow | undefined;
  return turns(sync).catch(broken);

  async function turns(sync: Sync): Promise<RunOutcome> {
    row = await upToDate();
    // Webhooks need to know of a run that will end what it has not met; any other is first written down with what it finds.
    if (row?.run?.scratch && row.status !== 'running') row = await save(row, (it) => claimed(it, moment));
    while (row?.run) {
      const at = row.run;
      if (isForgotten(sync, row)) return expired(row);
      if (isStale(sync, at)) return anew(row);
      if (remainingMs() < ENOUGH_MS) return handOn(row);
      const leftMs = remainingMs();
      const times = { timeoutMs: Math.min(ATTEMPT_MS, leftMs - RESERVE_MS), endsAtMs: moment.nowMs + leftMs };
      const turn: Turn = at.sweep
        ? { kind: 'page', page: { records: [] } } // the provider has shown all it has
        : turnOf(sync, await ports.attempts.attempt(jobOf(row, sync, message.requestId, times), moment), row);

      if (turn.kind === 'page') {
        const { page } = turn;
        const { retentionS, bornAtMs } = row;
        const about = { tenantId, connection, model: sync.model, run: at.id, retentionS, bornAtMs };
        const fence = once(async () => {
          const begun = row && (await save(row, (it) => writing(it, at, moment.nowMs)));
          row = begun ?? row;
          return begun !== undefined;
        });
        const sinks = { records, bus: ports.bus, fence };
        const scan = at.scratch && !page.incomplete ? scanOf(sync, at) : undefined;
        const written = await write(page, about, sinks, scan, moment, () => remainingMs() < RESERVE_MS);
        if (written === 'overtaken') return overtaken();
        if (written === 'unknown') return anew(row);
        const done = { ...page, ...written };
        const last = done.next === undefined && !done.rest;
        row = await save(row, (it) =>
          last ? finished(it, at, done, sync, moment) : advanced(it, at, done, sync, moment.nowMs),
        );
        if (!row) return overtaken();
        if (last) return 'finished';
      } else if (turn.kind === 'wait' && turn.waitMs <= SHORT_MS) {
        await moment.sleep(turn.waitMs);
        row = { ...row, run: { ...at, slot: turn.slot } };
      } else if (turn.kind === 'wait') {
        const { waitMs, slot } = turn;
        const bySqs = waitMs <= MAX_DELAY_MS;
        const untilMs = moment.nowMs + waitMs + (bySqs ? LEASE_MS : 0);
        const hidden = await save(row, (it) => waiting(it, at, untilMs, slot));
        if (hidden && bySqs) await ports.queue.send(messageOf(hidden, moment.nowMs, Math.ceil(waitMs / 1000)));
        return hidden ? 'waiting' : overtaken();
      } else if (turn.kind === 'expired') {
        return expired(row);
      } else {
        return (await ended(row, turn)) ?? overtaken();
      }
    }
    return overtaken();
  }

  /** What throws, be it over one record, is a failure of the sync: tried again ever later, from the page it was at. Where
   *  not even that can be written down, the message comes again. */
  async function broken(error: unknown): Promise<RunOutcome> {
    log.bug('a sync broke off', error, { tenant: tenantId, provider, sync: message.sync });
    const notice = { code: 'unavailable', message: 'The hub could not finish this page; it tries again.' };
    const outcome = row && (await ended(row, { kind: 'failure', error: notice, resume: true, waitMs: 0 }));
    if (!outcome) throw error;
    return outcome;
  }

  async function ended(from: SyncRow, turn: Extract<Turn, { kind: 'failure' | 'ending' }>) {
    const it = await save(from, (it) =>
      turn.kind === 'ending' ? stopped(it, turn.error, moment.nowMs) : failed(it, turn.error, turn, moment),
    );
    if (it?.status === 'failing' && it.failures >= FAILING) measure('SyncFailing', { provider });
    log.warn('a sync did not succeed', { tenant: tenantId, provider, sync: message.sync, code: turn.error.code });
    return it && (turn.kind === 'ending' ? 'stopped' : 'failed');
  }

  /** A message that is not believed any more may be one of many: only the row knows. */
  async function upToDate(): Promise<SyncRow | undefined> {
    if (moment.nowMs < message.believedUntilMs) return own;
    const it = await syncs.get(connection, message.sync);
    return it && heldBy(it, own);
  }

  async function handOn(to: SyncRow): Promise<RunOutcome> {
    await ports.queue.send(messageOf(to, moment.nowMs));
    return 'continued';
  }

  async function anew(from: SyncRow): Promise<RunOutcome> {
    const again = await save(from, (it) => restarted(it, moment));
    return again ? handOn(again) : overtaken();
  }

  async function expired(from: SyncRow): Promise<RunOutcome> {
    log.warn('a checkpoint is too old', { tenant: tenantId, provider, sync: message.sync });
    return (await save(from, (it) => forgetful(it, moment.nowMs))) ? 'expired' : overtaken();
  }

  /** Where the row is gone, so is the connection: what this run wrote meanwhile goes too. */
  async function overtaken(): Promise<RunOutcome> {
    if (own.run && !(await syncs.get(connection, message.sync))) await records.clear(own.run.id);
    return 'overtaken';
  }
}

/** Writes a page's records; of a run from scratch also what it has met, and after its last page the end of what it has not,
 *  as far as there is time. Returns how many really changed, and what is left to end; or that the run is another's, or that
 *  what it has met is not known any more. */
async function write(
  page: SyncPage,
  about: Sighting,
  sinks: Sinks,
  scan: Scan | undefined,
  moment: Moment,
  timeIsUp: () => boolean,
): Promise<Pick<PageDone, 'changes' | 'rest'> | 'overtaken' | 'unknown'> {
  const { records } = sinks;
  const changes = await keep(page.records, about, sinks, moment);
  if (changes === 'overtaken') return changes;
  const ids = page.records.map(({ id }) => id);
  let swept: Awaited<ReturnType<typeof sweep>> = { changes: 0 };
  if (scan && page.next === undefined) {
    const before = scan.ends ? await records.met(about.run, scan.pages) : () => true;
    if (!before) return 'unknown';
    const here = new Set(ids);
    swept = await sweep((id) => here.has(id) || before(id), about, sinks, moment, timeIsUp, scan.sweep);
    if (swept === 'overtaken') return swept;
  }
  const goesOn = page.next !== undefined || swept.rest !== undefined;
  if (scan?.ends && goesOn) await records.remember(about.run, scan.pages, ids, moment.nowMs);
  const sum = changes + swept.changes;
  if (sum > 0) measure('SyncRecords', { provider: about.connection.provider }, sum);
  return { changes: sum, rest: swept.rest };
}

interface Scan extends Pick<Run, 'pages' | 'sweep'> {
  /** What it has not met does not exist. */
  readonly ends: boolean;
}

/** Returns what a run that reads everything has to do with the rows beside those it writes. */
function scanOf({ deletions, retention }: Sync, { pages, sweep }: Run): Scan | undefined {
  const ends = deletions !== 'none';
  return ends || retention ? { pages, sweep, ends } : undefined;
}

/** Returns a function that does it the first time, and says the same ever after. */
function once(act: () => Promise<boolean>): () => Promise<boolean> {
  let said: Promise<boolean> | undefined;
  return () => {
    said ??= act();
    return said;
  };
}

function jobOf(
  row: SyncRow,
  sync: Sync,
  requestId: string | undefined,
  times: Pick<Job, 'timeoutMs' | 'endsAtMs'>,
): Job {
  return {
    tenantId: row.tenantId,
    id: row.connection,
    request: sync.request(placeOf(row)),
    action: sync.limitedAs,
    effect: 'read',
    requestId,
    ...times,
    lane: 'bulk',
    attempt: row.failures + 1,
    slot: row.run?.slot,
  };
}
