import { iso, within } from '../core/clock.ts';
import { sha256 } from '../core/crypto.ts';
import { hubEvent } from '../core/event.ts';
import type { TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { inParallel } from '../core/parallel.ts';
import type { Connection } from './connection.ts';
import { endSessions, type SessionsOfTenant } from './end-sessions.ts';
import { FIRST_TRY_MS, finishRelease, type ReleasePorts } from './release.ts';
import { disconnected } from './removal.ts';
import { finishRemoval, type RemovalPorts } from './remove.ts';

const AT_ONCE = 10;

export type EndGrantsPorts = RemovalPorts & ReleasePorts & { readonly sessions: SessionsOfTenant };

/** Disconnects all that a tenant had at `removingAtMs`, when it was to be erased, with what waits for a confirmation; ends
 *  at their providers what grants it can within `limitMs`, and tells that it is done: an erasure waits for no provider.
 *  Throws where our own tables do not answer; may be done again, and what came since under the same id belongs to a new
 *  tenant. */
export async function endGrants(
  ports: EndGrantsPorts,
  tenantId: TenantId,
  removingAtMs: number,
  limitMs: number,
): Promise<void> {
  const { store, moment, publish } = ports;
  const rows = store.forTenant(tenantId);

  async function each(work: (row: Connection) => Promise<void>): Promise<void> {
    let cursor: string | undefined;
    do {
      const page = await rows.every(cursor);
      const own = page.items.filter(({ createdAtMs }) => createdAtMs <= removingAtMs);
      await inParallel(own, AT_ONCE, work);
      cursor = page.cursor;
    } while (cursor);
  }

  const { nowMs } = moment;
  const holding = await endSessions(ports.sessions, tenantId, removingAtMs, { nowMs, dueAtMs: nowMs + FIRST_TRY_MS });
  let left = holding.length;
  await each(async (row) => {
    await rows.change(row, (current) => disconnected(current, moment.nowMs), row);
    left += 1;
  });
  const untilMs = moment.nowMs + limitMs;
  const end = Promise.all([
    each(async (row) => {
      if (moment.nowMs < untilMs && (await finishRemoval(ports, row)).status === 'revoked') left -= 1;
    }),
    inParallel(holding, AT_ONCE, async (session) => {
      if (moment.nowMs < untilMs && !(await finishRelease(ports, session, moment))) left -= 1;
    }),
  ]);
  try {
    await within(end, limitMs);
  } catch (error) {
    log.bug('an erasure goes on before all grants are ended upstream', error, { tenant: tenantId });
  }
  if (left > 0) log.warn('grants of an erased tenant may live on upstream', { tenant: tenantId, count: left });
  const id = `evt_${sha256(['tenant.disconnected', tenantId, removingAtMs].join('#'))}`;
  await publish([hubEvent('tenant.disconnected', { tenant: tenantId, id }, { since: iso(removingAtMs) }, moment)]);
}
