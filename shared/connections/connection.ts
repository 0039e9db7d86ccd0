import { iso } from '../core/clock.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import type { WayKind } from '../providers/auth.ts';
import { type Granted, MOCK } from '../providers/needs.ts';

export type ConnectionStatus = 'active' | 'needs_reauth' | 'revocation_pending' | 'revoked';

/** What the vault made of a grant, by name: `accessToken`, `refreshToken`, or a secret field of the way; each sealed for
 *  its own name, this connection and this generation alone. */
export type SealedGrant = Readonly<Record<string, string>>;

/** Who may present the refresh token at present. A lease outlasts the token request that it is for. */
export interface Lease {
  readonly owner: string;
  readonly untilMs: number;
  /** The generation of whatever its holder brings back: a later lease has a greater one, so the newest token wins. */
  readonly generation: number;
}

/** Written ahead of the token request, with the lease: what may have happened to this refresh token. */
export interface Intent {
  /** SHA-256 of the refresh token. */
  readonly tokenHash: string;
  readonly firstTriedAtMs: number;
  readonly attempt: number;
  /** An earlier attempt ended without an answer: the provider may have replaced the token. */
  readonly ambiguous: boolean;
  /** So many answers to it were not understood. */
  readonly odd?: number;
  /** Nobody asks the provider again before this. */
  readonly notBeforeMs?: number;
}

/** A disconnection on its way: the grant is still to be ended upstream. */
export interface Removal {
  readonly sinceMs: number;
  readonly attempt: number;
  /** Absent: parked, nobody tries again until it is asked for. */
  readonly nextAtMs?: number;
}

/** A request that is sent with the live credential before the grant ends. */
export interface Farewell {
  readonly method: 'POST' | 'DELETE';
  /** Which of the provider's `api.bases` it goes to. Default: the base URL. */
  readonly base?: string;
  /** Escaped. */
  readonly path: string;
  readonly json?: Readonly<Record<string, string>>;
}

/** One tenant's account at one provider, as stored; times in ms since the epoch. */
export interface Connection {
  readonly tenantId: TenantId;
  readonly provider: string;
  readonly name: string;
  readonly status: ConnectionStatus;
  readonly account: { readonly id: string; readonly name?: string };
  readonly scopes: readonly string[];
  readonly mode: 'live' | 'mock' | 'hybrid';
  /** Which of the provider's ways it was connected by. Absent: `oauth2`. */
  readonly kind?: WayKind;
  /** The fields of the way that are no secrets. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Counts the writes of this row: each is made against the one that was read. */
  readonly version: number;
  /** Grows with each credential; part of what binds the sealed ones (B-16). */
  readonly generation: number;
  /** Absent once nothing can be done with it any more. */
  readonly sealed?: SealedGrant;
  /** Absent: the provider gave the access token no end. */
  readonly expiresAtMs?: number;
  /** From here on it is refreshed by whoever needs it; absent where it cannot be or need not be. */
  readonly refreshAtMs?: number;
  readonly lease?: Lease;
  readonly intent?: Intent;
  readonly removal?: Removal;
  /** What is to be ended at the provider before the grant, by whom it is for. */
  readonly farewells?: Readonly<Record<string, Farewell>>;
  /** The generation under which a disconnected one is kept aside: its place was taken before its grant was ended. */
  readonly aside?: number;
  /** The owner is still to be told that the grant is gone: from here on the tick does it. */
  readonly announceAtMs?: number;
  /** Why it is not active: `grant_revoked`, `rotation_lost`, `token_refused`, `uninstalled`, … */
  readonly reason?: string;
  /** The connect session that made it: the same session asks again and gets the same answer. */
  readonly sourceSession?: string;
  /** When the end user last granted it: what a provider says of an earlier grant is no longer true. */
  readonly authorizedAtMs: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** A connection as the API shows it (design §2): never its credential. */
export interface ConnectionView {
  readonly provider: string;
  readonly name: string;
  readonly status: ConnectionStatus;
  readonly account: { readonly id: string; readonly name?: string };
  readonly scopes: readonly string[];
  readonly mode: 'live' | 'mock' | 'hybrid';
  readonly expiresAt?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly reason?: string;
}

const EARLIEST = 0.75;
const LATEST = 0.85;
const LAST_CALL_MS = 5 * 60_000;

/** Returns the public shape of a connection. */
export function toView(row: Connection): ConnectionView {
  const { provider, name, status, account, scopes, mode, expiresAtMs, reason } = row;
  return {
    ...{ provider, name, status, account, scopes, mode },
    ...(expiresAtMs !== undefined && { expiresAt: iso(expiresAtMs) }),
    createdAt: iso(row.createdAtMs),
    updatedAt: iso(row.updatedAtMs),
    ...(reason !== undefined && { reason }),
  };
}

export function connectionIdOf({ provider, name }: Connection): ConnectionId {
  return { provider, name };
}

/** Returns which of the provider's ways a connection, or a grant, goes by. */
export function kindOf({ kind = 'oauth2' }: { readonly kind?: WayKind }): WayKind {
  return kind;
}

/** Returns how the connection was made, and what it was granted. */
export function grantedTo(row: Pick<Connection, 'mode' | 'kind' | 'scopes'>): Granted {
  return row.mode === 'mock' ? { kind: MOCK } : { kind: kindOf(row), scopes: row.scopes };
}

/** Returns whether a credential can be had again without the end user: by its refresh token, or by minting. */
export function isRenewable({ kind, sealed }: Pick<Connection, 'kind' | 'sealed'>): boolean {
  if (sealed?.refreshToken !== undefined) return true;
  return sealed !== undefined && (kind === 'password' || kind === 'client_credentials' || kind === 'app_jwt');
}

/** Returns the generation of a new authorization: above every credential and lease there was, also before a
 *  disconnection that left no row; a refresh adds one, and no connection is refreshed each second. */
export function nextGeneration(previous: Connection | undefined, nowMs: number): number {
  const last = Math.max(previous?.generation ?? 0, previous?.lease?.generation ?? 0);
  return Math.max(last + 1, Math.floor(nowMs / 1000));
}

/** Returns when a token that lives `expiresInS` seconds ends and when it is refreshed: at about 80 % of its life,
 *  spread by `chance`, and 5 minutes before the end at the latest where it lives longer than 10. No life, no times. */
export function timesOf(expiresInS: number | undefined, refreshable: boolean, nowMs: number, chance: number) {
  if (expiresInS === undefined) return {};
  const lifeMs = expiresInS * 1000;
  const expiresAtMs = nowMs + lifeMs;
  if (!refreshable) return { expiresAtMs };
  const share = Math.floor(lifeMs * (EARLIEST + (LATEST - EARLIEST) * chance));
  const latest = lifeMs > 2 * LAST_CALL_MS ? lifeMs - LAST_CALL_MS : lifeMs;
  return { expiresAtMs, refreshAtMs: nowMs + Math.min(share, latest) };
}

/** What an authorization or a refresh brought, sealed for `generation`. */
export interface Fresh {
  readonly generation: number;
  readonly sealed: SealedGrant;
  readonly scopes: readonly string[];
  /** Seconds the access token lives; absent where the provider does not say. */
  readonly expiresInS?: number;
}

/** Returns the connection that a confirmed session, or the owner's backend, brings into being, or renews. */
export function activated(
  about: {
    readonly tenantId: TenantId;
    readonly id: ConnectionId;
    readonly account: Connection['account'];
    readonly kind?: WayKind;
    readonly settings?: Connection['settings'];
    /** Absent: made without one. */
    readonly sourceSession?: string;
    readonly mode?: Connection['mode'];
    /** When the grant was given. Default: now. */
    readonly grantedAtMs?: number;
  },
  fresh: Fresh,
  previous: Connection | undefined,
  { nowMs, chance }: { readonly nowMs: number; chance(): number },
): Connection {
  const { tenantId, id, account, kind, settings, sourceSession, mode = 'live', grantedAtMs = nowMs } = about;
  const { generation, sealed, scopes, expiresInS } = fresh;
  const same = previous && !previous.removal && previous.account.id === account.id ? previous : undefined;
  return {
    ...(same?.farewells && { farewells: same.farewells }),
    ...{ tenantId, ...id, status: 'active', account, scopes, mode, kind, settings, generation, sealed, sourceSession },
    ...timesOf(expiresInS, isRenewable({ kind, sealed }), nowMs, chance()),
    version: (previous?.version ?? 0) + 1,
    authorizedAtMs: grantedAtMs,
    createdAtMs: previous && !previous.removal ? previous.createdAtMs : nowMs,
    updatedAtMs: nowMs,
  };
}

/** Returns the connection once its grant is gone: nothing sealed is left; nothing where it was not active.
 *  `announceAtMs`: when the tick tells the owner, should whoever writes this not come to it. */
export function needsReauth(
  row: Connection,
  reason: string,
  nowMs: number,
  announceAtMs?: number,
): Connection | undefined {
  if (row.status !== 'active') return undefined;
  return next(row, { ...withoutCredential, status: 'needs_reauth', reason, announceAtMs, updatedAtMs: nowMs });
}

/** Returns the connection once the owner has been told. */
export function announced(row: Connection): Connection | undefined {
  return row.announceAtMs === undefined ? undefined : next(row, { announceAtMs: undefined });
}

/** Returns when something is to be done about the connection without anybody asking, in ms; nothing: never. */
export function dueAtMs(row: Connection): number | undefined {
  const { status, sealed, removal, refreshAtMs, announceAtMs, intent } = row;
  if (status === 'revocation_pending') return removal?.nextAtMs;
  if (status === 'needs_reauth') return announceAtMs;
  // A refresh token is kept alive; what is minted can wait until somebody needs it.
  if (status !== 'active' || refreshAtMs === undefined || sealed?.refreshToken === undefined) return undefined;
  return Math.max(refreshAtMs, intent?.notBeforeMs ?? 0);
}

const withoutCredential = {
  sealed: undefined,
  lease: undefined,
  intent: undefined,
  expiresAtMs: undefined,
  refreshAtMs: undefined,
} as const;

/** Returns the row with the change, as its next version. */
export function next(row: Connection, change: Partial<Connection>): Connection {
  return { ...row, ...change, version: row.version + 1 };
}
