import { type Connection, type Fresh, type Intent, isRenewable, type Lease, next, timesOf } from './connection.ts';

/** How far two of our clocks may be apart. */
export const CLOCK_SKEW_MS = 1_000;

/** Returns the connection with the lease and the intent in one write; nothing where it is not to be refreshed by us. */
export function leased(row: Connection, lease: Lease, tokenHash: string, nowMs: number): Connection | undefined {
  if (row.status !== 'active' || isHeld(row, nowMs)) return undefined;
  const before = row.intent?.tokenHash === tokenHash ? row.intent : undefined;
  const intent: Intent = {
    tokenHash,
    firstTriedAtMs: before?.firstTriedAtMs ?? nowMs,
    attempt: (before?.attempt ?? 0) + 1,
    odd: before?.odd,
    ambiguous: before !== undefined && (before.ambiguous || row.lease !== undefined), // a lease that lapsed: its end is unknown
  };
  return next(row, { lease, intent });
}

/** Returns whether somebody else may be at the provider with this connection's refresh token. */
export function isHeld({ lease }: Connection, nowMs: number): boolean {
  return lease !== undefined && nowMs <= lease.untilMs + CLOCK_SKEW_MS;
}

/** Returns the connection with the lease given back and what is to be remembered of the attempt; nothing where the
 *  lease is no longer ours. */
export function released(
  row: Connection,
  owner: string,
  { ambiguous, ...note }: Pick<Intent, 'ambiguous' | 'odd' | 'notBeforeMs'>,
): Connection | undefined {
  if (row.lease?.owner !== owner || !row.intent) return undefined;
  const intent = { ...row.intent, ambiguous: row.intent.ambiguous || ambiguous, notBeforeMs: undefined, ...note };
  return next(row, { lease: undefined, intent });
}

/** Returns the connection with a refreshed credential; nothing where a newer one stands, or none may stand any more.
 *  A late answer revives a connection that was given up only because that answer seemed lost. */
export function refreshed(
  row: Connection,
  owner: string,
  { generation, sealed, scopes, expiresInS }: Fresh,
  { nowMs, chance }: { readonly nowMs: number; chance(): number },
): Connection | undefined {
  const revivable = row.status === 'needs_reauth' && row.reason === 'rotation_lost';
  if ((row.status !== 'active' && !revivable) || row.generation >= generation) return undefined;
  const times = timesOf(expiresInS, isRenewable({ kind: row.kind, sealed }), nowMs, chance());
  const mine = row.lease === undefined || row.lease.owner === owner;
  return next(row, {
    ...{ status: 'active', reason: undefined, announceAtMs: undefined, generation, sealed, scopes, updatedAtMs: nowMs },
    ...{ expiresAtMs: undefined, refreshAtMs: undefined, ...times },
    ...(mine && { lease: undefined, intent: undefined }), // another's lease stays: its call is still on its way
  });
}
