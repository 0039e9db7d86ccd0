import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import type { TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { ok, type Result } from '../core/result.ts';
import type { TenantStore } from '../tenants/store.ts';
import { type ActivatePorts, activate } from './activate.ts';
import { type Connection, type ConnectionView, toView } from './connection.ts';
import { hashed } from './handle.ts';
import { type ReleasePorts, release } from './release.ts';
import { judgeConfirm, type Session } from './session.ts';
import type { SessionStore } from './session-store.ts';

export interface ConfirmPorts extends ActivatePorts, ReleasePorts {
  readonly sessions: SessionStore;
  readonly vault: ActivatePorts['vault'];
  readonly tenants: Pick<TenantStore, 'get'>;
}

export interface Vouching {
  readonly tenantId: TenantId;
  readonly session: string;
  readonly ticket: string;
  readonly endUser: string;
}

/** Should the one who confirms not come to the end, the sweep does. */
const FINISH_MS = 60_000;

/** Returns the connection once the owner's backend vouches for its end user; the same again gives the same. Another end
 *  user than the session is about ends it, and the grant upstream. Errors: `not_found` (whatever does not
 *  match, alike), `link_expired`, `account_mismatch`, `conflict`, `unavailable`. */
export async function confirm(
  ports: ConfirmPorts,
  vouching: Vouching,
  moment: Moment,
): Promise<Result<ConnectionView>> {
  const session = await ports.sessions.get(vouching.session);
  const verdict = judgeConfirm(session, vouching, moment.nowMs);
  if (!session || verdict === 'foreign') return notFound();
  if (verdict === 'late')
    return refuse('link_expired', 'A connection must be confirmed within 10 minutes. Begin again.');
  if (verdict === 'done') return standing(ports, session);
  if (verdict === 'other_end_user') {
    log.warn('a connect session was confirmed for another end user', {
      ...{ session: session.id, tenant: session.tenantId, provider: session.provider, outcome: 'end_user_mismatch' },
    });
    await release(ports, session, 'end_user_mismatch', moment);
    return notFound();
  }

  const claim = {
    tenantId: vouching.tenantId,
    ticketHash: hashed('ticket', vouching.ticket),
    endUser: vouching.endUser,
    dueAtMs: moment.nowMs + FINISH_MS,
  };
  const moved = await ports.sessions.beginConfirm(session.id, claim, moment.nowMs);
  if (!moved.done) return moved.session?.status === 'confirmed' ? standing(ports, moved.session) : notFound();
  const result = await activateOrRelease(ports, moved.session, moment);
  return result.ok ? ok(toView(result.value)) : result;
}

/** Returns the connection of a session in `confirming`; where it cannot come into being, as that of a tenant which is being
 *  erased, its grant is ended. */
export async function activateOrRelease(
  ports: ConfirmPorts,
  session: Session,
  moment: Moment,
): Promise<Result<Connection>> {
  const tenant = await ports.tenants.get(session.tenantId);
  const result = tenant ? await activate(ports, session, moment) : refuse('not_found', 'There is no such tenant.');
  if (!result.ok && result.error.code !== 'unavailable') {
    await release(ports, session, tenant ? result.error.code : 'tenant_removed', moment);
  }
  return result;
}

async function standing({ store }: ConfirmPorts, session: Session): Promise<Result<ConnectionView>> {
  const row = await store.forTenant(session.tenantId).get(session);
  if (row?.sourceSession === session.id) return ok(toView(row));
  return refuse('conflict', 'This was confirmed before; the connection has been replaced or disconnected since.');
}

function notFound() {
  return refuse('not_found', 'There is no connect session that this ticket and end user belong to.');
}
