import type { Expression, Item, Query, Table, Written } from '../../shared/core/aws.ts';

// A table in memory for tests that need thousands of runs: the same port, the same single-item conditional writes. It knows
// conjunctions of the few terms in use and throws on any other; `store.test.ts` runs the same suite against a real engine.

type Term = (item: Item | undefined, values: Item) => boolean;

const parsed = new Map<string, readonly Term[]>();

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
      return write(key, expression, (before) => ({
        ...key,
        ...before,
        ...assignments(update, expression.values ?? {}),
      }));
    },
    async remove(key, expression = {}) {
      return write(key, expression, () => undefined);
    },
    async query({ index, where, values = {}, limit = Number.POSITIVE_INFINITY, cursor }: Query) {
      const order = index === 'by-due' ? 'dueAt' : 'sk';
      const found = [...rows.values()].filter((item) => holds(where, item, values)).sort(by(order));
      const from = Number(cursor ?? 0);
      const items = found.slice(from, from + limit);
      return { items, ...(from + limit < found.length && { cursor: String(from + limit) }) };
    },
  };
}

function holds(text: string, item: Item | undefined, values: Item): boolean {
  const terms = parsed.get(text) ?? text.split(' AND ').map(term);
  parsed.set(text, terms);
  return terms.every((one) => one(item, values));
}

function term(text: string): Term {
  const [, exists, attribute] = /^attribute_(exists|not_exists)\(#?(\w+)\)$/.exec(text) ?? [];
  if (attribute) return (item) => (item?.[attribute] !== undefined) === (exists === 'exists');
  const [, start, prefix] = /^begins_with\(#?(\w+), (:\w+)\)$/.exec(text) ?? [];
  if (start && prefix) return (item, values) => String(item?.[start]).startsWith(String(values[prefix]));
  const [, left, operator, right] = /^#?(\w+) (=|<=) (:\w+)$/.exec(text) ?? [];
  if (!left || !right) throw new Error(`the memory table does not know ${text}`);
  if (operator === '=') return (item, values) => item !== undefined && item[left] === values[right];
  return (item, values) => item?.[left] !== undefined && Number(item[left]) <= Number(values[right]);
}

function assignments(update: string, values: Item): Item {
  const [, list] = /^SET (.+)$/.exec(update) ?? [];
  if (!list) throw new Error(`the memory table does not know ${update}`);
  return Object.fromEntries(
    list.split(', ').map((assignment) => {
      const [, attribute, value] = /^#?(\w+) = (:\w+)$/.exec(assignment) ?? [];
      if (!attribute || !value) throw new Error(`the memory table does not know ${assignment}`);
      return [attribute, values[value]];
    }),
  );
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
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
