import { lengthPrefixed, sha256 } from '../core/crypto.ts';
import { canonicalJson, parseJson } from '../core/json.ts';
import type { SyncPage } from '../providers/syncs.ts';

export type Seen = SyncPage['records'][number];

/** The hub's copy of one object. A deleted one stays as a tombstone for a while: it refuses older news of itself. */
export interface RecordRow {
  readonly id: string;
  /** Counts the real changes since `Sight.bornAtMs`: with it, each has an event id of its own, also when content comes back,
   *  and also when the object was forgotten in between. */
  readonly version: number;
  /** Of `data`. */
  readonly hash: string;
  readonly updatedAt?: string;
  /** JSON, its keys in order; none once deleted, or where a row cannot hold it. */
  readonly data?: string;
  /** The run that wrote it last. */
  readonly seenRun: string;
  /** ms since the epoch. */
  readonly deletedAtMs?: number;
  /** From then on it is not shown, and may be missing any moment, untold: its last change is too long ago. In ms. */
  readonly expiresAtMs?: number;
}

/** Who saw it, and what is true of the copy it is for. */
export interface Sight {
  readonly run: string;
  /** For so many seconds after its last change a record is kept; none: for ever. */
  readonly retentionS?: number;
  /** When the copy began, as its sync's row has it: the same for whoever sees. */
  readonly bornAtMs: number | undefined;
}

/** A row of the table holds 400 kB, and its key and the rest have a part in that. */
const MAX_DATA_BYTES = 390_000;

export type Change = 'created' | 'updated' | 'deleted';

/** What a sight of an object makes of its row; without a change there is nothing to tell anybody. */
export interface Verdict {
  readonly row: RecordRow;
  readonly change?: Change;
}

/** Returns the row to write, or nothing where the row stands as it is: seen before, or older news. An unchanged row
 *  remembers the latest time it was seen with, against what is older than that. What is gone before it was ever met leaves
 *  a tombstone, untold: a webhook that shows it may still come. What is too old to be kept makes no row, nor news. */
export function judge(
  stored: RecordRow | undefined,
  seen: Seen,
  { run, retentionS, bornAtMs = 0 }: Sight,
  nowMs: number,
): Verdict | undefined {
  const before = stored && stored.version >= bornAtMs ? stored : undefined; // an earlier copy's are not this one's news
  const expiresAtMs = seen.deleted ? undefined : expiryOf(seen.updatedAt, retentionS);
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) return before && restamped(before, { run, retentionS });

  const data = seen.deleted ? undefined : canonicalJson(seen.data ?? null);
  const hash = data === undefined ? 'deleted' : sha256(data);
  if (before && !isExpired(before, nowMs) && (before.hash === hash || isOlder(seen.updatedAt, run, before))) {
    const later = before.hash === hash && apart(seen.updatedAt, before.updatedAt) > 0;
    const row = { ...before, seenRun: run, ...(later && { updatedAt: seen.updatedAt }) };
    return restamped(row, { run, retentionS }) ?? (later ? { row } : undefined);
  }

  const gone = before === undefined || before.deletedAtMs !== undefined || isExpired(before, nowMs);
  const change = seen.deleted ? (gone ? undefined : 'deleted') : gone ? 'created' : 'updated';
  return {
    ...(change && { change }),
    row: {
      id: seen.id,
      version: (before?.version ?? bornAtMs) + (change ? 1 : 0),
      hash,
      ...(seen.updatedAt !== undefined && { updatedAt: seen.updatedAt }),
      ...(data === undefined ? { deletedAtMs: nowMs } : Buffer.byteLength(data) <= MAX_DATA_BYTES && { data }),
      seenRun: run,
      ...(expiresAtMs !== undefined && { expiresAtMs }),
    },
  };
}

/** Returns the row with the end that the retention of now gives it, nothing where it has that. */
export function restamped(row: RecordRow, { run, retentionS }: Omit<Sight, 'bornAtMs'>): Verdict | undefined {
  const { expiresAtMs: before, ...rest } = row;
  const expiresAtMs = row.deletedAtMs === undefined ? expiryOf(row.updatedAt, retentionS) : undefined;
  if (expiresAtMs === before) return undefined;
  return { row: { ...rest, seenRun: run, ...(expiresAtMs !== undefined && { expiresAtMs }) } };
}

export function isExpired({ expiresAtMs }: RecordRow, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs;
}

/** What has no time has no end. */
function expiryOf(updatedAt: string | undefined, retentionS: number | undefined): number | undefined {
  const changedMs = Date.parse(updatedAt ?? '');
  return retentionS === undefined || Number.isNaN(changedMs) ? undefined : changedMs + retentionS * 1000;
}

/** Returns the id of the event that tells of the change to this row, the same whenever and by whomever it is found again. */
export function eventIdOf(recordKey: string, row: Pick<RecordRow, 'id' | 'version' | 'hash'>): string {
  return `evt_${sha256(lengthPrefixed([recordKey, row.id, row.version, row.hash]))}`;
}

/** Returns the id of the event that tells how the row stands after another told of what it is not. */
export function eventAfter(event: string, { version, hash }: Pick<RecordRow, 'version' | 'hash'>): string {
  return `evt_${sha256(lengthPrefixed([event, version, hash]))}`;
}

/** By the object's own times; where they do not tell, what an earlier run read is older (ids of runs sort by their start):
 *  one that was overtaken may still write its last page. */
function isOlder(updatedAt: string | undefined, run: string, before: RecordRow): boolean {
  const ms = apart(updatedAt, before.updatedAt);
  return ms === 0 || Number.isNaN(ms) ? run < before.seenRun : ms < 0;
}

/** Times may be spelled differently; what is no time is at no distance. */
function apart(a = '', b = ''): number {
  return Date.parse(a) - Date.parse(b);
}

/** A record as the API shows it. */
export function toView({ id, updatedAt, data }: RecordRow, model: string) {
  return {
    id,
    model,
    ...(updatedAt !== undefined && { updatedAt }),
    data: data === undefined ? null : parseJson(data),
  };
}
