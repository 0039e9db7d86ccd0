import type { Moment } from '../core/clock.ts';
import { sha256 } from '../core/crypto.ts';
import { refuse } from '../core/errors.ts';
import type { HubEvent } from '../core/event.ts';
import type { Send } from '../core/fetch.ts';
import { ok } from '../core/result.ts';
import type { ReadApp } from '../providers/app.ts';
import type { WayKind } from '../providers/auth.ts';
import { type ProviderEntry, wayOf } from '../providers/provider.ts';
import { type Connection, connectionIdOf, isRenewable, kindOf, type Lease } from './connection.ts';
import { type Attempt, exchange, giveBack } from './exchange.ts';
import { type Grant, openGrant } from './grant.ts';
import { isHeld, leased } from './lease.ts';
import { failed, type RefreshOutcome, unavailable } from './outcome.ts';
import type { ConnectionStore } from './store.ts';
import type { Vault } from './vault.ts';
import { isConfigured, isMinted } from './ways.ts';

/** All that is touched outside: the simulator brings its own. */
export interface CredentialPorts {
  readonly store: Pick<ConnectionStore, 'forTenant'>;
  readonly vault: Pick<Vault, 'seal' | 'open'>;
  readonly readApp: ReadApp;
  readonly send: Send;
  readonly findProvider: (id: string) => ProviderEntry | undefined;
  readonly moment: Moment;
  readonly publish: (events: readonly HubEvent[]) => Promise<void>;
}

/** Longer than the token request may take (20 s), so that no second one begins while the first is on its way. */
export const LEASE_MS = 30_000;
/** What must be left of the lease when the request goes out: its 20 s, twice the clocks' difference, and some. */
export const NEEDED_MS = 24_000;
/** What must be left to whoever begins a refresh: the request's 20 s, and some to store what it brings. */
export const REFRESH_MS = 25_000;
/** Returns the connection with a new credential (by its refresh token, RFC 6749 §6, or minted again), obtained under its lease. Errors: `needs_reauth` (the
 *  grant is gone), `not_configured` (no client, or a wrong one), `provider_unavailable`, `unavailable` (ask again later). */
export async function refresh(ports: CredentialPorts, row: Connection): Promise<RefreshOutcome> {
  const { store, vault, moment } = ports;
  const { tenantId, provider } = row;
  const id = connectionIdOf(row);
  if (isHeld(row, moment.nowMs)) return { kind: 'held' };
  const waitMs = (row.intent?.notBeforeMs ?? 0) - moment.nowMs;
  if (waitMs > 0) return failed(unavailable(waitMs, 'the last attempt failed'));

  const client = await findClient(ports, provider, kindOf(row));
  if (!client.ok) return failed(client);
  if (!row.sealed) return { kind: 'held' };
  const opened = await openGrant(vault, tenantId, id, row.generation, row.sealed);
  if (!opened.ok) return failed(opened);
  if (!isRenewable(row)) return failed(refuse('needs_reauth', 'The connection cannot be refreshed.'));

  const rows = store.forTenant(tenantId);
  const lease = nextLease(row, moment);
  const wanted = leased(row, lease, spentHash(opened.value), moment.nowMs);
  const taken = wanted && (await rows.save(wanted, row));
  if (!taken?.done) return { kind: 'held' };
  const attempt: Attempt = {
    ports,
    rows,
    row: taken.row,
    lease,
    grant: opened.value,
    ...client.value,
  };
  if (lease.untilMs - moment.nowMs < NEEDED_MS) return giveBack(attempt, { ambiguous: false }, { kind: 'held' });
  return exchange(attempt);
}

/** What is shown to the provider: the refresh token, or all that a token is minted with. */
function spentHash({ refreshToken, accessToken: _, ...kept }: Grant): string {
  const shown = refreshToken ? [refreshToken] : Object.values(kept);
  return sha256(shown.map((secret) => secret?.reveal()).join('\n'));
}

async function findClient({ findProvider, readApp }: CredentialPorts, provider: string, kind: WayKind) {
  const entry = findProvider(provider);
  const way = entry && wayOf(entry.provider, kind);
  const app = entry && (await readApp(provider));
  const renews = way && (way.kind === 'oauth2' || isMinted(way)) ? way : undefined;
  if (entry && app && renews && isConfigured(renews, app)) return ok({ entry, app, way: renews });
  return refuse('not_configured', `The provider ${provider} is not set up in this hub.`);
}

function nextLease(row: Connection, moment: Moment): Lease {
  const generation = Math.max(row.generation, row.lease?.generation ?? 0) + 1;
  return { owner: moment.token(16), untilMs: moment.nowMs + LEASE_MS, generation };
}
