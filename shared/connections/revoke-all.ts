import type { Moment } from '../core/clock.ts';
import type { TenantId } from '../core/ids.ts';
import { inParallel } from '../core/parallel.ts';
import { disconnected } from './removal.ts';
import type { ConnectionStore } from './store.ts';

/** Whose connections: a tenant's, a provider's, or one tenant's at one provider. */
export type Whose =
  | { readonly tenant: TenantId; readonly provider?: string }
  | { readonly tenant?: undefined; readonly provider: string };

export interface Marked {
  /** Connections that were disconnected by this; those that were already are not counted. */
  readonly marked: number;
  /** False where time ran out: ask again with `cursor`. */
  readonly finished: boolean;
  readonly cursor?: string;
}

const AT_ONCE = 10;

/** Disconnects all of them, while `enough` time is left: each is unusable from its own conditional write on, then the tick
 *  ends its grant upstream and tells the owner what came of it. May be repeated. */
export async function revokeAll(
  {
    store,
    moment,
  }: { readonly store: Pick<ConnectionStore, 'forTenant' | 'ofProvider'>; readonly moment: Pick<Moment, 'nowMs'> },
  { tenant, provider, cursor: from }: Whose & { readonly cursor?: string },
  enough: () => boolean,
): Promise<Marked> {
  let marked = 0;
  let cursor = from;
  do {
    const page =
      tenant === undefined ? await store.ofProvider(provider, cursor) : await store.forTenant(tenant).every(cursor);
    const wanted = page.items.filter((row) => provider === undefined || row.provider === provider);
    await inParallel(wanted, AT_ONCE, async (row) => {
      const { done } = await store
        .forTenant(row.tenantId)
        .change(row, (current) => disconnected(current, moment.nowMs), row);
      if (done) marked += 1;
    });
    cursor = page.cursor;
    if (cursor && !enough()) return { marked, finished: false, cursor };
  } while (cursor);
  return { marked, finished: true };
}
