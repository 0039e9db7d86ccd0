import { nextDelayMs } from '../core/backoff.ts';
import { sha256 } from '../core/crypto.ts';
import { refuse } from '../core/errors.ts';
import { hubEvent } from '../core/event.ts';
import { type ConnectionId, connectionRef, type TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ProviderApp } from '../providers/app.ts';
import type { ProviderEntry } from '../providers/provider.ts';
import { type Connection, type ConnectionView, connectionIdOf, toView } from './connection.ts';
import { type Grant, openGrant, sealGrant } from './grant.ts';
import { isHeld } from './lease.ts';
import { isConfigured, judgeTokenAnswer, tokenRequest } from './oauth.ts';
import type { CredentialPorts } from './refresh.ts';
import { absorbed, disconnected, postponed } from './removal.ts';
import { type Revocation, type RevokeFailure, revokeUpstream } from './revoke.ts';

const GIVE_UP_MS = 24 * 60 * 60_000;
const backoff = { baseMs: 60_000, capMs: 60 * 60_000 };

/** Disconnects: the token is unusable from the first write on, then the grant is ended upstream and the row erased.
 *  Returns the final view, `revoked` or `revocation_pending`. Errors: `not_found`. */
export async function remove(
  ports: CredentialPorts,
  tenantId: TenantId,
  id: ConnectionId,
): Promise<Result<ConnectionView>> {
  const rows = ports.store.forTenant(tenantId);
  const { row } = await rows.change(id, (current) => disconnected(current, ports.moment.nowMs));
  if (!row) return refuse('not_found', 'There is no such connection.');
  return ok(toView(await finishRemoval(ports, row)));
}

/** Brings a disconnection as far as it goes: erased once the grant is ended upstream, or after 24 h of trying.
 *  May be done again after any crash: an ended grant counts as ended, and the event keeps its id. */
export async function finishRemoval(ports: CredentialPorts, row: Connection): Promise<Connection> {
  const { removal, tenantId, provider, name } = row;
  if (!removal) return row;
  const { store, moment } = ports;
  const rows = store.forTenant(tenantId);
  const about = { tenant: tenantId, provider, connection: name };

  const ended = await endUpstream(ports, row);
  if (!ended.ok && moment.nowMs - removal.sinceMs < GIVE_UP_MS) {
    if (removal.attempt === 0) await publishRemoved(ports, row, 'pending');
    const delayMs = nextDelayMs(removal.attempt + 1, backoff, moment, ended.error.retryAfterMs);
    const waiting = await rows.change(row, (current) => postponed(current, moment.nowMs + delayMs), row);
    return waiting.row ?? row;
  }
  if (!ended.ok)
    log.warn('a grant could not be ended upstream; it is erased here', { ...about, cause: ended.error.cause });
  const { revocation, last } = ended.ok ? ended.value : { revocation: 'none' as const, last: row };
  await publishRemoved(ports, row, revocation);
  // Not erased: a token came late and is in the row now; the next tick ends it too.
  return (await rows.erase(last)) ? { ...last, status: 'revoked' } : last;
}

interface Ended {
  readonly revocation: Revocation;
  /** The row as it was when its grant ended. */
  readonly last: Connection;
}

async function endUpstream(ports: CredentialPorts, row: Connection): Promise<Result<Ended, RevokeFailure>> {
  const { findProvider, readApp, vault, moment } = ports;
  if (row.lease && isHeld(row, moment.nowMs)) {
    return err({ cause: 'a refresh is under way', retryAfterMs: row.lease.untilMs - moment.nowMs + 2_000 });
  }
  const entry = findProvider(row.provider);
  if (!entry || !row.sealed) return ok({ revocation: 'none', last: row });
  const opened = await openGrant(vault, row.tenantId, connectionIdOf(row), row.generation, row.sealed);
  if (!opened.ok) {
    const later = opened.error.code === 'unavailable';
    return later ? err({ cause: 'the vault cannot be asked' }) : ok({ revocation: 'none', last: row });
  }
  const app = await readApp(row.provider);
  const current = await revocable(ports, row, entry, app, opened.value);
  if (!current.ok) return current;
  const { last, grant } = current.value;
  const ended = grant ? await revokeUpstream(ports, entry, app, grant) : ok('revoked' as const);
  return ended.ok ? ok({ revocation: ended.value, last }) : ended;
}

/** A provider that wants the access token itself must be shown a live one: an expired one would be taken for ended, and
 *  the refresh token live on. Returns no grant where it is gone already. */
async function revocable(
  ports: CredentialPorts,
  row: Connection,
  entry: ProviderEntry,
  app: ProviderApp,
  grant: Grant,
): Promise<Result<{ readonly last: Connection; readonly grant?: Grant }, RevokeFailure>> {
  const { send, moment, vault, store } = ports;
  const { style } = entry.provider.auth.revoke;
  const expired = row.expiresAtMs !== undefined && row.expiresAtMs <= moment.nowMs;
  if (!expired || !grant.refreshToken || !(style === 'bearer' || style === 'app-delete') || !isConfigured(app)) {
    return ok({ last: row, grant });
  }
  const answer = await send(tokenRequest(entry, app, { grantType: 'refresh_token', refreshToken: grant.refreshToken }));
  if (!answer.ok) return err({ cause: answer.error.cause });
  const judged = await judgeTokenAnswer(entry, answer.value, moment.nowMs);
  if (!judged.ok) return judged.error.kind === 'grant_gone' ? ok({ last: row }) : err(judged.error);
  const renewed = {
    accessToken: judged.value.accessToken,
    refreshToken: judged.value.refreshToken ?? grant.refreshToken,
  };
  // Kept before it is used up: should the revocation fail, the next try needs it.
  const generation = row.generation + 1;
  const sealed = await sealGrant(vault, row.tenantId, connectionIdOf(row), generation, renewed);
  const fresh = { generation, sealed, scopes: row.scopes };
  const kept = await store
    .forTenant(row.tenantId)
    .change(row, (current) => absorbed(current, fresh, moment.nowMs), row);
  return ok({ last: kept.row ?? row, grant: renewed });
}

async function publishRemoved(
  { publish, moment }: CredentialPorts,
  row: Connection,
  revocation: Revocation | 'pending',
): Promise<void> {
  const connection = connectionIdOf(row);
  const happening = [row.tenantId, connectionRef(connection), row.removal?.sinceMs, revocation].join('#');
  const about = { tenant: row.tenantId, connection, id: `evt_${sha256(happening)}` };
  await publish([hubEvent('connection.removed', about, { revocation }, moment)]);
}
