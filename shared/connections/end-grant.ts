import type { ConnectionId, TenantId } from '../core/ids.ts';
import { type Ending, waysOf } from '../providers/webhooks.ts';
import { ANNOUNCE_MS, type AnnouncePorts, announce } from './announce.ts';
import { kindOf, needsReauth } from './connection.ts';

/** What a provider says of grants. */
export interface GrantEnd extends Pick<Ending, 'reason' | 'ways'> {
  readonly atMs: number;
}

/** Ends the use of a connection, and tells the owner, because its provider says that the grant ended at `atMs`. One that
 *  was authorized after that stays: the word is of an earlier grant, and came late. So does one that was made in another
 *  way than those that end. */
export async function endGrant(
  ports: AnnouncePorts,
  tenantId: TenantId,
  id: ConnectionId,
  end: GrantEnd,
): Promise<void> {
  const { nowMs } = ports.moment;
  const ended = await ports.store
    .forTenant(tenantId)
    .change(id, (row) =>
      row.authorizedAtMs > end.atMs || !waysOf(end).includes(kindOf(row))
        ? undefined
        : needsReauth(row, end.reason, nowMs, nowMs + ANNOUNCE_MS),
    );
  if (ended.done) await announce(ports, ended.row);
}
