import type { Moment } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';
import { activated, type Connection, nextGeneration } from './connection.ts';
import { type Grant, sealGrant } from './grant.ts';
import { disconnected } from './removal.ts';
import type { PendingGrant } from './session.ts';
import type { ConnectionStore } from './store.ts';
import type { Vault } from './vault.ts';

export interface EstablishPorts {
  readonly store: Pick<ConnectionStore, 'forTenant'>;
  readonly vault: Pick<Vault, 'seal'>;
}

/** What a connection is made of, or made anew. */
export interface Foundation extends Omit<PendingGrant, 'sealed'> {
  readonly tenantId: TenantId;
  readonly id: ConnectionId;
  readonly grant: () => Promise<Result<Grant>>;
  /** The same session asks again and gets the same connection. */
  readonly sourceSession?: string;
  /** Default: live. */
  readonly mode?: Connection['mode'];
  /** Another account may take the place of the one that is connected. */
  readonly allowAccountChange?: boolean;
}

const MAX_TURNS = 5;

/** Returns the connection's row, written over the one that stands if that is the same account's. Another account's, and one
 *  that is being disconnected, goes aside first, and on to its end there. Errors: `account_mismatch`, `unavailable`,
 *  and those of reading the grant. */
export async function establish(
  { store, vault }: EstablishPorts,
  foundation: Foundation,
  moment: Moment,
): Promise<Result<Connection>> {
  const { tenantId, id, account, kind, settings, scopes, sourceSession, mode, grantedAtMs } = foundation;
  const rows = store.forTenant(tenantId);
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const previous = await rows.get(id);
    if (sourceSession !== undefined && previous?.sourceSession === sourceSession) return ok(previous);
    const fits = judgePrevious(previous, foundation);
    if (!fits.ok) return fits;
    const grant = await foundation.grant();
    if (!grant.ok) return grant;
    if (previous && (previous.removal || previous.account.id !== account.id)) {
      await rows.setAside(disconnected(previous, moment.nowMs)); // one that was parked is tried anew
    }
    const generation = nextGeneration(previous, moment.nowMs);
    const sealed = await sealGrant(vault, tenantId, id, generation, grant.value);
    const row = activated(
      { tenantId, id, account, kind, settings, sourceSession, mode, grantedAtMs },
      { generation, sealed, scopes, ...remaining(foundation, moment.nowMs) },
      previous,
      moment,
    );
    const saved = await rows.save(row, previous);
    if (saved.done) return ok(saved.row);
  }
  return refuse('unavailable', 'The connection is being changed by others; try again.', { retryAfterMs: 1_000 });
}

/** A connection stays one account's, unless another was asked for: else one chooses another name, or disconnects first. */
function judgePrevious(previous: Connection | undefined, { account, allowAccountChange }: Foundation): Result<true> {
  if (previous && !previous.removal && previous.account.id !== account.id && !allowAccountChange) {
    return refuse(
      'account_mismatch',
      'The end user granted access to another account than this connection has. Disconnect it first, or connect under another name.',
    );
  }
  return ok(true);
}

/** The clock of the access token began when it was granted, not now. */
function remaining({ expiresInS, grantedAtMs }: Foundation, nowMs: number): { expiresInS?: number } {
  if (expiresInS === undefined) return {};
  return { expiresInS: Math.max(1, expiresInS - Math.ceil((nowMs - grantedAtMs) / 1000)) };
}
