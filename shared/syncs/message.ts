import type { Outgoing } from '../core/bus.ts';
import type { SyncMessage } from './contract.ts';
import type { SyncRow } from './sync.ts';

/** Returns the message that has the row's run worked on, `delayS` seconds from now; the queue is fair between tenants. */
export function messageOf({ tenantId, connection, sync, run }: SyncRow, delayS?: number): Outgoing {
  if (!run) throw new Error('a sync without a run has nothing to send');
  const message: SyncMessage = { tenant: tenantId, ...connection, sync, run: run.id };
  return { body: JSON.stringify(message), group: tenantId, ...(delayS !== undefined && { delayS }) };
}
