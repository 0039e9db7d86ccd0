import * as z from 'zod';
import type { Moment } from '../core/clock.ts';
import { ConnectionRef, TenantId } from '../core/ids.ts';
import { amend } from './amend.ts';
import { erase } from './erase.ts';
import { bornWith, resumedWith } from './fit.ts';
import type { Offered } from './offer.ts';
import type { RecordStore } from './record-store.ts';
import type { SyncRow } from './row.ts';
import type { SyncStore } from './store.ts';
import { stopped } from './sync.ts';

export interface FollowPorts {
  readonly syncs: SyncStore;
  readonly records: RecordStore;
  readonly offered: Offered;
}

/** What happened to a connection, and when; such events come in any order, and more than once. */
export const ConnectionEvent = z
  .object({
    type: z.enum(['connection.activated', 'connection.needs_reauth', 'connection.removed']),
    tenant: TenantId,
    connection: ConnectionRef,
    time: z.iso.datetime(),
    data: z
      .object({
        account: z.string().optional(),
        kind: z.string().optional(),
        scopes: z.array(z.string()).optional(),
      })
      .default({}),
  })
  .transform(({ tenant: tenantId, time, data, ...rest }) => ({ ...rest, ...data, tenantId, atMs: Date.parse(time) }));
export type ConnectionEvent = z.infer<typeof ConnectionEvent>;

/** Brings the syncs of a connection in line with it: made or resumed where they fit what it was granted, stopped, or erased
 *  with all records, as those of another account are. */
export async function follow(event: ConnectionEvent, ports: FollowPorts, moment: Moment): Promise<void> {
  const { type, tenantId, connection, account, atMs } = event;
  const syncs = ports.syncs.forTenant(tenantId);
  const rows = await syncs.list(connection);
  const later = (change: (row: SyncRow) => SyncRow) => (row: SyncRow) =>
    row.followedAtMs < atMs ? { ...change(row), followedAtMs: atMs } : undefined;

  if (type === 'connection.removed') {
    for (const row of rows) await erase(row, ports, atMs);
  } else if (type === 'connection.needs_reauth') {
    const notice = { code: 'needs_reauth', message: 'The connection must be authorized again.' };
    for (const row of rows)
      await amend(
        syncs,
        row,
        later((it) => stopped(it, notice, atMs)),
      );
  } else {
    const known = new Map(rows.map((row) => [row.sync, row]));
    for (const [name, sync] of Object.entries(ports.offered(connection.provider))) {
      const about = { tenantId, connection, sync: name, account };
      const before = known.get(name);
      const isAnothers = before?.account !== undefined && account !== undefined && before.account !== account;
      if (isAnothers) await erase(before, ports, atMs);
      const row = isAnothers ? undefined : before;
      const made = row ? undefined : await syncs.create(bornWith(event, about, sync, atMs, moment));
      const present = row ?? (made?.done === false ? made.row : undefined);
      if (present)
        await amend(
          syncs,
          present,
          later((it) => ({ ...resumedWith(event, it, sync, atMs, moment), account: account ?? it.account })),
        );
    }
  }
}
