import type { Moment } from '../core/clock.ts';
import { type Granted, MOCK, unmet } from '../providers/needs.ts';
import type { Sync } from '../providers/syncs.ts';
import type { SyncError, SyncRow } from './row.ts';
import { born, resumed, stopped } from './sync.ts';

// A sync that cannot work with what its connection was granted is stopped, and says what to do: another authorization
// resumes it, if it brings that.

/** Returns the sync of a connection that has just come into being with this grant, at `atMs`. */
export function bornWith(
  granted: Granted,
  about: Parameters<typeof born>[0],
  sync: Sync,
  atMs: number,
  moment: Moment,
): SyncRow {
  const row = born(about, sync, atMs, moment);
  const misfit = misfitOf(sync, granted);
  return misfit ? stopped(row, misfit, atMs) : row;
}

/** Returns the row of a connection that was authorized again with this grant, at `atMs`. */
export function resumedWith(granted: Granted, row: SyncRow, sync: Sync, atMs: number, moment: Moment): SyncRow {
  const misfit = misfitOf(sync, granted);
  return misfit ? stopped(row, misfit, atMs) : resumed(row, moment);
}

function misfitOf(sync: Sync, granted: Granted): Omit<SyncError, 'at'> | undefined {
  if (granted.kind === MOCK) {
    const message = 'A mock has no account to read: connect one, or give the connection a credential.';
    return { code: 'needs_reauth', message };
  }
  const { kinds, scopes } = unmet(sync, granted) ?? {};
  if (kinds) {
    const message = `By ${granted.kind} this cannot be read: connect the account again by ${kinds.join(' or ')}.`;
    return { code: 'needs_reauth', message };
  }
  if (!scopes) return undefined;
  const which = scopes.length === 1 ? 'the scope' : 'one of the scopes';
  return { code: 'needs_reauth', message: `Connect the account again with ${which} ${scopes.join(', ')}.` };
}
