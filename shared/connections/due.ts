import { log } from '../core/log.ts';
import { announce } from './announce.ts';
import { type Connection, connectionIdOf } from './connection.ts';
import type { Credentials } from './credential.ts';
import { finishRemoval, type RemovalPorts } from './remove.ts';

const AT_ONCE = 10;

/** Does what is due for each connection: a refresh, the end of a disconnection, word of a lost grant. Ten at a time, while
 *  there is `enough` time; what is not reached stays due. One that breaks does not hold up the others. */
export async function tend(
  ports: RemovalPorts,
  credentials: Credentials,
  due: readonly Connection[],
  enough: () => boolean,
): Promise<void> {
  const queue = [...due];
  const worker = async () => {
    for (let row = queue.shift(); row && enough(); row = queue.shift()) {
      try {
        await tendOne(ports, credentials, row);
      } catch (error) {
        log.bug('a due connection broke', error, {
          tenant: row.tenantId,
          provider: row.provider,
          connection: row.name,
        });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** The index may lag behind: what is to be done is decided by the row as it stands. */
async function tendOne(ports: RemovalPorts, credentials: Credentials, found: Connection): Promise<unknown> {
  const { tenantId } = found;
  if (found.status === 'active') return credentials.live(tenantId, connectionIdOf(found));
  const row = await ports.store.forTenant(tenantId).get(found);
  if (row?.announceAtMs !== undefined) return announce(ports, row);
  return row && finishRemoval(ports, row);
}
