import { type Moment, within } from '../core/clock.ts';
import type { TenantId } from '../core/ids.ts';
import { log } from '../core/log.ts';
import { inParallel } from '../core/parallel.ts';
import type { CredentialPorts } from './refresh.ts';
import { disconnected } from './removal.ts';
import { finishRemoval } from './remove.ts';
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
      tenant === undefined
        ? await store.ofProvider(provider, cursor)
        : await store.forTenant(tenant).list({ provider, cursor });
    await inParallel(page.items, AT_ONCE, async (row) => {
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

/** Disconnects all of a tenant that is being erased and ends what grants it can at their providers within `limitMs`; never
 *  throws: an erasure waits for nobody. */
export async function endGrants(
  ports: CredentialPorts & { readonly store: ConnectionStore },
  tenantId: TenantId,
  limitMs: number,
): Promise<void> {
  const { store, moment } = ports;
  const untilMs = moment.nowMs + limitMs;
  const enough = () => moment.nowMs < untilMs;
  let left = 0;
  const end = async () => {
    await revokeAll(ports, { tenant: tenantId }, enough);
    let cursor: string | undefined;
    do {
      const page = await store.forTenant(tenantId).list({ cursor });
      await inParallel(page.items, AT_ONCE, async (row) => {
        const ended = enough() && (await finishRemoval(ports, row)).status === 'revoked';
        if (!ended) left += 1;
      });
      cursor = page.cursor;
    } while (cursor && enough());
  };
  try {
    await within(end(), limitMs);
  } catch (error) {
    log.bug('an erasure goes on before all grants are ended upstream', error, { tenant: tenantId });
  }
  if (left > 0) log.warn('grants of an erased tenant may live on upstream', { tenant: tenantId, count: left });
}
