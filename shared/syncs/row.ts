import type { Slot } from '../calls/admit.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import type { Rest } from './sweep.ts';

export type SyncStatus = 'idle' | 'running' | 'failing' | 'stopped';

/** One run, from its first page to its last, over as many messages as it takes. */
export interface Run {
  readonly id: string;
  readonly startedAtMs: number;
  /** Pages done so far: whoever counts otherwise has been overtaken. */
  readonly pages: number;
  /** Where the next page begins; none: at the first. */
  readonly page?: string;
  /** The greatest checkpoint of the pages so far. */
  readonly reached?: string;
  /** It began without a checkpoint: once complete, what it did not see does not exist. */
  readonly scratch: boolean;
  readonly records: number;
  /** How many of them had really changed. */
  readonly changes?: number;
  /** All pages are read; what they did not show is being ended, and this is left of it. */
  readonly sweep?: Rest;
  /** When the records of the next page began to be written; they still are, or the work broke off. */
  readonly writingSinceMs?: number;
  /** The provider's limits have this turn reserved for it. */
  readonly slot?: Slot;
}

/** One sync of one connection: when it is due, how far it came. Times in ms since the epoch. */
export interface SyncRow {
  readonly tenantId: TenantId;
  readonly connection: ConnectionId;
  readonly sync: string;
  /** Whose objects it copies; not known of rows from before it was kept. */
  readonly account?: string;
  readonly model: string;
  readonly enabled: boolean;
  readonly everyS: number;
  /** The tenant has set `everyS`; else it follows what the runs find. */
  readonly fixed?: boolean;
  /** As the tenant chose; checked by the sync's own `settings`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** For so long after its last change a record is kept; none: for as long as it exists. */
  readonly retentionS?: number;
  readonly status: SyncStatus;
  /** The checkpoint of the last complete run; none: the next run reads everything. */
  readonly since?: string;
  readonly run?: Run;
  /** Runs and attempts in a row that failed. */
  readonly failures: number;
  readonly error?: SyncError;
  readonly lastSuccessAtMs?: number;
  /** When a run last read everything. */
  readonly lastFullAtMs?: number;
  /** Read by the last complete run. */
  readonly records?: number;
  /** Since when somebody may be writing records of a run that is over: once that must have ended, all is read again. */
  readonly doubtedAtMs?: number;
  /** When there was last news that a run under way may have been too early for: another follows it at once. */
  readonly newsAtMs?: number;
  /** While a run is under way, the end of its lease: a message that was lost is sent again then. None: never. */
  readonly dueAt?: number;
  /** The connection's latest event that was obeyed: an older one comes too late. */
  readonly followedAtMs: number;
  /** When the copy of today began, after which the versions of its records count. */
  readonly bornAtMs?: number;
  /** Grows with each write; begins at the row's birth, so that a row made anew repeats none. */
  readonly version: number;
}

export interface SyncError {
  readonly code: string;
  readonly message: string;
  readonly at: string;
}
