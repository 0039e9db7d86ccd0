import type { Item, Query, Table, Written } from '../../shared/core/aws.ts';
import { memoryTable } from '../support/memory-table.ts';
import { Soonest } from './soonest.ts';

/** Returns the deliveries table for a hundred thousand rows: a memory table for each partition, and the due index kept. */
export function deliveryTable(): Table & {
  readonly rows: () => Item[];
  readonly nextDueMs: () => number | undefined;
} {
  const partitions = new Map<unknown, ReturnType<typeof memoryTable>>();
  const shards = new Map<unknown, Map<string, Item>>();
  const soonest = new Soonest<{ readonly shard: unknown; readonly key: string }>();

  function partition({ pk }: Item) {
    const there = partitions.get(pk) ?? memoryTable();
    partitions.set(pk, there);
    return there;
  }

  /** The index follows each write, as a rule at once. */
  function index(key: Item, { done, item }: Written, gone = false): void {
    if (!done) return;
    const name = `${key.pk} ${key.sk}`;
    for (const shard of shards.values()) shard.delete(name);
    if (gone || item?.dueAt === undefined) return;
    const shard = shards.get(item.dueShard) ?? new Map<string, Item>();
    shards.set(item.dueShard, shard);
    shard.set(name, item);
    soonest.push(Number(item.dueAt), { shard: item.dueShard, key: name });
  }

  return {
    get: (key) => partition(key).get(key),
    async put(item, expression) {
      const written = await partition(item).put(item, expression);
      index(item, written);
      return written;
    },
    async update(key, expression) {
      const written = await partition(key).update(key, expression);
      index(key, written);
      return written;
    },
    async remove(key, expression) {
      const written = await partition(key).remove(key, expression);
      index(key, written, true);
      return written;
    },
    async query(query: Query) {
      const { index: name, values = {}, limit = Number.POSITIVE_INFINITY, cursor } = query;
      if (name !== 'by-due') return partition({ pk: values[':pk'] ?? values[':all'] }).query(query);
      const due = [...(shards.get(values[':shard'])?.values() ?? [])]
        .filter(({ dueAt }) => Number(dueAt) <= Number(values[':now']))
        .sort((a, b) => Number(a.dueAt) - Number(b.dueAt));
      const from = Number(cursor ?? 0);
      const rest = from + limit < due.length ? { cursor: String(from + limit) } : {};
      return { items: due.slice(from, from + limit), ...rest };
    },
    scan: () => Promise.reject(new Error('nothing of this is scanned')),

    rows: () => [...partitions.values()].flatMap((one) => [...one.rows.values()]),
    /** When the next row is due. */
    nextDueMs() {
      for (;;) {
        const next = soonest.peek();
        if (!next) return undefined;
        if (shards.get(next.of.shard)?.get(next.of.key)?.dueAt === next.atMs) return next.atMs;
        soonest.pop(); // it was written again since
      }
    },
  };
}
