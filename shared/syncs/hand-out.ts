import type { Outgoing } from '../core/bus.ts';
import { currentRequest } from '../core/log.ts';
import type { SyncMessage } from './contract.ts';
import type { SyncRow } from './row.ts';
import { LEASE_MS } from './sync.ts';

// A due row is handed to the queue without a write: the ticks alone are written down. One that is due still, though no tick
// can have missed it, is handed out again each time a lease has passed, for its message may be lost.

/** An index may show a row this much later than it was written. */
const SETTLED_MS = 2_000;

/** Returns how often a row that is due since `dueAt` has been handed out by a tick at `nowMs`, if none was missed. */
function timesBy(nowMs: number, dueAt: number): number {
  return Math.max(0, Math.floor((nowMs - dueAt - SETTLED_MS) / LEASE_MS) + 1);
}

/** Returns whether the tick of now hands the row out, where the last tick was at `lastMs`. */
export function isHandedOut({ dueAt }: SyncRow, lastMs: number, nowMs: number): boolean {
  return dueAt !== undefined && timesBy(nowMs, dueAt) > timesBy(lastMs, dueAt);
}

/** Returns the message that has the row worked on, `delayS` seconds from now; the queue is fair between tenants. Until
 *  no other message for the row can be under way, it is believed as it is. */
export function messageOf(row: SyncRow, nowMs: number, delayS?: number): Outgoing {
  const { error: _words, ...rest } = row; // a provider's words are its owner's to read, and belong in no queue
  const { tenantId, connection, sync, dueAt = nowMs } = rest;
  const believedUntilMs = dueAt + SETTLED_MS + timesBy(nowMs, dueAt) * LEASE_MS;
  const message: SyncMessage = {
    tenant: tenantId,
    ...connection,
    sync,
    believedUntilMs,
    requestId: currentRequest(),
    row: rest,
  };
  return { body: JSON.stringify(message), group: tenantId, ...(delayS !== undefined && { delayS }) };
}
