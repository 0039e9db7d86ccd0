import { nextDelayMs } from '../core/backoff.ts';
import { refuse } from '../core/errors.ts';
import type { InboundResponse, OutboundRequest } from '../core/fetch.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import type { ProviderApp } from '../providers/app.ts';
import type { Minted, OAuth2 } from '../providers/auth.ts';
import type { ProviderEntry } from '../providers/provider.ts';
import { ANNOUNCE_MS, announce } from './announce.ts';
import { type Connection, connectionIdOf, type Lease, needsReauth } from './connection.ts';
import { type Grant, valuesOf } from './grant.ts';
import { keep } from './keep.ts';
import { released } from './lease.ts';
import { mintRequest } from './mint.ts';
import { judgeTokenAnswer, type TokenFailure, tokenRequest } from './oauth.ts';
import { failed, type RefreshOutcome, reauthorize, unavailable } from './outcome.ts';
import type { CredentialPorts } from './refresh.ts';
import type { Saved, TenantConnections } from './store.ts';

const backoff = { baseMs: 2_000, capMs: 10 * 60_000 };
/** What nobody understands may be the hub's to mend: so often, which is two days, it is asked for again. */
const ODD = { baseMs: 2_000, capMs: 60 * 60_000, most: 100 };

/** A refresh under its lease. */
export interface Attempt {
  readonly ports: CredentialPorts;
  readonly rows: TenantConnections;
  /** The row with our lease. */
  readonly row: Connection;
  readonly lease: Lease;
  readonly grant: Grant;
  readonly entry: ProviderEntry;
  readonly way: OAuth2 | Minted;
  readonly app: ProviderApp;
}

/** Asks the provider, and does what its answer demands. Errors: those of `refresh`. */
export async function exchange(attempt: Attempt): Promise<RefreshOutcome> {
  const { ports, row, entry, way } = attempt;
  const { moment } = ports;
  const answer = await ports.send(await renewal(attempt, moment.nowMs));
  const provider = row.provider;
  if (!answer.ok) {
    measure('TokenRefreshed', { provider, outcome: answer.error.reason });
    return later(attempt, { kind: 'unavailable', cause: answer.error.cause }, answer.error.sent);
  }
  const judged = await judgeTokenAnswer(entry, answer.value, moment.nowMs, way);
  measure('TokenRefreshed', { provider, outcome: judged.ok ? 'refreshed' : judged.error.kind });
  if (judged.ok) return keep(attempt, judged.value);
  if (judged.error.kind === 'grant_gone') return giveUp(attempt, lossOf(attempt), judged.error);
  if (isHopeless(attempt, judged.error)) return giveUp(attempt, 'refresh_not_understood', judged.error);
  return later(attempt, judged.error, isAmbiguous(judged.error, answer.value));
}

function renewal({ row, grant, entry, way, app }: Attempt, nowMs: number): Promise<OutboundRequest> | OutboundRequest {
  if (way.kind !== 'oauth2') return mintRequest(way, app, valuesOf(row, grant), nowMs);
  if (!grant.refreshToken) throw new Error('an OAuth connection that is refreshed has its refresh token');
  return tokenRequest(entry, app, { grantType: 'refresh_token', refreshToken: grant.refreshToken });
}

/** A server that broke while it answered may have replaced the token before. */
function isAmbiguous({ kind }: TokenFailure, { status }: InboundResponse): boolean {
  return status >= 500 || (kind === 'odd' && status < 400);
}

/** Returns why a grant is gone. */
function lossOf({ row, way }: Attempt): string {
  if (way.kind !== 'oauth2') return 'credentials_refused'; // what is kept does not rotate
  return row.intent?.ambiguous ? 'rotation_lost' : 'grant_revoked';
}

/** Nobody loses a token by it that is still good. */
function isHopeless({ ports, row }: Attempt, { kind }: TokenFailure): boolean {
  return kind === 'odd' && oddOnesOf(row) >= ODD.most && ports.moment.nowMs >= (row.expiresAtMs ?? 0);
}

/** Returns how many answers were not understood, with this one. */
function oddOnesOf({ intent }: Connection): number {
  return (intent?.odd ?? 0) + 1;
}

/** It counts only while the token that was refused is still the one that is stored, and the lease ours. */
async function giveUp(
  { ports, rows, row, lease }: Attempt,
  reason: string,
  { cause }: TokenFailure,
): Promise<RefreshOutcome> {
  const { moment } = ports;
  const current = await rows.get(connectionIdOf(row));
  const saved: Saved = current
    ? await rows.change(
        connectionIdOf(row),
        (now) =>
          now.generation === row.generation && now.lease?.owner === lease.owner
            ? needsReauth(now, reason, moment.nowMs, moment.nowMs + ANNOUNCE_MS)
            : undefined,
        current,
      )
    : { done: false };
  if (!saved.done) return { kind: 'held' };
  log.warn('a connection needs to be authorized again', {
    ...{ tenant: row.tenantId, provider: row.provider, connection: row.name, outcome: reason, cause },
  });
  await announce(ports, saved.row);
  return failed(reauthorize(reason));
}

/** Nothing changes but when the provider is asked next: `invalid_client`, 429, 5xx and timeouts end no connection. */
function later(attempt: Attempt, failure: TokenFailure, ambiguous: boolean): Promise<RefreshOutcome> {
  const { ports, row } = attempt;
  const odd = failure.kind === 'odd' && { odd: oddOnesOf(row) };
  const delayMs = nextDelayMs(
    row.intent?.attempt ?? 1,
    odd ? ODD : backoff,
    ports.moment,
    failure.retryAfterMs ?? 1_000,
  );
  const error =
    failure.kind === 'client_wrong'
      ? refuse('not_configured', 'The provider does not accept the app that is set up in this hub.', {
          cause: failure.cause,
        })
      : unavailable(delayMs, failure.cause);
  return giveBack(attempt, { ambiguous, ...odd, notBeforeMs: ports.moment.nowMs + delayMs }, failed(error));
}

/** Gives the lease back; should that fail, it lapses. */
export async function giveBack(
  { rows, row, lease }: Attempt,
  note: Parameters<typeof released>[2],
  outcome: RefreshOutcome,
): Promise<RefreshOutcome> {
  try {
    await rows.change(connectionIdOf(row), (current) => released(current, lease.owner, note), row);
  } catch (error) {
    log.bug('a lease was not given back; it lapses', error);
  }
  return outcome;
}
