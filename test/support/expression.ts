import type { Item } from '../../shared/core/aws.ts';

// DynamoDB's condition and update expressions, as far as the hub writes them; any other throws. Read once, then run often.

type Test = (item: Item | undefined, values: Item) => boolean;
type Change = (item: Item, values: Item) => Item;

const tests = new Map<string, Test>();
const changes = new Map<string, Change>();

/** Returns whether the row fulfils a condition. */
export function holds(text: string, item: Item | undefined, values: Item): boolean {
  const test = tests.get(text) ?? readCondition(text);
  tests.set(text, test);
  return test(item, values);
}

/** Returns the row with an update applied; the row that was stays as it is. */
export function changed(text: string, item: Item, values: Item): Item {
  const change = changes.get(text) ?? readUpdate(text);
  changes.set(text, change);
  return change(item, values);
}

const TOKEN =
  /\s*(attribute_not_exists|attribute_exists|begins_with|contains|BETWEEN|AND|OR|IN|<>|<=|>=|[=<>(),]|:\w+|#?\w+(?:\.#?\w+)*)/y;

function readCondition(text: string): Test {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== '') {
    const [, token] = TOKEN.exec(text) ?? [];
    if (token === undefined) throw new Error(`the memory table does not know ${text}`);
    tokens.push(token);
  }
  let at = 0;
  const next = (expected?: string) => {
    const token = tokens[at++] ?? '';
    if (expected !== undefined && token !== expected) throw new Error(`the memory table does not know ${text}`);
    return token;
  };

  const either = (): Test => joined('OR', both, (parts) => (item, values) => parts.some((one) => one(item, values)));
  const both = (): Test => joined('AND', term, (parts) => (item, values) => parts.every((one) => one(item, values)));
  function joined(word: string, read: () => Test, join: (parts: readonly Test[]) => Test): Test {
    const parts = [read()];
    while (tokens[at] === word) {
      at += 1;
      parts.push(read());
    }
    return parts.length === 1 ? (parts[0] as Test) : join(parts);
  }

  function term(): Test {
    const first = next();
    if (first === '(') {
      const inner = either();
      next(')');
      return inner;
    }
    if (first === 'attribute_exists' || first === 'attribute_not_exists') {
      next('(');
      const path = pathOf(next());
      next(')');
      return (item) => (read(item, path) !== undefined) === (first === 'attribute_exists');
    }
    if (first === 'begins_with') {
      next('(');
      const path = pathOf(next());
      next(',');
      const prefix = next();
      next(')');
      return (item, values) => String(read(item, path) ?? '').startsWith(String(values[prefix]));
    }
    if (first === 'contains') {
      next('(');
      const path = pathOf(next());
      next(',');
      const name = next();
      next(')');
      return (item, values) => [read(item, path)].flat().includes(values[name]);
    }
    return comparison(pathOf(first), next());
  }

  function comparison(path: readonly string[], operator: string): Test {
    if (operator === 'IN') {
      next('(');
      const names = [next()];
      while (tokens[at] === ',') {
        at += 1;
        names.push(next());
      }
      next(')');
      return (item, values) => names.some((name) => read(item, path) === values[name]);
    }
    if (operator === 'BETWEEN') {
      const low = next();
      next('AND');
      const high = next();
      return (item, values) => {
        const value = read(item, path) as number;
        return value !== undefined && value >= (values[low] as number) && value <= (values[high] as number);
      };
    }
    const compare = comparisons[operator];
    const name = next();
    if (!compare || !name.startsWith(':')) throw new Error(`the memory table does not know ${text}`);
    return (item, values) => {
      const left = read(item, path);
      return left !== undefined && compare(left as number, values[name] as number);
    };
  }

  const test = either();
  if (at !== tokens.length) throw new Error(`the memory table does not know ${text}`);
  return test;
}

const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '=': (left, right) => left === right,
  '<>': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

function readUpdate(text: string): Change {
  const { set, remove, add } =
    /^(?:SET (?<set>.+?))?(?:(?:^|\s)REMOVE (?<remove>.+?))?(?: ADD (?<add>#\w+ :\w+))?$/.exec(text)?.groups ?? {};
  if (!set && !remove) throw new Error(`the memory table does not know ${text}`);
  const settings = (set ?? '').split(', ').filter(Boolean).map(readSetting);
  const removals = (remove ?? '').split(', ').filter(Boolean).map(pathOf);
  const [counter = '', step = ''] = add?.replace('#', '').split(' ') ?? [];
  return (before, values) => {
    const item = counter === '' ? before : counted(before, counter, Number(values[step]));
    const after = settings.reduce(
      (row, { path, name, more }) =>
        written(row, path, more ? Number(read(item, path)) + Number(values[name]) : values[name]),
      item,
    );
    return removals.reduce((row, path) => written(row, path, undefined), after);
  };
}

function readSetting(text: string) {
  const [, attribute = '', more, name = ''] = /^(#?\w+(?:\.#?\w+)*) = (\1 \+ )?(:\w+)$/.exec(text) ?? [];
  if (!attribute) throw new Error(`the memory table does not know ${text}`);
  return { path: pathOf(attribute), name, more: more !== undefined };
}

function counted(item: Item, counter: string, step: number): Item {
  return { ...item, [counter]: Number(item[counter] ?? 0) + step };
}

function pathOf(text: string): readonly string[] {
  return text.split('.').map((part) => part.replace(/^#/, ''));
}

function read(item: unknown, path: readonly string[]): unknown {
  let value = item;
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Item)[name];
  }
  return value;
}

function written(item: Item, [name = '', ...inner]: readonly string[], value: unknown): Item {
  if (inner.length > 0) {
    const holder = item[name];
    if (typeof holder === 'object' && holder !== null)
      return { ...item, [name]: written(holder as Item, inner, value) };
    if (value === undefined) return item;
    throw new Error('the document path is not in the row');
  }
  const { [name]: _, ...rest } = item;
  return value === undefined ? rest : { ...item, [name]: value };
}
