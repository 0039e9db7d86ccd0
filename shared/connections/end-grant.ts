import type { ConnectionId, TenantId } from '../core/ids.ts';
import { ANNOUNCE_MS, type AnnouncePorts, announce } from './announce.ts';
import { needsReauth } from './connection.ts';

/** Ends the use of a connection, and tells the owner, because its provider says that the grant ended at `atMs`. One that
 *  was authorized after that stays: the word is of an earlier grant, and came late. */
export async function endGrant(
  ports: AnnouncePorts,
  tenantId: TenantId,
  id: ConnectionId,
  { reason, atMs }: { readonly reason: string; readonly atMs: number },
): Promise<void> {
  const { nowMs } = ports.moment;
  const ended = await ports.store
    .forTenant(tenantId)
    .change(id, (row) =>
      row.authorizedAtMs > atMs ? undefined : needsReauth(row, reason, nowMs, nowMs + ANNOUNCE_MS),
    );
  if (ended.done) await announce(ports, ended.row);
}
