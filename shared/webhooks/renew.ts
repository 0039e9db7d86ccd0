import type { Moment } from '../core/clock.ts';
import { dueShards } from '../core/keys.ts';
import { log } from '../core/log.ts';
import { inParallel } from '../core/parallel.ts';
import { type KeepAlivePorts, keepAlive } from './keep-alive.ts';

const AT_ONCE = 200;
const WIDTH = 8;

/** Does what is due for the subscriptions of all tenants, while there is `enough` time; what is not reached stays due. One
 *  that breaks does not hold up the others. Returns how many were due. */
export async function renew(ports: KeepAlivePorts, moment: Moment, enough: () => boolean): Promise<number> {
  const due = await Promise.all(dueShards.map((shard) => ports.endpoints.due(shard, moment.nowMs, AT_ONCE)));
  await inParallel(due.flat(), WIDTH, async (row) => {
    if (!enough()) return;
    try {
      await keepAlive(row, ports, moment);
    } catch (error) {
      log.bug('a due subscription broke', error, { tenant: row.tenantId, provider: row.provider });
    }
  });
  return due.flat().length;
}
