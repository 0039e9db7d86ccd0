import type { Expression, Item, Query, Scan, Table, Written } from '../../shared/core/aws.ts';
import { changed, holds } from './expression.ts';

// A table in memory for tests that need thousands of runs: the same port, the same single-item conditional writes, and the
// expressions in use; it throws on any other. The store tests run the same suite against a real engine.

/** Returns an empty table with `pk` and, where rows have one, `sk`; and its rows, to look at. */
export function memoryTable(): Table & { readonly rows: Map<string, Item> } {
  const rows = new Map<string, Item>();
  const keyOf = ({ pk, sk }: Item) => JSON.stringify([pk, sk ?? '']);

  function write(
    key: Item,
    { condition, values = {} }: Expression,
    make: (before: Item | undefined) => Item | undefined,
  ) {
    const at = keyOf(key);
    const before = rows.get(at);
    if (condition !== undefined && !holds(condition, before, values)) {
      return { done: false, ...(before && { item: before }) } as Written;
    }
    const after = make(before);
    if (after) rows.set(at, after);
    else rows.delete(at);
    return { done: true, item: after ?? before ?? {} } as Written;
  }

  return {
    rows,
    async get(key) {
      return rows.get(keyOf(key));
    },
    async put(item, expression = {}) {
      return write(item, expression, () => present(item));
    },
    async update(key, { update, ...expression }) {
      return write(key, expression, (before) => changed(update, { ...key, ...before }, expression.values ?? {}));
    },
    async remove(key, expression = {}) {
      return write(key, expression, () => undefined);
    },
    async query({ index, where, filter, values = {}, limit = Number.POSITIVE_INFINITY, descending, cursor }: Query) {
      const order = { 'by-due': 'dueAt', 'by-time': 'receivedAt' }[index ?? ''] ?? 'sk';
      const found = [...rows.values()].filter((item) => holds(where, item, values)).sort(by(order));
      if (descending) found.reverse();
      const from = Number(cursor ?? 0);
      const read = found.slice(from, from + limit);
      const items = filter === undefined ? read : read.filter((item) => holds(filter, item, values));
      return { items, ...(from + limit < found.length && { cursor: String(from + limit) }) };
    },
    async scan({ filter, values = {}, limit = Number.POSITIVE_INFINITY, cursor }: Scan) {
      const from = Number(cursor ?? 0);
      const read = [...rows.values()].slice(from, from + limit);
      const items = filter === undefined ? read : read.filter((item) => holds(filter, item, values));
      return { items, ...(from + limit < rows.size && { cursor: String(from + limit) }) };
    },
  };
}

function by(attribute: string) {
  return (a: Item, b: Item) => {
    const [left, right] = [a[attribute] as string, b[attribute] as string];
    return left < right ? -1 : left > right ? 1 : 0;
  };
}

/** Without what is undefined, at every depth: as the real one keeps it. */
function present(item: Item): Item {
  return Object.fromEntries(
    Object.entries(item)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, isRecord(value) ? present(value) : value]),
  );
}

function isRecord(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
