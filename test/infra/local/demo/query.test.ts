import * as fc from 'fast-check';
import { expect, expectTypeOf, test } from 'vitest';
import { field, flag, json, many, mutation, number, oneOf, query, text } from '../../../../infra/local/demo/query.ts';
import { prepare, readAsked } from '../../../../shared/calls/asked.ts';
import { CallBody } from '../../../../shared/calls/contract.ts';

// The sample's documents, as the hub takes them.

function effectOf(graphql: unknown) {
  const asked = readAsked(CallBody.parse({ graphql }), 'github', 'local');
  const prepared = asked.ok ? prepare(asked.value, 'github', 'local') : asked;
  return prepared.ok ? prepared.value.effect : prepared.error.message;
}

const issues = query({ owner: 'String!', name: 'String!', after: 'String' }, ($) => ({
  repository: field(
    { owner: $.owner, name: $.name },
    {
      issues: field(
        {
          first: 50,
          after: $.after,
          states: [oneOf('OPEN')],
          orderBy: { field: oneOf('UPDATED_AT'), direction: oneOf('ASC') },
        },
        { nodes: many({ number, title: text, closed: flag, author: { login: text } }), pageInfo: { endCursor: text } },
      ),
    },
  ),
  rateLimit: { cost: number, remaining: number, resetAt: text },
}));

test('a selection becomes a document, and its values travel as variables', () => {
  const made = issues({ owner: 'acme', name: 'shop" }) { id } } mutation { x' });
  expect(made.query).toBe(
    'query($owner: String!, $name: String!, $after: String) { repository(owner: $owner, name: $name) { issues(first: 50, ' +
      'after: $after, states: [OPEN], orderBy: { field: UPDATED_AT, direction: ASC }) { nodes { number title closed ' +
      'author { login } } pageInfo { endCursor } } } rateLimit { cost remaining resetAt } }',
  );
  expect(made.variables.owner).toBe('acme');
  expect(effectOf(made)).toBe('read');
});

test('aliases, fragments of one type, and mutations', () => {
  const make = mutation({ input: 'CreateIssueInput!' }, ($) => ({
    'made: createIssue': field({ input: $.input }, { issue: { id: text, '... on Issue': { url: text } } }),
  }));
  expect(make({ input: { title: 'It does not start' } }).query).toBe(
    'mutation($input: CreateIssueInput!) { made: createIssue(input: $input) { issue { id ... on Issue { url } } } }',
  );
  expect(effectOf(make({ input: {} }))).toBe('write');
});

test('variables and answers have types', () => {
  expectTypeOf(issues)
    .parameter(0)
    .toEqualTypeOf<{ readonly owner: string; readonly name: string } & { readonly after?: string | null }>();
  type Issue = (typeof issues)['answer']['repository']['issues']['nodes'][number];
  expectTypeOf<Issue['number']>().toEqualTypeOf<number | null>();
  expectTypeOf<Issue['author']['login']>().toEqualTypeOf<string | null>();
  const listed = query({ ids: '[ID!]!', more: '[Int]' }, ($) => ({ nodes: field({ ids: $.ids }, json) }));
  expectTypeOf(listed)
    .parameter(0)
    .toEqualTypeOf<{ readonly ids: readonly string[] } & { readonly more?: readonly (number | null)[] | null }>();
  // @ts-expect-error what has to be there is missing
  issues({ owner: 'acme' });
});

test('no text within it ends where it should not, whatever it holds', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('"', '"""', '\\', '\\"', '\n}', '#', '"}mutation{a}', '\u2028'),
  );
  fc.assert(
    fc.property(hostile, hostile, (first, second) => {
      const made = query({}, () => ({
        search: field({ text: first, in: [second, { is: first }] }, { count: number }),
      }));
      expect(effectOf(made({}))).toBe('read');
    }),
  );
});

test.each(['a b', 'a{', 'a"', '', '... on A B', 'a: b: c', 'a) { b'])('%j is no name', (name) => {
  expect(() => query({}, () => ({ [name]: text }))).toThrow('is not what may stand here');
  expect(() => query({ [name]: 'Int' }, () => ({ a: text }))).toThrow();
  expect(() => query({}, () => ({ a: field({ [name]: 1 }, text) }))).toThrow();
  expect(() => oneOf(name)).toThrow();
});

test('a type is a type, and a selection is not empty', () => {
  expect(() => query({ a: 'Int) { b' }, () => ({ a: text }))).toThrow('is not what may stand here');
  expect(() => query({}, () => ({ a: {} }))).toThrow('one field at least');
});
