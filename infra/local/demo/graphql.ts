// As much of GraphQL as the demo provider speaks: one query, with variables, over fields that may take arguments.

/** What may be asked for at the top, by name: given the arguments, the value to choose fields of. */
export type Fields = Readonly<Record<string, (given: Readonly<Record<string, unknown>>) => unknown>>;

interface Selected {
  readonly name: string;
  readonly given: Readonly<Record<string, unknown>>;
  readonly inside: readonly Selected[] | undefined;
}

/** Names and numbers, variables, texts, and signs; spaces and commas are nothing (GraphQL, September 2025, §2.1). */
const TOKEN = /\$?[A-Za-z_]\w*|-?\d+|"(?:\\.|[^"\\])*"|[^\s,]/g;

/** Returns the answer to a posted query: `data`, or `errors` that say what cannot be answered, as 200 either way. */
export function answerQuery(body: string, fields: Fields): object {
  try {
    const { query, variables = {} } = JSON.parse(body);
    const entries = read(String(query), variables).map(({ name, given, inside }) => {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (!field) throw new Error(`There is no field ${name}`);
      return [name, choose(field(given), inside, name)];
    });
    return { data: Object.fromEntries(entries) };
  } catch (error) {
    const message = error instanceof Error ? error.message : 'It cannot be read';
    return { errors: [{ message, extensions: { code: 'BAD_QUERY' } }] };
  }
}

function read(text: string, variables: Readonly<Record<string, unknown>>): readonly Selected[] {
  const tokens = text.match(TOKEN) ?? [];
  function take(wanted?: string): string {
    const token = tokens.shift() ?? 'the end';
    if (wanted !== undefined && token !== wanted) throw new Error(`Expected ${wanted}, got ${token}`);
    return token;
  }
  function selection(): readonly Selected[] {
    const all: Selected[] = [];
    for (take('{'); tokens[0] !== '}' && tokens.length > 0; ) {
      const name = take();
      const given = tokens[0] === '(' ? args() : {};
      all.push({ name, given, inside: tokens[0] === '{' ? selection() : undefined });
    }
    take('}');
    return all;
  }
  function args(): Readonly<Record<string, unknown>> {
    const given: Record<string, unknown> = {};
    for (take('('); tokens[0] !== ')' && tokens.length > 0; ) {
      const name = take();
      take(':');
      const value = take();
      given[name] = value.startsWith('$') ? variables[value.slice(1)] : JSON.parse(value);
    }
    take(')');
    return given;
  }

  if (tokens[0] === 'mutation' || tokens[0] === 'subscription') throw new Error('Only queries are answered here');
  while (tokens.length > 0 && tokens[0] !== '{') take(); // `query`, its name, and what its variables are
  return selection();
}

function choose(value: unknown, inside: readonly Selected[] | undefined, where: string): unknown {
  if (Array.isArray(value)) return value.map((one) => choose(one, inside, where));
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (!inside) throw new Error(`Say which fields of ${where}`);
  const known = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    inside.map(({ name, inside: further }) => {
      if (!Object.hasOwn(known, name)) throw new Error(`There is no field ${name} of ${where}`);
      return [name, choose(known[name], further, name)];
    }),
  );
}
