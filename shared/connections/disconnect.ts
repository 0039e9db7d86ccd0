import { refuse } from '../core/errors.ts';
import type { ConnectionId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';
import type { Connection } from './connection.ts';
import { disconnected } from './removal.ts';
import type { TenantConnections } from './store.ts';

/** Returns the connection, unusable from this write on: whoever has the right to end its grant upstream does so now, else
 *  the tick, which then tells the owner. Errors: `not_found`. */
export async function disconnect(
  connections: Pick<TenantConnections, 'change'>,
  id: ConnectionId,
  nowMs: number,
): Promise<Result<Connection>> {
  const { row } = await connections.change(id, (current) => disconnected(current, nowMs));
  return row ? ok(row) : refuse('not_found', 'There is no such connection.');
}
