// A sample, there to be copied: GraphQL documents from typed selections, for the `graphql` of a call. Values travel as
// variables, or are written as GraphQL wants them; a name is a name or the query is not made. Nothing else is needed.

/** What a leaf holds, for the type of the answer. */
class Leaf<T> {
  declare readonly holds: T;
}
export const text = new Leaf<string | null>();
export const number = new Leaf<number | null>();
export const flag = new Leaf<boolean | null>();
/** A leaf of any other kind. */
export const json = new Leaf<unknown>();

export class Variable {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}
class EnumValue extends Variable {}
/** Returns a value of an enumeration: `OPEN`. */
export const oneOf = (name: string) => new EnumValue(named(name));

type Value = string | number | boolean | null | Variable | readonly Value[] | { readonly [name: string]: Value };
type Arguments = Readonly<Record<string, Value>>;

/** A field with arguments. */
class Field<S> {
  readonly with: Arguments;
  readonly selection: S;
  constructor(given: Arguments, selection: S) {
    this.with = given;
    this.selection = selection;
  }
}
class Many<S> {
  readonly of: S;
  constructor(of: S) {
    this.of = of;
  }
}
/** Returns a field with arguments: `field({ first: 10 }, { nodes: … })`. */
export const field = <S extends Selected>(given: Arguments, selection: S) => new Field(given, selection);
/** Returns a field that holds a list of such objects. */
export const many = <S extends Selected>(of: S) => new Many(of);

// biome-ignore lint/suspicious/noExplicitAny: whatever a leaf holds
type Selected = Leaf<any> | Selection | Field<any> | Many<any>;
/** By the field's name; `alias: field` gives it another, `... on Type` selects of one type alone. */
export interface Selection {
  readonly [name: string]: Selected;
}

/** What comes back for a selection. */
export type Answer<S> =
  S extends Leaf<infer T>
    ? T
    : S extends Many<infer Of>
      ? Answer<Of>[]
      : S extends Field<infer Of>
        ? Answer<Of>
        : { readonly [Name in keyof S as NameOf<Name>]: Answer<S[Name]> };
type NameOf<Name> = Name extends `${infer Alias}: ${string}` ? Alias : Name extends `... on ${string}` ? never : Name;

type Scalar<T> = T extends 'String' | 'ID'
  ? string
  : T extends 'Int' | 'Float'
    ? number
    : T extends 'Boolean'
      ? boolean
      : unknown;
type Typed<T> = T extends `${infer Of}!` ? Plain<Of> : Plain<T> | null;
type Plain<T> = T extends `[${infer Of}]` ? readonly Typed<Of>[] : Scalar<T>;
type Declared = Readonly<Record<string, string>>;
/** What the variables take: those of a type with `!` have to be there. */
export type Variables<D extends Declared> = {
  readonly [Name in keyof D as D[Name] extends `${string}!` ? Name : never]: Typed<D[Name]>;
} & { readonly [Name in keyof D as D[Name] extends `${string}!` ? never : Name]?: Typed<D[Name]> };

/** A query or mutation, as a call takes it; `answer` names the type of its `data` and holds nothing. */
export interface Operation<D extends Declared, S> {
  (variables: Variables<D>): { readonly query: string; readonly variables: Variables<D> };
  readonly answer: Answer<S>;
}

/** Returns what makes a query: `query({ login: 'String!' }, ($) => ({ user: field({ login: $.login }, { name: text }) }))`. */
export const query = operation('query');
export const mutation = operation('mutation');

function operation(kind: 'query' | 'mutation') {
  return <const D extends Declared, S extends Selection>(
    declared: D,
    select: (variables: { readonly [Name in keyof D]: Variable }) => S,
  ): Operation<D, S> => {
    const names = Object.keys(declared);
    const variables = Object.fromEntries(names.map((name) => [name, new Variable(named(name))]));
    const types = names.map((name) => `$${name}: ${matching(declared[name] ?? '', /^[[\]!\w]+$/)}`).join(', ');
    const document = `${kind}${types && `(${types})`} ${selection(select(variables as { [Name in keyof D]: Variable }))}`;
    return ((given: Variables<D>) => ({ query: document, variables: given })) as Operation<D, S>;
  };
}

function selection(selected: Selection): string {
  const fields = Object.entries(selected).map(
    ([name, one]) => matching(name, /^([A-Za-z_]\w*(: [A-Za-z_]\w*)?|\.\.\. on [A-Za-z_]\w*)$/) + rest(one),
  );
  if (fields.length === 0) throw new TypeError('GraphQL: a selection has one field at least');
  return `{ ${fields.join(' ')} }`;
}

function rest(one: Selected): string {
  if (one instanceof Leaf) return '';
  if (one instanceof Many) return rest(one.of);
  if (!(one instanceof Field)) return ` ${selection(one)}`;
  const given = Object.entries(one.with).map(([name, value]) => `${named(name)}: ${written(value)}`);
  return `${given.length > 0 ? `(${given.join(', ')})` : ''}${rest(one.selection)}`;
}

/** GraphQL's strings, numbers, `true` and `null` are JSON's; names of fields within objects are bare. */
function written(value: Value): string {
  if (value instanceof EnumValue) return value.name;
  if (value instanceof Variable) return `$${value.name}`;
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, inner]) => `${named(name)}: ${written(inner)}`)
    .join(', ')} }`;
}

const named = (name: string) => matching(name, /^[A-Za-z_]\w*$/);

function matching(text: string, form: RegExp): string {
  if (!form.test(text)) throw new TypeError(`GraphQL: ${JSON.stringify(text)} is not what may stand here`);
  return text;
}
