import type { Moment } from '../core/clock.ts';
import { type HubEvent, hubEvent } from '../core/event.ts';
import { log } from '../core/log.ts';
import type { Result } from '../core/result.ts';
import { type Connection, grantedTo } from './connection.ts';
import { type EstablishPorts, establish } from './establish.ts';
import { openGrant } from './grant.ts';
import { type Session, sessionPlace } from './session.ts';
import type { SessionStore } from './session-store.ts';
import type { Vault } from './vault.ts';

export interface ActivatePorts extends EstablishPorts {
  readonly sessions: Pick<SessionStore, 'finishConfirm'>;
  readonly vault: Pick<Vault, 'seal' | 'open'>;
  readonly publish: (events: readonly HubEvent[]) => Promise<void>;
}

/** Returns the connection that a session in `confirming` brings into being. May be done again after every step: the row
 *  names its session, the event's id comes from it. Errors: `account_mismatch`, `conflict`, and the vault's. */
export async function activate(ports: ActivatePorts, session: Session, moment: Moment): Promise<Result<Connection>> {
  if (!session.grant) throw new Error('a session in confirming has its grant');
  const { sealed, ...grant } = session.grant;
  const { generation, ...place } = sessionPlace(session);
  const written = await establish(
    ports,
    {
      ...grant,
      tenantId: session.tenantId,
      id: { provider: session.provider, name: session.name },
      grant: () => openGrant(ports.vault, session.tenantId, place, generation, sealed),
      sourceSession: session.id,
      allowAccountChange: session.allowAccountChange,
    },
    moment,
  );
  if (!written.ok) return written;
  const { tenantId: tenant, provider, name } = written.value;
  const reconnected = written.value.createdAtMs < grant.grantedAtMs;
  await ports.publish([
    hubEvent(
      'connection.activated',
      { tenant, connection: { provider, name }, id: `evt_${session.id.slice('cs_'.length)}` },
      { account: grant.account.id, kind: grantedTo(written.value).kind, scopes: [...grant.scopes], reconnected },
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
