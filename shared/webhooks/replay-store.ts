import type { Item, Table } from '../core/aws.ts';
import { ttlSeconds } from '../core/clock.ts';
import type { TenantId } from '../core/ids.ts';
import { replayKey } from '../core/keys.ts';
import type { Replay } from './replay.ts';
import { KEPT_MS } from './store.ts';

export type ReplayStore = ReturnType<typeof replayStore>;

/** Returns the replays, which stand beside the events that they are of, and go with them. */
export function replayStore(table: Table) {
  return {
    forTenant: (tenantId: TenantId) => ({
      async get(id: string): Promise<Replay | undefined> {
        const item = await table.get({ pk: tenantId, sk: replayKey(id) });
        return item && fromItem(item);
      },

      /** Writes the replay over its predecessor, and over nothing else; says whether it did. */
      async save(replay: Replay): Promise<boolean> {
        const { version } = replay;
        const written = await table.put(
          toItem(replay),
          version === 1
            ? { condition: 'attribute_not_exists(pk)' }
            : { condition: '#version = :before', values: { ':before': version - 1 } },
        );
        return written.done;
      },

      /** Returns at most `limit` replays, newest first. */
      async list(limit: number, cursor?: string) {
        const { items, cursor: next } = await table.query({
          where: 'pk = :pk AND begins_with(sk, :replay)',
          values: { ':pk': tenantId, ':replay': replayKey('') },
          descending: true,
          limit,
          cursor,
        });
        return { replays: items.map(fromItem), ...(next !== undefined && { cursor: next }) };
      },
    }),
  };
}

function toItem({ tenantId, id, ...rest }: Replay): Item {
  return { pk: tenantId, sk: replayKey(id), ...rest, ttl: ttlSeconds(rest.createdAtMs + KEPT_MS) };
}

function fromItem({ pk, sk, ttl: _ttl, ...rest }: Item): Replay {
  return { tenantId: pk, id: String(sk).slice(replayKey('').length), ...rest } as Replay;
}
