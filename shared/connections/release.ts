import { nextDelayMs } from '../core/backoff.ts';
import type { Moment } from '../core/clock.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import type { Result } from '../core/result.ts';
import type { ProviderApp, ReadApp } from '../providers/app.ts';
import type { ProviderEntry } from '../providers/provider.ts';
import { type Grant, openGrant } from './grant.ts';
import type { Revocation, RevokeFailure } from './revoke.ts';
import { type Session, sessionPlace } from './session.ts';
import type { SessionStore } from './session-store.ts';
import type { NamedHolder } from './spare.ts';
import type { Vault } from './vault.ts';

/** Ends a grant upstream, unless it is shared. */
export type Revoke = (
  entry: ProviderEntry,
  app: ProviderApp,
  grant: Grant,
  holder: NamedHolder,
) => Promise<Result<Revocation, RevokeFailure>>;

/** A grant that was obtained and could not be kept. */
export interface Orphan {
  readonly entry: ProviderEntry;
  readonly app: ProviderApp;
  readonly grant: Grant;
  readonly holder: NamedHolder;
}

export interface ReleasePorts {
  readonly sessions: Pick<SessionStore, 'beginRevoke' | 'finishRevoke' | 'postpone'>;
  readonly vault: Pick<Vault, 'open'>;
  readonly readApp: ReadApp;
  readonly revoke: Revoke;
  readonly find: (provider: string) => ProviderEntry | undefined;
}

/** The one who begins ends it too; the sweep comes only where that did not happen. */
export const FIRST_TRY_MS = 60_000;
const LONGEST_WAIT_MS = 60 * 60_000;
const GIVE_UP_MS = 24 * 60 * 60_000;
const backoff = { baseMs: 200, capMs: 1_000 };

/** Ends a grant that no row keeps: nobody could try again later, so it is tried three times now. */
export async function abandon(revoke: Revoke, { entry, app, grant, holder }: Orphan, moment: Moment): Promise<void> {
  const { id: provider } = entry.provider;
  const about = { tenant: holder.tenantId, provider, connection: holder.name };
  for (let turn = 1; turn <= 3; turn++) {
    if (turn > 1) await moment.sleep(nextDelayMs(turn, backoff, moment));
    const ended = await revoke(entry, app, grant, holder);
    if (ended.ok) return log.info('a grant that no session keeps was released', { ...about, outcome: ended.value });
  }
  measure('Revocation', { provider, outcome: 'given_up' });
}

/** Ends a session whose grant must not be used: from the first write on nothing can take it up, then it is revoked
 *  upstream and erased. What cannot be revoked now is tried again by the sweep. */
export async function release(ports: ReleasePorts, session: Session, because: string, moment: Moment): Promise<void> {
  const { status } = session;
  const dueAtMs = moment.nowMs + FIRST_TRY_MS;
  const moved = await ports.sessions.beginRevoke(session.id, { status, because, dueAtMs }, moment.nowMs);
  if (moved.done) await finishRelease(ports, moved.session, moment);
}

/** Revokes and erases the grant of a session in `revoking`; postpones what fails, for a day at most. Returns whether it may
 *  live on upstream. */
export async function finishRelease(ports: ReleasePorts, session: Session, moment: Moment): Promise<boolean> {
  const { id, tenantId: tenant, provider, endedBecause: cause } = session;
  const outcome = await tryRevoke(ports, session);
  const sinceMs = moment.nowMs - (session.revokingSinceMs ?? moment.nowMs);
  if (outcome === 'not now' && sinceMs < GIVE_UP_MS) {
    const waitMs = Math.min(LONGEST_WAIT_MS, Math.max(FIRST_TRY_MS, sinceMs));
    await ports.sessions.postpone(id, 'revoking', moment.nowMs + waitMs);
    return true;
  }
  const givenUp = outcome === 'not now' || outcome === 'lost';
  if (givenUp) measure('Revocation', { provider, outcome: 'given_up' });
  await ports.sessions.finishRevoke(id);
  const about = { session: id, tenant, provider, outcome: outcome === 'not now' ? 'given up' : outcome, cause };
  log[givenUp ? 'warn' : 'info']('the grant of a connect session was released', about);
  return givenUp;
}

async function tryRevoke(
  ports: ReleasePorts,
  { grant, ...session }: Session,
): Promise<Revocation | 'lost' | 'not now'> {
  const entry = ports.find(session.provider);
  if (!grant || !entry) return 'lost';
  const { provider, name, generation } = sessionPlace(session);
  const opened = await openGrant(ports.vault, session.tenantId, { provider, name }, generation, grant.sealed);
  if (!opened.ok) return opened.error.code === 'unavailable' ? 'not now' : 'lost';
  const holder = { ...grant, tenantId: session.tenantId, name: session.name };
  const ended = await ports.revoke(entry, await ports.readApp(session.provider), opened.value, holder);
  return ended.ok ? ended.value : 'not now';
}
