import type { Moment } from '../core/clock.ts';
import type { TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { type Connection, connectionIdOf, next } from './connection.ts';
import type { DataKeyStore } from './data-key-store.ts';
import { openGrant, sealGrant } from './grant.ts';
import { keyOf } from './seal.ts';
import type { ConnectionStore } from './store.ts';
import { OPENS_FOR_MS, type Vault } from './vault.ts';

export interface RotatePorts {
  readonly keys: DataKeyStore;
  readonly store: Pick<ConnectionStore, 'forTenant'>;
  readonly vault: Pick<Vault, 'seal' | 'open'>;
  readonly moment: Pick<Moment, 'nowMs'>;
}

export interface Rotated {
  /** Connections sealed anew under the newest key. */
  readonly resealed: number;
  /** Connections that could not be, and wait for the next time. */
  readonly left: number;
  /** Older keys that nothing needs any more, deleted. */
  readonly retired: number;
  /** False where time ran out: ask again, with `cursor` where there is one. */
  readonly finished: boolean;
  readonly cursor?: string;
}

const DAY_MS = 24 * 60 * 60_000;
/** A key younger than this is the rotation under way: asking again goes on with it, instead of making one more. */
const UNDER_WAY_MS = 7 * DAY_MS;
const MAX_TURNS = 10;

/** Gives a tenant, or each, a new data key and seals its connections anew under it, while `enough` time is left (B-11).
 *  May be broken off and repeated at any point; an old key goes when it is asked again 105 days
 *  after its successor came: the calls that it sealed have gone by then, too. */
export async function rotate(
  ports: RotatePorts,
  { tenant, cursor }: { readonly tenant?: TenantId; readonly cursor?: string },
  enough: () => boolean,
): Promise<Rotated> {
  const page = tenant ? { tenants: [tenant] } : await ports.keys.tenants(cursor);
  let total: Rotated = { resealed: 0, left: 0, retired: 0, finished: true };
  for (const tenantId of page.tenants) {
    const one = await rotateTenant(ports, tenantId, enough);
    total = {
      resealed: total.resealed + one.resealed,
      left: total.left + one.left,
      retired: total.retired + one.retired,
      finished: total.finished && one.finished,
    };
    if (!one.finished) return { ...total, ...(cursor !== undefined && { cursor }) };
  }
  return 'cursor' in page ? { ...total, finished: false, cursor: page.cursor } : total;
}

async function rotateTenant(ports: RotatePorts, tenantId: TenantId, enough: () => boolean): Promise<Rotated> {
  const { keys, store, moment } = ports;
  const progress = { resealed: 0, left: 0, retired: 0 };
  const newest = await keys.newest(tenantId);
  if (!newest) return { ...progress, finished: true };
  const ageMs = (createdAt: string) => moment.nowMs - Date.parse(createdAt);
  const current = ageMs(newest.createdAt) < UNDER_WAY_MS ? newest : (await keys.make(tenantId, newest.version + 1)).row;
  // A walk over all rows: no mark of how far it came, so that nothing written meanwhile is passed over.
  let cursor: string | undefined;
  do {
    const page = await store.forTenant(tenantId).every(cursor);
    for (const row of page.items) {
      if (!isBehind(row, current.version)) continue;
      if (!enough()) return { ...progress, finished: false };
      if (await reseal(ports, row, current.version)) progress.resealed += 1;
      else progress.left += 1;
    }
    cursor = page.cursor;
  } while (cursor);
  if (progress.left === 0) progress.retired = await keys.retire(tenantId, moment.nowMs - OPENS_FOR_MS);
  return { ...progress, finished: true };
}

/** Returns whether nothing of the row needs an older key any more. Another's write wins: what it sealed is newer. */
async function reseal(ports: RotatePorts, found: Connection, version: number): Promise<boolean> {
  const { store, vault } = ports;
  const { tenantId } = found;
  const id = connectionIdOf(found);
  const about = { tenant: tenantId, provider: id.provider, connection: id.name };
  try {
    let row: Connection | undefined = found;
    for (let turn = 0; turn < MAX_TURNS && row?.sealed && isBehind(row, version); turn++) {
      const opened = await openGrant(vault, tenantId, id, row.generation, row.sealed);
      if (!opened.ok) {
        log.warn('a connection was not sealed anew', { ...about, code: opened.error.code, cause: opened.error.cause });
        return false;
      }
      const sealed = await sealGrant(vault, tenantId, id, row.generation, opened.value);
      row = (await store.forTenant(tenantId).save(next(row, { sealed }), row)).row;
    }
    return !row || !isBehind(row, version);
  } catch (error) {
    log.bug('a connection was not sealed anew', error, about);
    return false;
  }
}

function isBehind({ sealed = {} as NonNullable<Connection['sealed']> }: Connection, version: number): boolean {
  return Object.values(sealed).some((record) => (keyOf(record)?.version ?? 0) < version);
}
