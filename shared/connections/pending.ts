import type { Moment } from '../core/clock.ts';
import { type Grant, sealGrant } from './grant.ts';
import { hashed, newSecret } from './handle.ts';
import { CONFIRM_MS, type PendingGrant, type Session, sessionPlace } from './session.ts';
import type { SessionStore } from './session-store.ts';
import type { Vault } from './vault.ts';

export interface PendingPorts {
  readonly sessions: Pick<SessionStore, 'keepGrant'>;
  readonly vault: Pick<Vault, 'seal'>;
}

/** A credential that is known to work, in plaintext. */
export interface Obtained extends Omit<PendingGrant, 'sealed' | 'grantedAtMs'> {
  readonly grant: Grant;
}

/** Returns the ticket of a session whose credential waits, sealed, until the owner's app vouches for its end user; nothing
 *  where the session has moved on. */
export async function keepPending(
  { sessions, vault }: PendingPorts,
  session: Session,
  claimId: string,
  { grant, ...about }: Obtained,
  moment: Moment,
): Promise<string | undefined> {
  const { name, generation, provider } = sessionPlace(session);
  const sealed = await sealGrant(vault, session.tenantId, { provider, name }, generation, grant);
  const ticket = newSecret(moment);
  const moved = await sessions.keepGrant(session.id, {
    claimId,
    grant: { ...about, sealed, grantedAtMs: moment.nowMs },
    ticketHash: hashed('ticket', ticket),
    confirmExpiresAtMs: moment.nowMs + CONFIRM_MS,
  });
  return moved.done ? ticket : undefined;
}
