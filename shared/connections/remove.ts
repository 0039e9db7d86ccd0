import { nextDelayMs } from '../core/backoff.ts';
import { sha256 } from '../core/crypto.ts';
import { hubEvent } from '../core/event.ts';
import { type ConnectionId, connectionRef, type TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ProviderApp } from '../providers/app.ts';
import { type ProviderEntry, wayOf } from '../providers/provider.ts';
import { type Connection, type ConnectionView, connectionIdOf, kindOf, type Removal, toView } from './connection.ts';
import { disconnect } from './disconnect.ts';
import { bidFarewell } from './farewell.ts';
import { type Grant, openGrant, sealGrant } from './grant.ts';
import { isHeld } from './lease.ts';
import { judgeTokenAnswer, tokenRequest } from './oauth.ts';
import type { CredentialPorts } from './refresh.ts';
import { absorbed, parked, postponed } from './removal.ts';
import { type Revocation, type RevokeFailure, revokeUpstream } from './revoke.ts';
import { isShared, type Standing } from './spare.ts';
import { isConfigured } from './ways.ts';

export interface RemovalPorts extends CredentialPorts {
  readonly store: Standing;
}

const GIVE_UP_MS = 24 * 60 * 60_000;
const backoff = { baseMs: 60_000, capMs: 60 * 60_000 };

/** Disconnects: the token is unusable from the first write on, then the grant is ended upstream and the row erased. Asked
 *  again where it is parked, it tries anew. Returns the final view: `revoked` (with the reason `provider_has_none` where
 *  the provider knows no way to end a grant, `grant_shared` where others live on it) or `revocation_pending`. Errors: `not_found`. */
export async function remove(
  ports: RemovalPorts,
  tenantId: TenantId,
  id: ConnectionId,
): Promise<Result<ConnectionView>> {
  const row = await disconnect(ports.store.forTenant(tenantId), id, ports.moment.nowMs);
  return row.ok ? ok(toView(await finishRemoval(ports, row.value))) : row;
}

/** Brings a disconnection as far as it goes: erased once the grant is ended upstream, parked after 24 h of trying.
 *  May be done again after any crash: an ended grant counts as ended, and the event keeps its id. */
export async function finishRemoval(ports: RemovalPorts, row: Connection): Promise<Connection> {
  if (!row.removal) return row;
  const ended = await endUpstream(ports, row);
  if (!ended.ok) return tryLater(ports, row, row.removal, ended.error);
  const { revocation, last } = ended.value;
  measure('Revocation', { provider: row.provider, outcome: revocation });
  await publishRemoved(ports, row, revocation === 'nothing' ? 'none' : revocation);
  // Not erased: a token came late and is in the row now; the next tick ends it too.
  if (!(await ports.store.forTenant(row.tenantId).erase(last))) return last;
  return { ...last, status: 'revoked', reason: leftFor[revocation] };
}

/** Why a grant was not ended at the provider. */
const leftFor = { none: 'provider_has_none', shared: 'grant_shared', nothing: undefined, revoked: undefined } as const;

async function tryLater(
  { store, moment, publish }: CredentialPorts,
  row: Connection,
  removal: Removal,
  { cause, retryAfterMs }: RevokeFailure,
): Promise<Connection> {
  const { tenantId, provider, name } = row;
  const rows = store.forTenant(tenantId);
  if (moment.nowMs - removal.sinceMs >= GIVE_UP_MS) {
    log.warn('a grant could not be ended upstream', { tenant: tenantId, provider, connection: name, cause });
    measure('Revocation', { provider, outcome: 'parked' });
    await publishRemoved({ publish, moment }, row, 'parked');
    return (await rows.change(row, (current) => parked(current, moment.nowMs), row)).row ?? row;
  }
  if (removal.attempt === 0) await publishRemoved({ publish, moment }, row, 'pending');
  const delayMs = nextDelayMs(removal.attempt + 1, backoff, moment, retryAfterMs);
  return (await rows.change(row, (current) => postponed(current, moment.nowMs + delayMs), row)).row ?? row;
}

interface Ended {
  /** `nothing`: there was no grant any more that could be ended. */
  readonly revocation: Revocation | 'nothing';
  /** The row as it was when its grant ended. */
  readonly last: Connection;
}

async function endUpstream(ports: RemovalPorts, row: Connection): Promise<Result<Ended, RevokeFailure>> {
  const { findProvider, readApp, vault, moment } = ports;
  if (row.lease && isHeld(row, moment.nowMs)) {
    return err({ cause: 'a refresh is under way', retryAfterMs: row.lease.untilMs - moment.nowMs + 2_000 });
  }
  const entry = findProvider(row.provider);
  if (!entry || !row.sealed || row.mode === 'mock') return ok({ revocation: 'nothing', last: row });
  const opened = await openGrant(vault, row.tenantId, connectionIdOf(row), row.generation, row.sealed);
  if (!opened.ok) {
    const later = opened.error.code === 'unavailable';
    return later ? err({ cause: 'the vault cannot be asked' }) : ok({ revocation: 'nothing', last: row });
  }
  const app = await readApp(row.provider);
  // Nor is it renewed: another connection may live on the same token.
  const shared = await isShared(ports.store, entry, row);
  const current = shared
    ? ok({ last: row, grant: opened.value })
    : await revocable(ports, row, entry, app, opened.value);
  if (!current.ok) return current;
  const { last, grant } = current.value;
  const way = wayOf(entry.provider, kindOf(last));
  if (grant && way && last.farewells) await bidFarewell(ports, { entry, way, app }, last, grant);
  if (shared) return ok({ revocation: 'shared', last });
  const ended = grant ? await revokeUpstream(ports, entry, app, grant, last) : ok('revoked' as const);
  return ended.ok ? ok({ revocation: ended.value, last }) : ended;
}

/** A provider that wants the access token itself must be shown a live one: an expired one would be taken for ended, and
 *  the refresh token live on. A farewell wants one too. Returns no grant where it is gone already. */
async function revocable(
  ports: RemovalPorts,
  row: Connection,
  entry: ProviderEntry,
  app: ProviderApp,
  grant: Grant,
): Promise<Result<{ readonly last: Connection; readonly grant?: Grant }, RevokeFailure>> {
  const { send, moment, vault, store } = ports;
  const way = wayOf(entry.provider, kindOf(row));
  const shown = way?.kind === 'oauth2' && isConfigured(way, app) && way.revoke.style;
  const expired = row.expiresAtMs !== undefined && row.expiresAtMs <= moment.nowMs;
  const needed = shown === 'bearer' || shown === 'app-delete' || (shown && row.farewells);
  if (!expired || !grant.refreshToken || !needed) {
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
  { publish, moment }: Pick<CredentialPorts, 'publish' | 'moment'>,
  row: Connection,
  revocation: Revocation | 'pending' | 'parked',
): Promise<void> {
  const connection = connectionIdOf(row);
  const sinceMs = row.removal?.sinceMs ?? moment.nowMs;
  const happening = [row.tenantId, connectionRef(connection), sinceMs, revocation].join('#');
  const about = { tenant: row.tenantId, connection, id: `evt_${sha256(happening)}` };
  // Dated before the one that has taken its place, or that would be taken for removed.
  const nowMs = row.aside === undefined ? moment.nowMs : sinceMs;
  await publish([hubEvent('connection.removed', about, { revocation }, { ...moment, nowMs })]);
}
