import type { Slot } from '../calls/admit.ts';
import type { AttemptOutcome } from '../calls/attempt.ts';
import type { HubErrorCode } from '../core/errors.ts';
import type { Sync, SyncPage, SyncPlace } from '../providers/syncs.ts';
import type { Run, SyncError, SyncRow } from './row.ts';

type Fault = Omit<SyncError, 'at'>;

/** What one attempt means for its run. */
export type Turn =
  | { readonly kind: 'page'; readonly page: SyncPage }
  /** Nobody's fault: the limits have it wait, or the provider says until when. */
  | { readonly kind: 'wait'; readonly waitMs: number; readonly slot?: Slot }
  /** `resume`: the place that the run was at is still good. */
  | { readonly kind: 'failure'; readonly error: Fault; readonly resume: boolean; readonly waitMs: number }
  /** The checkpoint is too old for the provider, or too much has changed since: all is to be read again. */
  | { readonly kind: 'expired' }
  /** Only a new authorization helps. */
  | { readonly kind: 'ending'; readonly error: Fault };

/** The hub's own codes, which an error bears that no answer of the provider came with. */
const endings: readonly string[] = ['needs_reauth', 'not_found'] satisfies HubErrorCode[];

/** Returns what an attempt's outcome means for the run that made it. */
export function turnOf(sync: Sync, outcome: AttemptOutcome, row: SyncRow): Turn {
  if (outcome.kind === 'succeeded') return readPage(sync, outcome, placeOf(row));
  if (outcome.kind === 'deferred') return { kind: 'wait', waitMs: outcome.waitMs, slot: outcome.slot };
  const { code, message, status, retryAfterMs } = outcome.error;
  if (outcome.kind === 'retry') {
    if (retryAfterMs) return { kind: 'wait', waitMs: outcome.waitMs };
    return { kind: 'failure', error: { code, message }, resume: true, waitMs: outcome.waitMs };
  }
  if (row.since !== undefined && isExpired(sync, outcome.error)) return { kind: 'expired' };
  if (status === undefined && endings.includes(code)) return { kind: 'ending', error: { code, message } };
  return { kind: 'failure', error: { code, message }, resume: false, waitMs: 0 };
}

/** Returns where the row's run is, as the provider's words are asked. */
export function placeOf({ since, run, settings = {} }: SyncRow): SyncPlace {
  return { since, page: run?.page, settings, startedAtMs: run?.startedAtMs ?? 0 };
}

/** Returns whether the row's checkpoint is of a time that the provider has forgotten. */
export function isForgotten({ remembersS }: Sync, { since, run }: SyncRow): boolean {
  if (remembersS === undefined || since === undefined || !run) return false;
  return run.startedAtMs - Date.parse(since) > remembersS * 1000;
}

/** Returns whether the run has begun to write a first page that it is about to read again: the token of now would not tell
 *  that some of what was met then has gone since. */
export function isStale({ checkpoints }: Sync, { scratch, pages, writingSinceMs }: Run): boolean {
  return checkpoints === 'token' && scratch && pages === 0 && writingSinceMs !== undefined;
}

function isExpired({ expired = [] }: Sync, { status, code }: { readonly status?: number; readonly code: string }) {
  return expired.some((one) => one.status === status && (one.code === undefined || one.code === code));
}

function readPage(sync: Sync, { body, headers }: Extract<AttemptOutcome, { kind: 'succeeded' }>, at: SyncPlace): Turn {
  const misfit = (message: string): Turn => ({
    kind: 'failure',
    error: { code: 'provider_error', message },
    resume: false,
    waitMs: 0,
  });
  let page: SyncPage;
  try {
    page = sync.page({ body, headers, ...at });
  } catch {
    return misfit('The answer does not have the shape that the provider documents.'); // the schema's words may quote it
  }
  if (page.next !== undefined && page.next === at.page) return misfit('The page after this one is this one.');
  return page.incomplete && at.since !== undefined ? { kind: 'expired' } : { kind: 'page', page };
}
