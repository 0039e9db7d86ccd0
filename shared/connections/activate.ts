import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import { type HubEvent, hubEvent } from '../core/event.ts';
import { log } from '../core/log.ts';
import { ok, type Result } from '../core/result.ts';
import { activated, type Connection, nextGeneration } from './connection.ts';
import { openGrant, sealGrant } from './grant.ts';
import type { PendingGrant, Session } from './session.ts';
import { sessionPlace } from './session.ts';
import type { SessionStore } from './session-store.ts';
import type { ConnectionStore } from './store.ts';
import type { Vault } from './vault.ts';

export interface ActivatePorts {
  readonly sessions: Pick<SessionStore, 'finishConfirm'>;
  readonly store: Pick<ConnectionStore, 'forTenant'>;
  readonly vault: Pick<Vault, 'seal' | 'open'>;
  readonly publish: (events: readonly HubEvent[]) => Promise<void>;
}

const MAX_TURNS = 5;

/** Returns the connection that a session in `confirming` brings into being. May be done again after every step: the row
 *  names its session, the event's id comes from it. Errors: `account_mismatch`, `conflict`, and the vault's. */
export async function activate(ports: ActivatePorts, session: Session, moment: Moment): Promise<Result<Connection>> {
  const { grant } = session;
  if (!grant) throw new Error('a session in confirming has its grant');
  const written = await write(ports, session, grant, moment);
  if (!written.ok) return written;
  const { tenantId: tenant, provider, name } = written.value;
  const reconnected = written.value.createdAtMs < grant.grantedAtMs;
  await ports.publish([
    hubEvent(
      'connection.activated',
      { tenant, connection: { provider, name }, id: `evt_${session.id.slice('cs_'.length)}` },
      { account: grant.account.id, scopes: [...grant.scopes], reconnected },
      moment,
    ),
  ]);
  await ports.sessions.finishConfirm(session.id);
  log.info('a connection was confirmed', {
    ...{ session: session.id, tenant, provider, connection: name },
    outcome: 'confirmed',
  });
  return written;
}

async function write(
  { store, vault }: ActivatePorts,
  session: Session,
  grant: PendingGrant,
  moment: Moment,
): Promise<Result<Connection>> {
  const { tenantId, provider, name } = session;
  const rows = store.forTenant(tenantId);
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const previous = await rows.get({ provider, name });
    if (previous?.sourceSession === session.id) return ok(previous);
    const fits = judgePrevious(previous, grant);
    if (!fits.ok) return fits;
    const place = sessionPlace(session);
    const opened = await openGrant(vault, tenantId, place, place.generation, grant.sealed);
    if (!opened.ok) return opened;
    const generation = nextGeneration(previous, moment.nowMs);
    const sealed = await sealGrant(vault, tenantId, { provider, name }, generation, opened.value);
    const row = activated(
      { tenantId, id: { provider, name }, account: grant.account, sourceSession: session.id },
      { generation, sealed, scopes: grant.scopes, ...remaining(grant, moment.nowMs) },
      previous,
      moment,
    );
    const saved = await rows.save(row, previous);
    if (saved.done) return ok(saved.row);
  }
  return refuse('unavailable', 'The connection is being changed by others; try again.', { retryAfterMs: 1_000 });
}

/** A connection stays one account's: whoever wants another one chooses another name, or disconnects first. */
function judgePrevious(previous: Connection | undefined, { account }: PendingGrant): Result<true> {
  if (previous?.status === 'revocation_pending') {
    return refuse('conflict', 'The connection is being disconnected. Connect again once that is done.');
  }
  if (previous && previous.account.id !== account.id) {
    return refuse(
      'account_mismatch',
      'The end user granted access to another account than this connection has. Disconnect it first, or connect under another name.',
    );
  }
  return ok(true);
}

/** The clock of the access token began when it was granted, not now. */
function remaining({ expiresInS, grantedAtMs }: PendingGrant, nowMs: number): { expiresInS?: number } {
  if (expiresInS === undefined) return {};
  return { expiresInS: Math.max(1, expiresInS - Math.ceil((nowMs - grantedAtMs) / 1000)) };
}
