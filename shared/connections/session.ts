import { equal } from '../core/crypto.ts';
import type { TenantId } from '../core/ids.ts';
import type { Connection, SealedGrant } from './connection.ts';
import { hashed } from './handle.ts';

// A connect session through its stages. Only `ready` and what follows holds a credential, sealed, and no connection
// exists before `confirmed`.
//
//   created ── start ─▶ started ── callback ─▶ exchanging ─▶ ready ── confirm ─▶ confirming ─▶ confirmed
//      └──── denied, failed ────────┴───────────────┴─▶ ended ◀── revoking ◀── unconfirmed, foreign ──┘

export const LINK_MS = 15 * 60_000;
export const STATE_MS = 10 * 60_000;
export const CONFIRM_MS = 10 * 60_000;
/** How often a link takes a credential to be tried: nobody guesses one through our form. */
export const MAX_TRIES = 10;
/** The row stays for a while, so that a late or repeated step learns what became of it. */
export const KEEP_MS = 2 * 24 * 60 * 60_000;

export type SessionStatus =
  | 'created'
  | 'started'
  | 'exchanging'
  | 'ready'
  | 'confirming'
  | 'confirmed'
  | 'revoking'
  | 'ended';

/** Why a session came to nothing, as `returnUrl?error=` says it to the owner's app. */
export type ConnectError = 'denied' | 'provider_error' | 'no_code' | 'issuer_mismatch' | 'exchange_failed';

export interface Session {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly tenantName: string;
  readonly provider: string;
  readonly name: string;
  readonly endUser: string;
  readonly returnUrl: string;
  readonly scopes: readonly string[];
  /** Another account than the connection's may take its place. */
  readonly allowAccountChange?: boolean;
  readonly status: SessionStatus;
  readonly linkHash: string;
  readonly createdAtMs: number;
  readonly linkExpiresAtMs: number;
  readonly attempt?: Attempt;
  /** Credentials that were entered and sent to the provider. */
  readonly tries?: number;
  readonly claimId?: string;
  readonly ticketHash?: string;
  readonly confirmExpiresAtMs?: number;
  readonly grant?: PendingGrant;
  readonly endedBecause?: string;
  readonly revokingSinceMs?: number;
}

/** One way of a browser to the provider; starting again replaces it. */
export interface Attempt {
  readonly browserHash: string;
  readonly stateHash: string;
  readonly stateExpiresAtMs: number;
  readonly redirectUri: string;
  /** Digest of tenant, provider, its data and the owner's app, as they were at the start. */
  readonly context: string;
  /** Sealed PKCE verifier. */
  readonly verifier?: string;
}

/** What the provider granted, sealed for this session alone, until the owner's app vouches for its end user. */
export interface PendingGrant {
  readonly sealed: SealedGrant;
  readonly grantedAtMs: number;
  readonly expiresInS?: number;
  readonly scopes: readonly string[];
  readonly account: { readonly id: string; readonly name?: string };
  readonly kind?: Connection['kind'];
  readonly settings?: Connection['settings'];
}

/** Where the vault keeps what is a session's: no connection has generation 0. */
export function sessionPlace({ provider, id }: Pick<Session, 'provider' | 'id'>) {
  return { provider, name: id, generation: 0 } as const;
}

/** Returns what the audit log is told of a step that the session's end user took; `error`: why it came to nothing. */
export function stepOf({ id, tenantId: tenant, provider, name }: Session, error?: ConnectError) {
  const given = { session: id, connection: { provider, name } };
  return { tenant, actor: { kind: 'end_user', id }, given, ...(error !== undefined && { error }) } as const;
}

export type Step = ReturnType<typeof stepOf>;

/** What the page may do with a link that this browser shows. */
export type LinkState = 'open' | 'unknown' | 'expired' | 'used' | 'wrong_browser';

/** Returns whether a link can be started, by this browser (its cookie's hash), now. */
export function judgeLink(
  session: Session | undefined,
  { secret, browserHash }: { readonly secret: string; readonly browserHash: string | undefined },
  nowMs: number,
): LinkState {
  if (!session || !equal(session.linkHash, hashed('link', secret))) return 'unknown';
  if (session.status !== 'created' && session.status !== 'started') return 'used';
  if (nowMs >= session.linkExpiresAtMs) return 'expired';
  const claimedBy = session.attempt?.browserHash;
  return claimedBy === undefined || (browserHash !== undefined && equal(claimedBy, browserHash))
    ? 'open'
    : 'wrong_browser';
}

/** What a callback that was not let in may be told. Those who do not hold the state learn nothing. */
export type CallbackRefusal = 'unknown' | 'expired' | 'used' | 'wrong_browser' | 'changed';

/** Returns why the conditional write refused, from the row as it stood. */
export function judgeCallback(
  session: Session | undefined,
  { stateHash, browserHash }: { readonly stateHash: string; readonly browserHash: string | undefined },
  nowMs: number,
): CallbackRefusal {
  const attempt = session?.attempt;
  if (!session || !attempt || !equal(attempt.stateHash, stateHash)) return 'unknown';
  if (browserHash === undefined || !equal(attempt.browserHash, browserHash)) return 'wrong_browser';
  if (session.status !== 'started') return 'used';
  return nowMs >= attempt.stateExpiresAtMs ? 'expired' : 'changed';
}

export type ConfirmVerdict = 'match' | 'done' | 'foreign' | 'other_end_user' | 'late';

/** Returns whether the owner's backend vouches for the end user that this session is about. */
export function judgeConfirm(
  session: Session | undefined,
  claim: { readonly tenantId: TenantId; readonly ticket: string; readonly endUser: string },
  nowMs: number,
): ConfirmVerdict {
  const { ticketHash, endUser } = session ?? {};
  if (!session || session.tenantId !== claim.tenantId) return 'foreign';
  if (ticketHash === undefined || endUser === undefined) return 'foreign';
  if (!equal(ticketHash, hashed('ticket', claim.ticket))) return 'foreign';
  if (session.status === 'revoking' || session.status === 'ended') return 'foreign';
  if (!equal(endUser, claim.endUser)) return session.status === 'ready' ? 'other_end_user' : 'foreign';
  if (session.status === 'confirmed') return 'done';
  return session.status === 'ready' && nowMs >= (session.confirmExpiresAtMs ?? 0) ? 'late' : 'match';
}
