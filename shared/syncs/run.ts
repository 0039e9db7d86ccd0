import type { Attempts, Job } from '../calls/attempt.ts';
import type { Bus, Queue } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import type { Sync, SyncPage } from '../providers/syncs.ts';
import { amend } from './amend.ts';
import type { SyncMessage } from './contract.ts';
import { keep, type Sighting, type Sinks } from './keep.ts';
import { messageOf } from './message.ts';
import { findSync, type Offered } from './offer.ts';
import type { RecordStore } from './record-store.ts';
import type { SyncStore } from './store.ts';
import { sweep } from './sweep.ts';
import {
  advanced,
  failed,
  finished,
  forgetful,
  holds,
  LEASE_MS,
  type Run,
  restarted,
  type SyncRow,
  stopped,
  waiting,
  writing,
} from './sync.ts';
import { isForgotten, isStale, placeOf, turnOf } from './turn.ts';

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
  let row = await syncs.get(connection, message.sync);
  if (!sync) {
    const notice = { code: 'not_found', message: 'The provider has no such sync any more.' };
    if (row) await amend(syncs, row, (it) => stopped(it, notice, moment.nowMs));
    return 'stopped';
  }
  const records = ports.records.of(tenantId, connection, sync.model);

  while (row?.run && holds(row, { id: message.run, pages: row.run.pages })) {
    const at: Run = row.run;
    /** Writes the row's successor while it is still this run's turn; nothing when it is not. */
    const save = (from: SyncRow, change: (it: SyncRow) => SyncRow) =>
      amend(syncs, from, (it) => (holds(it, at) ? change(it) : undefined));

    if (isForgotten(sync, row)) return expired(row, save);
    if (isStale(sync, at)) {
      const anew = await save(row, (it) => restarted(it, moment));
      return anew ? handOn(anew) : overtaken();
    }
    if (remainingMs() < ENOUGH_MS) return handOn(row);
    const timeoutMs = Math.min(ATTEMPT_MS, remainingMs() - RESERVE_MS);
    const turn = turnOf(sync, await ports.attempts.attempt(jobOf(row, sync, timeoutMs), moment), row);

    if (turn.kind === 'page') {
      const { page } = turn;
      const last = page.next === undefined;
      const about = {
        tenantId,
        connection,
        model: sync.model,
        run: at.id,
        mark: at.scratch && !page.incomplete && sync.deletions !== 'none',
      };
      const fence = once(async () => {
        const begun = row && (await save(row, (it) => writing(it, it.run ?? at, moment.nowMs)));
        row = begun ?? row;
        return begun !== undefined;
      });
      const sinks = { records, bus: ports.bus, fence };
      const written = await write(page, about, sinks, moment, () => remainingMs() < RESERVE_MS);
      if (written === 'overtaken') return overtaken();
      if (written === 'unfinished') return handOn(row);
      const done = { ...page, changes: written };
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
      if (hidden && bySqs) await ports.queue.send(messageOf(hidden, Math.ceil(waitMs / 1000)));
      return hidden ? 'waiting' : overtaken();
    } else if (turn.kind === 'expired') {
      return expired(row, save);
    } else {
      const ended = await save(row, (it) =>
        turn.kind === 'ending' ? stopped(it, turn.error, moment.nowMs) : failed(it, turn.error, turn, moment),
      );
      if (ended?.status === 'failing' && ended.failures >= FAILING) measure('SyncFailing', { provider });
      log.warn('a sync did not succeed', { tenant: tenantId, provider, sync: message.sync, code: turn.error.code });
      return !ended ? overtaken() : turn.kind === 'ending' ? 'stopped' : 'failed';
    }
  }
  return overtaken();

  async function handOn(to: SyncRow): Promise<RunOutcome> {
    await ports.queue.send(messageOf(to));
    return 'continued';
  }

  async function expired(
    from: SyncRow,
    save: (from: SyncRow, change: (it: SyncRow) => SyncRow) => Promise<SyncRow | undefined>,
  ): Promise<RunOutcome> {
    log.warn('a checkpoint is too old', { tenant: tenantId, provider, sync: message.sync });
    return (await save(from, (it) => forgetful(it, moment.nowMs))) ? 'expired' : overtaken();
  }

  /** Where the row is gone, so is the connection: what this run wrote meanwhile goes too. */
  async function overtaken(): Promise<RunOutcome> {
    if (!(await syncs.get(connection, message.sync))) await records.clear(message.run);
    return 'overtaken';
  }
}

/** Writes a page's records, and after the last page of a run from scratch the end of what it did not meet. Returns how
 *  many really changed, once that is done; if not, the time is up and the same page is to be taken again, or the run is
 *  another's. */
async function write(
  page: SyncPage,
  about: Sighting,
  sinks: Sinks,
  moment: Moment,
  timeIsUp: () => boolean,
): Promise<number | 'unfinished' | 'overtaken'> {
  const changes = await keep(page.records, about, sinks, moment);
  if (changes === 'overtaken') return changes;
  const swept = page.next === undefined && about.mark ? await sweep(about, sinks, moment, timeIsUp) : 0;
  if (swept === 'overtaken') return swept;
  const sum = changes + (swept ?? 0);
  if (sum > 0) measure('SyncRecords', { provider: about.connection.provider }, sum);
  return swept === undefined ? 'unfinished' : sum;
}

/** Returns a function that does it the first time, and says the same ever after. */
function once(act: () => Promise<boolean>): () => Promise<boolean> {
  let said: Promise<boolean> | undefined;
  return () => {
    said ??= act();
    return said;
  };
}

function jobOf(row: SyncRow, sync: Sync, timeoutMs: number): Job {
  return {
    tenantId: row.tenantId,
    id: row.connection,
    request: sync.request(placeOf(row)),
    action: sync.limitedAs,
    effect: 'read',
    timeoutMs,
    lane: 'bulk',
    attempt: row.failures + 1,
    slot: row.run?.slot,
  };
}
