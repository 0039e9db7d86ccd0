import { iso } from '../core/clock.ts';
import { refuse } from '../core/errors.ts';
import type { ConnectionId, TenantId } from '../core/ids.ts';
import { ok, type Result } from '../core/result.ts';
import type { Credentials } from './credential.ts';

/** The one place where a token leaves the hub in plaintext. */
export interface ExportedToken {
  readonly accessToken: string;
  readonly expiresAt?: string;
  readonly scopes: readonly string[];
}

/** Returns a fresh access token in plaintext. Errors: `forbidden` (the stage does not allow it), `conflict`, and those of
 *  `Credentials.live`. */
export async function exportToken(
  credentials: Credentials,
  allowed: boolean,
  tenantId: TenantId,
  id: ConnectionId,
  endsAtMs: number,
): Promise<Result<ExportedToken>> {
  if (!allowed) return refuse('forbidden', 'This stage does not hand out tokens.');
  const live = await credentials.live(tenantId, id, { endsAtMs });
  if (!live.ok) return live;
  const { secrets, connection } = live.value;
  const { accessToken } = secrets;
  if (!accessToken)
    return refuse('conflict', 'This connection has no access token: it goes by what was entered for it.');
  return ok({
    accessToken: accessToken.reveal(),
    ...(connection.expiresAtMs !== undefined && { expiresAt: iso(connection.expiresAtMs) }),
    scopes: connection.scopes,
  });
}
