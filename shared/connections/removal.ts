import { type Connection, type Fresh, next } from './connection.ts';
import { CLOCK_SKEW_MS, isHeld } from './lease.ts';

/** Returns the connection as disconnected: unusable from this write on; what is sealed stays until it is ended upstream.
 *  While a refresh is in flight its end is awaited, so that the token it brings is ended too (C-08). */
export function disconnected(row: Connection, nowMs: number): Connection {
  if (row.removal && !isParked(row)) return row;
  const nextAtMs = row.lease && isHeld(row, nowMs) ? row.lease.untilMs + CLOCK_SKEW_MS + 1 : nowMs;
  const removal = { sinceMs: nowMs, attempt: 0, nextAtMs };
  const pending = { status: 'revocation_pending', reason: undefined, announceAtMs: undefined } as const;
  return next(row, { ...pending, refreshAtMs: undefined, removal, updatedAtMs: nowMs });
}

/** Returns whether the revocation was given up until somebody asks for it again. */
function isParked({ removal }: Connection): boolean {
  return removal !== undefined && removal.nextAtMs === undefined;
}

/** Returns a disconnected connection with the token that came after all, to be ended in place of the one before. */
export function absorbed(row: Connection, { generation, sealed }: Fresh, nowMs: number): Connection | undefined {
  if (!row.removal || row.generation >= generation) return undefined;
  const removal = { ...row.removal, nextAtMs: nowMs };
  return next(row, { generation, sealed, expiresAtMs: undefined, lease: undefined, removal });
}

/** Returns a disconnected connection whose revocation is tried again at `nextAtMs`. */
export function postponed(row: Connection, nextAtMs: number): Connection | undefined {
  return row.removal && next(row, { removal: { ...row.removal, attempt: row.removal.attempt + 1, nextAtMs } });
}

/** Returns a disconnected connection whose grant could not be ended: it stays unusable, and keeps what ends it. */
export function parked(row: Connection, nowMs: number): Connection | undefined {
  if (!row.removal || isParked(row)) return undefined;
  return next(row, {
    reason: 'revocation_parked',
    removal: { ...row.removal, nextAtMs: undefined },
    updatedAtMs: nowMs,
  });
}
