import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { prepare, readAsked } from '../../../shared/calls/asked.ts';
import { CallBody } from '../../../shared/calls/contract.ts';
import { judge } from '../../../shared/calls/judge.ts';
import { openTable, type Table } from '../../../shared/core/aws.ts';
import { ok } from '../../../shared/core/result.ts';
import { github } from '../../../shared/providers/github/index.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { answer, silence, World } from './world.ts';

vi.mock('../../../shared/core/metrics.ts', () => ({ measure: () => {} }));
vi.mock('../../../shared/core/log.ts', () => ({ log: { info() {}, warn() {}, bug() {} } }));

const asked = (graphql: Record<string, unknown>, provider = 'github') =>
  readAsked(CallBody.parse({ graphql }), provider, 'local');

function effectOf(query: string, operationName?: string) {
  const read = asked({ query, operationName });
  if (!read.ok) return read.error.code;
  const prepared = prepare(read.value, 'github', 'local');
  return prepared.ok && prepared.value.effect;
}

describe('what a document is: a mutation is a write', () => {
  const mutation = 'mutation Make($a: [Int!] = [1]) @live { createIssue(input: {a: $a}) { issue { id } } }';
  test.each([
    ['{ viewer { login } }', 'read'],
    ['query { viewer { login } }', 'read'],
    ['\ufeff # mutation {\n query Me($n: Int = 3) { viewer { login } }', 'read'],
    ['fragment F on User { login } query { viewer { ...F } }', 'read'],
    ['query { search(text: "mutation { x }") { id } }', 'read'],
    ['query { search(text: """ } mutation { " \\""" { """) { id } }', 'read'],
    ['query { mutation { id } }', 'read'],
    [mutation, 'write'],
    ['mutation{a}', 'write'],
    [',,mutation,{,a,}', 'write'],
    [`fragment mutation on User { login } ${mutation}`, 'write'],
    ['mutation @a(x: {y: "}"}) { a }', 'write'],
    ['subscription { changed { id } }', 'invalid_request'],
    ['fragment F on User { login }', 'invalid_request'],
    ['{ a', 'invalid_request'],
    ['{ a } }', 'invalid_request'],
    ['{ a } mutation', 'invalid_request'],
    ['mutat\u0131on { a }', 'invalid_request'],
    ['query { a(b: "unended) }', 'invalid_request'],
    ['type Query { a: Int }', 'invalid_request'],
    ['', 'invalid_request'],
  ])('%j: %s', (query, effect) => {
    if (query === '') return expect(CallBody.safeParse({ graphql: { query } }).success).toBe(false);
    expect(effectOf(query)).toBe(effect);
  });

  test('of several operations the named one counts', () => {
    const both = 'query Look { a } mutation Make { b }';
    expect(effectOf(both, 'Look')).toBe('read');
    expect(effectOf(both, 'Make')).toBe('write');
    expect(effectOf(both)).toBe('invalid_request');
    expect(effectOf(both, 'Other')).toBe('invalid_request');
    expect(effectOf('query Look { a } mutation Look { b }', 'Look')).toBe('invalid_request');
    expect(effectOf('{ a }', 'Look')).toBe('invalid_request');
  });

  test('no disguise of a mutation passes for a query', () => {
    const blank = fc.constantFrom(' ', '\n', ',', '\t', '#"""\n', '# {\n', '#query\r', '\ufeff');
    const blanks = fc.array(blank, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
    const before = fc.constantFrom(
      '',
      'fragment query on Q { a(b: "{", c: """}""") }',
      'fragment F on A @d(x: [{y: 1}]) { b }',
    );
    fc.assert(
      fc.property(before, blanks, blanks, blanks, (first, a, b, c) => {
        expect(effectOf(`${first}${a}mutation${b}query${c}{ a }`)).toBe('write');
        expect(effectOf(`${first}${a}mutation${b}{ query${c}{ a } }`)).toBe('write');
      }),
    );
  });
});

test('is sent as it was asked, where the provider takes it; others refuse it', () => {
  const graphql = { query: 'query A($n: Int) { a(n: $n) }', variables: { n: 1 }, operationName: 'A' };
  const read = asked(graphql);
  expect(read.ok && prepare(read.value, 'github', 'local')).toEqual(
    ok({ request: { method: 'POST', path: '/graphql', json: graphql }, effect: 'read', action: 'graphql' }),
  );
  expect(asked(graphql, 'slack')).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
});

describe('the list of errors is judged', () => {
  const judged = (body: unknown, status = 200, headers = {}) =>
    judge(
      github,
      ok({
        status,
        headers: { 'content-type': 'application/json', ...headers },
        body: Buffer.from(JSON.stringify(body)),
      }),
      { repeatable: true, nowMs: 0, errors: github.api.graphql.errors },
    );
  const error = (type: string) => ({ type, path: ['a'], message: `It is ${type}.` });

  test.each([
    ['data alone', { data: { a: 1 } }, 'succeeded', undefined],
    ['an empty list', { data: { a: 1 }, errors: [] }, 'succeeded', undefined],
    ['part of the data', { data: { a: null, b: 1 }, errors: [error('NOT_FOUND')] }, 'succeeded', undefined],
    ['no data', { data: null, errors: [error('NOT_FOUND')] }, 'failed', 'NOT_FOUND'],
    [
      'a document that does not fit',
      { errors: [{ message: 'x', extensions: { code: 'undefinedField' } }] },
      'failed',
      'undefinedField',
    ],
    ['the limit', { data: null, errors: [error('RATE_LIMITED')] }, 'throttled', 'RATE_LIMITED'],
  ] as const)('%s', (_name, body, kind, code) => {
    const verdict = judged(body);
    expect(verdict.kind).toBe(kind);
    if (verdict.kind !== 'succeeded') expect(verdict.error.code).toBe(code);
    else expect(verdict.body).toEqual(body);
  });

  test('beside statuses: a refused token, a secondary limit, something that is down; costs that are used up pause', () => {
    expect(judged({ message: 'Bad credentials' }, 401).kind).toBe('unauthorized');
    expect(judged({ message: 'You have exceeded a secondary rate limit.' }, 403)).toMatchObject({ pauseMs: 60_000 });
    expect(judged('', 502).kind).toBe('retry');
    const used = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30', 'x-ratelimit-resource': 'graphql' };
    expect(judged({ data: {} }, 200, used)).toMatchObject({ kind: 'succeeded', pauseMs: 31_000 });
  });
});

describe('a lost reply', () => {
  let dynamo: TestDynamo;
  let table: Table;
  beforeAll(async () => {
    dynamo = await startDynamo();
    table = openTable(dynamo.tables.calls);
  });
  afterAll(() => dynamo.stop());

  test('E-25: lets a query be sent again, a mutation never', async () => {
    const world = new World(table);
    world.script.push(silence, answer(200, { data: { a: 1 } }));
    expect(await world.submit({ graphql: { query: '{ a }' } }, undefined, 'github')).toMatchObject({
      value: { status: 'succeeded', result: { data: { a: 1 } }, attempts: [{}, { status: 200 }] },
    });
    world.script.push(silence);
    expect(await world.submit({ graphql: { query: 'mutation { a }' } }, undefined, 'github')).toMatchObject({
      value: { status: 'outcome_unknown', attempts: [{}] },
    });
    await world.settle();
    expect(world.sent).toHaveLength(3);
  });
});
