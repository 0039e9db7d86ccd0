import type { Moment } from '../core/clock.ts';
import { sha256 } from '../core/crypto.ts';
import { type HubEvent, hubEvent } from '../core/event.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import { announced, type Connection, connectionIdOf } from './connection.ts';
import type { ConnectionStore } from './store.ts';

export interface AnnouncePorts {
  readonly store: Pick<ConnectionStore, 'forTenant'>;
  readonly publish: (events: readonly HubEvent[]) => Promise<void>;
  readonly moment: Moment;
}

/** After this the tick tells the owner, in place of whoever found out. */
export const ANNOUNCE_MS = 60_000;

/** Tells the owner that a grant is gone; where that fails now, the tick does it. The same loss has the same event id. */
export async function announce({ store, publish, moment }: AnnouncePorts, row: Connection): Promise<void> {
  const { tenantId, provider, name, generation, reason = 'unknown' } = row;
  measure('NeedsReauth', { provider, outcome: reason });
  const id = `evt_${sha256([tenantId, provider, name, generation, 'needs_reauth'].join('#'))}`;
  const about = { tenant: tenantId, connection: connectionIdOf(row), id };
  try {
    await publish([hubEvent('connection.needs_reauth', about, { reason }, moment)]);
    await store.forTenant(tenantId).change(row, announced, row);
  } catch (error) {
    log.bug('the owner was not told of a lost grant; the tick does it', error, { tenant: tenantId, provider });
  }
}
