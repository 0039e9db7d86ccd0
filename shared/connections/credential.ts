import { nextDelayMs } from '../core/backoff.ts';
import { refuse } from '../core/errors.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { ok, type Result } from '../core/result.ts';
import { wayOf } from '../providers/provider.ts';
import { whoami } from './account.ts';
import { ANNOUNCE_MS, announce } from './announce.ts';
import { namesOnRequest } from './authorise.ts';
import { type Connection, isRenewable, kindOf, needsReauth } from './connection.ts';
import { type Grant, openGrant, valuesOf } from './grant.ts';
import { isHeld } from './lease.ts';
import { newestOf } from './newest.ts';
import { type RefreshOutcome, reauthorize, unavailable } from './outcome.ts';
import { type CredentialPorts, REFRESH_MS, refresh } from './refresh.ts';
import { testOf } from './ways.ts';

export interface LiveCredential {
  /** What goes onto a request: the access token, or the secret fields of the way. */
  readonly secrets: Grant;
  /** Says which credential a provider refused, when it did. */
  readonly generation: number;
  readonly connection: Connection;
}

export interface LiveOptions {
  /** The provider answered 401 to this generation: it is refreshed once, whoever asks first; where it cannot be, the
   *  provider is asked whether it takes it anywhere. */
  readonly refusedGeneration?: number;
  /** When whoever asks is ended: nothing is begun that would not be over by then. Default: not soon. */
  readonly endsAtMs?: number;
}

export type Credentials = ReturnType<typeof openCredentials>;

/** A token is handed out while it lives this much longer at least. */
const MARGIN_MS = 10_000;
/** How long a caller without any valid token waits for another's refresh. */
const WAIT_MS = 5_000;
/** What must be left to whoever tries a credential: the request's 5 s, and what he does then. */
const TRIAL_MS = 8_000;
/** Whoever comes again comes once this one has ended. */
const TOO_LATE = 'too little time is left to ask the provider';
const POLL = { baseMs: 200, capMs: 1_000 };

/** Returns the way to live credentials: a fresh one costs one read, a due one is refreshed by whoever asks first. */
export function openCredentials(ports: CredentialPorts) {
  const { store, vault, moment } = ports;
  const newest = newestOf(store);

  return {
    /** Returns a token that lives 10 s longer at least. While it is still valid, a refresh that fails or is another's turn
     *  hands out the valid one. Errors: `not_found`, `needs_reauth` (the grant is gone), `not_configured`,
     *  `provider_unavailable` and `unavailable` (ask again later). */
    async live(
      tenantId: TenantId,
      id: ConnectionId,
      { refusedGeneration, endsAtMs = Number.POSITIVE_INFINITY }: LiveOptions = {},
    ): Promise<Result<LiveCredential>> {
      const untilMs = moment.nowMs + WAIT_MS;
      for (let turn = 1; ; turn++) {
        const read = await newest.read(tenantId, id);
        if (!read.ok) return read;
        const row = read.value;
        if (!row || row.status === 'revocation_pending' || row.status === 'revoked') {
          return refuse('not_found', 'There is no such connection.');
        }
        if (row.status === 'needs_reauth') return reauthorize(row.reason);
        if (isUsable(row) && moment.nowMs < (row.refreshAtMs ?? Number.POSITIVE_INFINITY)) return handOut(row);

        const leftMs = endsAtMs - moment.nowMs;
        if (!isRenewable(row)) {
          if (isUsable(row)) return handOut(row);
          if (isOver(row)) return end(row, 'expired');
          return leftMs < TRIAL_MS ? unavailable(leftMs, TOO_LATE) : tried(row);
        }
        if (leftMs < REFRESH_MS && !isHeld(row, moment.nowMs))
          return isUsable(row) ? handOut(row) : unavailable(leftMs, TOO_LATE);
        const outcome = await attempt(row);
        if (outcome.kind === 'refreshed') {
          newest.remember(outcome.connection);
          return ok(credentialOf(outcome.connection, outcome.grant));
        }
        if (outcome.kind === 'failed' && outcome.error.code === 'needs_reauth')
          return { ok: false, error: outcome.error };
        if (isUsable(row)) return handOut(row);
        if (outcome.kind === 'failed') return { ok: false, error: outcome.error };
        if (moment.nowMs >= untilMs) return unavailable(1_000, 'another refresh is under way');
        await moment.sleep(nextDelayMs(turn, POLL, moment, 50));
      }

      function isUsable(row: Connection): boolean {
        return row.generation !== refusedGeneration && !isOver(row);
      }
    },
  };

  function isOver({ expiresAtMs = Number.POSITIVE_INFINITY }: Connection): boolean {
    return moment.nowMs >= expiresAtMs - MARGIN_MS;
  }

  /** What breaks on the way to the refresh (a table, a secret store) must not cost a caller the token that is valid. */
  async function attempt(row: Connection): Promise<RefreshOutcome> {
    try {
      return await refresh(ports, row);
    } catch (error) {
      log.bug('a refresh broke', error, { tenant: row.tenantId, provider: row.provider, connection: row.name });
      return { kind: 'failed', error: refuse('unavailable', 'The token cannot be refreshed at present.').error };
    }
  }

  async function handOut(row: Connection): Promise<Result<LiveCredential>> {
    if (!row.sealed) return reauthorize(row.reason);
    const { tenantId, provider, generation, sealed } = row;
    const entry = ports.findProvider(provider);
    const way = entry && wayOf(entry.provider, kindOf(row));
    const opened = await openGrant(vault, tenantId, row, generation, sealed, way ? namesOnRequest(way) : []);
    return opened.ok ? ok(credentialOf(row, opened.value)) : opened;
  }

  /** One route may refuse what the provider takes elsewhere: whoever asked there gets it back, and keeps the 401 (C-04). */
  async function tried(row: Connection): Promise<Result<LiveCredential>> {
    const entry = ports.findProvider(row.provider);
    const way = entry && wayOf(entry.provider, kindOf(row));
    if (!way || !testOf(entry.provider, way)) return end(row, 'token_refused');
    const held = await handOut(row);
    if (!held.ok) return held;
    const candidate = { entry, way, app: await ports.readApp(row.provider) };
    const said = await whoami(candidate, valuesOf(row, held.value.secrets), ports.send, moment.nowMs);
    if (said.ok) return held;
    return said.error.kind === 'refused' ? end(row, 'token_refused') : unavailable(0, said.error.cause);
  }

  /** A token that ended, or that the provider refuses, and no way to another. */
  async function end(row: Connection, reason: 'expired' | 'token_refused'): Promise<Result<LiveCredential>> {
    const saved = await store
      .forTenant(row.tenantId)
      .change(
        row,
        (current) =>
          current.generation === row.generation
            ? needsReauth(current, reason, moment.nowMs, moment.nowMs + ANNOUNCE_MS)
            : undefined,
        row,
      );
    if (saved.done) await announce(ports, saved.row);
    return reauthorize(reason);
  }
}

function credentialOf(connection: Connection, secrets: Grant): LiveCredential {
  return { secrets, generation: connection.generation, connection };
}
