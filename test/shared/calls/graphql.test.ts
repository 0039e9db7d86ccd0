import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { prepare, readAsked } from '../../../shared/calls/asked.ts';
import { CallBody } from '../../../shared/calls/contract.ts';
import { judge } from '../../../shared/calls/judge.ts';
import { toView } from '../../../shared/calls/view.ts';
import { openTable, type Table } from '../../../shared/core/aws.ts';
import { ok } from '../../../shared/core/result.ts';
import { github } from '../../../shared/providers/github/index.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { answer, silence, World } from './world.ts';

vi.mock('../../../shared/core/metrics.ts', () => ({ measure: () => {} }));

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
      { repeatable: true, nowMs: 0, ...github.api.graphql },
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

  test.each([
    ['pay for no other like it', { cost: 30, remaining: 29 }, 60_000],
    ['pay for another', { cost: 30, remaining: 30 }, undefined],
    ['are not told', {}, undefined],
  ])('points that are left %s', (_what, told, pauseMs) => {
    const rateLimit = { ...told, resetAt: '1970-01-01T00:01:00Z' };
    expect(judged({ data: { rateLimit } })).toEqual(expect.objectContaining({ kind: 'succeeded' }));
    expect(judged({ data: { rateLimit } }).pauseMs).toBe(pauseMs);
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

  test('E-25: of several operations, lets none be sent twice that may have been done, and keeps what came before', async () => {
    const world = new World(table);
    world.script.push(answer(200, { data: { a: 1 } }), silence);
    expect(await batch(world, ['{ a }', 'mutation { b }', '{ c }'])).toMatchObject({
      value: { status: 'outcome_unknown', answers: [{ body: { data: { a: 1 } } }] },
    });
    await world.settle();
    expect(world.sent).toHaveLength(2);
  });

  test('a worker that died over several of which one is a mutation may have done it', async () => {
    const world = new World(table);
    const graphql = [{ query: '{ a }' }, { query: 'mutation { b }' }];
    await world.submit({ graphql, mode: 'async' }, undefined, 'github');
    const id = (await world.calls())[0]?.id ?? '';
    const claim = { token: 'dead', untilMs: world.moment.nowMs + 1 };
    await world.ports.calls.forTenant(world.tenantId).take(id, claim, world.moment.nowMs);
    world.moment.nowMs += 2;
    await world.settle();
    expect(await world.calls()).toMatchObject([{ status: 'outcome_unknown', error: { code: 'interrupted' } }]);
    expect(world.sent).toEqual([]);
  });

  const batch = (world: World, documents: readonly string[], more = {}) =>
    world.submit({ graphql: documents.map((query) => ({ query })), ...more }, undefined, 'github');

  test('several operations go one after the other, each judged by itself; the result has them in their order', async () => {
    const world = new World(table);
    const none = { data: null, errors: [{ type: 'NOT_FOUND', message: 'No such user.' }] };
    world.script.push(answer(200, { data: { a: 1 } }), answer(200, none), answer(503), answer(200, { data: { c: 3 } }));
    const call = await batch(world, ['{ a }', '{ b }', '{ c }']);
    expect(call.ok && toView(call.value)).toMatchObject({
      status: 'succeeded',
      result: { answers: [{ data: { a: 1 } }, { error: { code: 'NOT_FOUND' } }, { data: { c: 3 } }] },
      attempts: [{ status: 200 }, { status: 200 }, { status: 503 }, { status: 200 }],
    });
    expect(world.sent.map(({ body }) => JSON.parse(String(body)).query)).toEqual(['{ a }', '{ b }', '{ c }', '{ c }']);
  });

  test('what did not come in time goes on in the queue where it stood', async () => {
    const world = new World(table);
    world.script.push(answer(200, { data: 1 }), answer(429, {}, { 'retry-after': '120' }), answer(200, { data: 2 }));
    expect(await batch(world, ['{ a }', '{ b }'])).toMatchObject({ value: { status: 'waiting' } });
    await world.settle();
    expect((await world.calls()).map((call) => toView(call).result)).toEqual([{ answers: [{ data: 1 }, { data: 2 }] }]);
    expect(world.sent).toHaveLength(3);
  });

  test('answers that do not fit beside the others say so, one by one', async () => {
    const world = new World(table);
    const big = { data: 'x'.repeat(150_000) };
    world.script.push(answer(200, big), answer(200, big), answer(200, { data: 3 }));
    const call = await batch(world, ['{ a }', '{ b }', '{ c }']);
    expect(call.ok && call.value.answers).toMatchObject([
      { body: big },
      { error: { code: 'result_too_large' } },
      { body: { data: 3 } },
    ]);
  });

  test('one that is no operation refuses them all; pages and the cache are of single reads', async () => {
    const world = new World(table);
    const refused = { ok: false, error: { code: 'invalid_request' } };
    expect(await batch(world, ['{ a }', 'subscription { b }'])).toMatchObject(refused);
    expect(await batch(world, ['{ a }'], { cache: { ttlS: 60 } })).toMatchObject(refused);
    expect(await batch(world, ['{ a }'], { paginate: { maxPages: 2 } })).toMatchObject(refused);
    expect(world.sent).toEqual([]);
  });
});
