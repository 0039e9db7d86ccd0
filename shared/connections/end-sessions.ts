import type { TenantId } from '../core/ids.ts';
import { inParallel } from '../core/parallel.ts';
import type { Session } from './session.ts';
import type { Moved, SessionStore } from './session-store.ts';

export type SessionsOfTenant = Pick<SessionStore, 'ofTenant' | 'end' | 'beginRevoke'>;

const AT_ONCE = 10;
const BECAUSE = 'tenant_removed';

/** Ends the connect sessions that a tenant had at `removingAtMs`: nothing comes of those on their way. Returns those whose
 *  grant is now to be ended upstream (`finishRelease`), `dueAtMs` at the latest by the sweep. */
export async function endSessions(
  sessions: SessionsOfTenant,
  tenantId: TenantId,
  removingAtMs: number,
  { nowMs, dueAtMs }: { readonly nowMs: number; readonly dueAtMs: number },
): Promise<readonly Session[]> {
  const holding: Session[] = [];

  /** Another step may come between: a session moves on, never back. */
  async function end(session: Session | undefined): Promise<unknown> {
    if (session?.status === 'revoking') return holding.push(session);
    if (!session || session.status === 'confirmed' || session.status === 'ended') return undefined;
    const { id, status, grant } = session;
    const moved: Moved = grant
      ? await sessions.beginRevoke(id, { status, because: BECAUSE, dueAtMs }, nowMs)
      : await sessions.end(id, BECAUSE);
    return end(moved.session);
  }

  let cursor: string | undefined;
  do {
    const page = await sessions.ofTenant(tenantId, removingAtMs, cursor);
    await inParallel(page.items, AT_ONCE, end);
    cursor = page.cursor;
  } while (cursor);
  return holding;
}
