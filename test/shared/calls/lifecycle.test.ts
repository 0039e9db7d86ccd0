import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hasEnded } from '../../../shared/calls/call.ts';
import { plan } from '../../../shared/calls/plan.ts';
import { redrive } from '../../../shared/calls/redrive.ts';
import { retry } from '../../../shared/calls/retry.ts';
import { run } from '../../../shared/calls/run.ts';
import { openTable, type Table } from '../../../shared/core/aws.ts';
import { refuse } from '../../../shared/core/errors.ts';
import { dueShards } from '../../../shared/core/keys.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { VirtualMoment } from './virtual-moment.ts';
import { type Answer, answer, type Fault, silence, World } from './world.ts';

vi.mock('../../../shared/core/metrics.ts', () => ({ measure: () => {} }));

let dynamo: TestDynamo;
let table: Table;
beforeAll(async () => {
  dynamo = await startDynamo();
  table = openTable(dynamo.tables.calls);
});
afterAll(() => dynamo.stop());

const create = { action: 'contacts.create', input: { name: 'Ada', email: 'ada@example.com' } };
const read = { action: 'contacts.get', input: { id: 'c1' } };
/** Slack has no idempotency key: it is done twice if it is sent twice. */
const post = { request: { method: 'POST', path: '/chat.postMessage', body: { channel: 'C1', text: 'hi' } } };

describe('a call at once', () => {
  test('is answered with its result, and leaves nothing to do', async () => {
    const world = new World(table);
    const call = await world.submit(create);
    expect(call).toMatchObject({
      ok: true,
      value: { status: 'succeeded', result: { id: 'c1' }, attempts: [{ status: 201 }] },
    });
    expect(world.messages).toEqual([]);
    expect(world.events).toMatchObject([{ type: 'call.succeeded', tenant: world.tenantId, connection: 'demo' }]);
    expect(await world.tick()).toBe(0);
  });

  test('that the provider holds up shortly waits in the request; longer, it goes on in the queue', async () => {
    const short = new World(table);
    short.script.push(answer(503));
    expect(await short.submit(create)).toMatchObject({
      value: { status: 'succeeded', attempts: [{ status: 503 }, { status: 201 }] },
    });

    const long = new World(table);
    long.script.push(answer(503), answer(503), answer(503), answer(503));
    expect(await long.submit(create)).toMatchObject({ value: { status: 'waiting' } });
    expect(long.messages).toHaveLength(1);
    await long.settle();
    const [call] = await long.calls();
    expect(call).toMatchObject({ status: 'succeeded' });
    expect(call?.attempts.map(({ status }) => status)).toEqual([503, 503, 503, 503, 201]);
    expect(long.effects).toEqual([call?.id]);
  });

  const put = { request: { method: 'PUT', path: '/contacts/c1', body: {}, headers: { 'if-none-match': '*' } } };
  test.each([
    ['none was answered', create, ['lost', 'lost', 'lost', 'lost', 'lost'], undefined],
    ['the last one alone was', create, ['lost', 'lost', 'lost', 'lost', answer(429)], undefined],
    ['its time was over first', create, ['lost', answer(429, {}, { 'retry-after': '7200' })], 3_600_000],
    ['it finds itself done', put, ['lost', answer(412)], undefined],
    ['its answer cannot be read', put, ['unreadable'], undefined],
    ['its answer cannot be read', create, ['unreadable'], undefined],
  ] as const)('E-25: that may have been done has not failed: %s', async (_name, body, script, livesMs) => {
    const world = new World(table);
    world.script.push(...script);
    const expiresAt = livesMs && new Date(world.moment.nowMs + livesMs).toISOString();
    await world.submit({ ...body, ...(expiresAt && { expiresAt }) });
    await world.settle();
    expect(await world.calls()).toMatchObject([{ status: 'outcome_unknown' }]);
    expect(world.effects).toHaveLength(1);
  });

  test('that is exhausted has failed, with all its attempts on record', async () => {
    const world = new World(table);
    world.script.push(...Array.from({ length: 9 }, () => answer(500, { error: { code: 'down', message: 'Down.' } })));
    await world.submit(create);
    await world.settle();
    const [call] = await world.calls();
    expect(call).toMatchObject({ status: 'failed', error: { code: 'down', status: 500, provider: 'demo' } });
    expect(call?.attempts).toHaveLength(5);
    expect(world.events).toMatchObject([
      { type: 'call.failed', data: { call: call?.id, status: 'failed', code: 'down' } },
    ]);
    expect(world.dead).toEqual([]);
  });

  test('whose answer is not what the action promises has failed, or is unknown where it wrote', async () => {
    const world = new World(table);
    world.script.push(answer(200, { nonsense: true }), answer(200, { nonsense: true }));
    expect(await world.submit(read)).toMatchObject({
      value: { status: 'failed', error: { code: 'unexpected_answer' } },
    });
    expect(await world.submit(create)).toMatchObject({ value: { status: 'outcome_unknown' } });
  });

  test('whose result does not fit a row has failed, or is unknown where it wrote; just below, it is kept', async () => {
    const world = new World(table);
    const raw = (method: string) => ({ request: { method, path: '/big' } });
    world.script.push(
      answer(200, 'x'.repeat(250_000)),
      answer(200, 'x'.repeat(250_000)),
      answer(200, 'x'.repeat(249_990)),
    );
    expect(await world.submit(raw('GET'))).toMatchObject({
      value: { status: 'failed', error: { code: 'result_too_large' } },
    });
    expect(await world.submit(raw('POST'))).toMatchObject({ value: { status: 'outcome_unknown' } });
    const kept = await world.submit({ request: { method: 'POST', path: '/big', body: 'y'.repeat(119_000) } });
    expect(kept).toMatchObject({ value: { status: 'succeeded' } });
    expect((await world.calls()).map(({ status }) => status).toSorted()).toEqual([
      'failed',
      'outcome_unknown',
      'succeeded',
    ]);
  });

  test('is refused before anything is written where it cannot be made', async () => {
    const world = new World(table);
    const refusals = [
      [{ action: 'nope' }, 'invalid_request'],
      [{ action: 'contacts.create', input: { name: 'Ada' } }, 'invalid_request'],
      [{ action: 'contacts.create', input: { ...create.input, extra: 1 } }, 'invalid_request'],
      [{ graphql: { query: 'subscription {me}' } }, 'invalid_request'],
      [{ request: { method: 'GET', path: '//evil.example' } }, 'invalid_request'],
      [{ request: { method: 'GET', path: '/x', headers: { authorization: 'mine' } } }, 'invalid_request'],
      [{ request: { method: 'POST', path: '/x', body: 'x'.repeat(130_000) } }, 'payload_too_large'],
      [{ ...create, expiresAt: '2020-01-01T00:00:00Z' }, 'invalid_request'],
      [{ ...create, expiresAt: '2030-01-01T00:00:00Z' }, 'invalid_request'],
      [{ ...create, input: undefined, request: undefined }, 'invalid_request'],
    ] as const;
    for (const [body, code] of refusals) expect(await world.submit(body)).toMatchObject({ ok: false, error: { code } });
    expect(await world.submit(create, 'two words')).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
    const graphql = { query: '{ me { name } }' };
    expect(await world.submit({ graphql }, undefined, 'slack')).toMatchObject({ error: { code: 'invalid_request' } });
    expect(await world.submit(create, undefined, 'nobody')).toMatchObject({ ok: false, error: { code: 'not_found' } });
    world.connection = undefined;
    expect(await world.submit({ ...create, mode: 'async' })).toMatchObject({ error: { code: 'not_found' } });
    world.connection = { status: 'needs_reauth' };
    expect(await world.submit({ ...create, mode: 'async' })).toMatchObject({ error: { code: 'needs_reauth' } });
    expect(await world.calls()).toEqual([]);
    expect(world.sent).toEqual([]);
  });
});

describe('a read with the pages that follow', () => {
  const list = { request: { method: 'GET', path: '/contacts', query: { limit: '2' } }, paginate: { maxPages: 3 } };
  const paged = (n: number, last = false): Answer => ({
    ok: true,
    value: {
      status: 200,
      headers: {
        'content-type': 'application/json',
        ...(!last && { link: `<https://api.demo.invalid/contacts?cursor=${n + 1}>; rel="next"` }),
      },
      body: Buffer.from(JSON.stringify([n])),
    },
  });
  const queries = (world: World) => world.sent.map(({ url }) => new URL(url).search);

  test('brings them until the last, or as many as were asked for; each is an attempt', async () => {
    const world = new World(table);
    world.script.push(paged(1), paged(2, true));
    expect(await world.submit(list)).toMatchObject({
      value: { status: 'succeeded', result: { pages: [[1], [2]], more: false }, attempts: [{}, {}] },
    });
    world.script.push(paged(1), paged(2), paged(3));
    expect(await world.submit(list)).toMatchObject({ value: { result: { pages: [[1], [2], [3]], more: true } } });
    expect(queries(world)).toEqual(['?limit=2', '?cursor=2', '?limit=2', '?cursor=2', '?cursor=3']);
  });

  test('goes on from the page that failed, in the queue too', async () => {
    const world = new World(table);
    world.script.push(paged(1), answer(503), answer(503), answer(503), answer(503), paged(2, true));
    expect(await world.submit(list)).toMatchObject({ value: { status: 'waiting' } });
    await world.settle();
    expect(await world.calls()).toMatchObject([{ status: 'succeeded', result: { pages: [[1], [2]], more: false } }]);
    expect(queries(world)).toEqual(['?limit=2', ...Array(5).fill('?cursor=2')]);
  });

  test('ends before the page that would not fit beside the others', async () => {
    const world = new World(table);
    const big = (n: number): Answer => {
      const page = paged(n);
      return page.ok
        ? { ok: true, value: { ...page.value, body: Buffer.from(JSON.stringify('x'.repeat(150_000))) } }
        : page;
    };
    world.script.push(big(1), big(2));
    const call = await world.submit(list);
    expect(call).toMatchObject({ value: { status: 'succeeded', result: { more: true } } });
    expect((call.ok && (call.value.result as { pages: unknown[] }).pages.length) || 0).toBe(1);
  });

  test('is refused of a write, of GraphQL, and of a provider whose pages are not known', async () => {
    const world = new World(table);
    const { paginate } = list;
    expect(await world.submit({ ...create, paginate })).toMatchObject({ error: { code: 'invalid_request' } });
    const graphql = { query: '{ a }' };
    expect(await world.submit({ graphql, paginate }, undefined, 'github')).toMatchObject({
      error: { code: 'invalid_request' },
    });
    expect(await world.submit(list, undefined, 'zapier')).toMatchObject({ error: { code: 'invalid_request' } });
  });
});

describe("over the owner's quota", () => {
  test('a call is refused before it is kept; one that is known by its key is answered', async () => {
    const world = new World(table);
    const first = await world.submit(create, 'k');
    world.ports = {
      ...world.ports,
      quota: { take: async () => refuse('rate_limited', 'Enough.', { retryAfterMs: 9_000 }) },
    };
    expect(await world.submit(create, 'k')).toEqual(first);
    expect(await world.submit(create)).toMatchObject({
      ok: false,
      error: { code: 'rate_limited', retryAfterMs: 9_000 },
    });
    expect(await world.calls()).toHaveLength(1);
  });
});

describe('a call that does not open', () => {
  const closed = (world: World, refusal: ReturnType<typeof refuse>) => {
    const { contents } = world.ports;
    world.ports = { ...world.ports, contents: { ...contents, open: async () => refusal } };
    return () => {
      world.ports = { ...world.ports, contents };
    };
  };

  test('at present comes back and is made then (B-13)', async () => {
    const world = new World(table);
    await world.submit({ ...create, mode: 'async' });
    const reopen = closed(world, refuse('unavailable', 'Later.'));
    await world.deliver();
    expect(world.sent).toEqual([]);
    reopen();
    await world.settle();
    expect(await world.calls()).toMatchObject([{ status: 'succeeded', result: { name: 'Ada' } }]);
  });

  test('any more has failed, and its owner hears of it (B-12)', async () => {
    const world = new World(table);
    await world.submit({ ...create, mode: 'async' });
    const reopen = closed(world, refuse('not_found', 'Gone.'));
    await world.deliver();
    reopen();
    expect(await world.calls()).toMatchObject([{ status: 'failed', error: { code: 'unreadable' } }]);
    expect(world.events).toMatchObject([{ type: 'call.failed', data: { code: 'unreadable' } }]);
  });

  test('cannot be kept either: it is refused for now, and its caller knows (B-13, G12)', async () => {
    const world = new World(table);
    const { contents } = world.ports;
    const later = refuse('unavailable', 'Later.');
    world.ports = { ...world.ports, contents: { ...contents, seal: async () => later } };
    for (const mode of ['sync', 'async']) expect(await world.submit({ ...create, mode })).toEqual(later);
    world.ports = { ...world.ports, contents };
    expect([await world.calls(), world.sent]).toEqual([[], []]);
  });

  test('after a worker died over it is still known to be sent, perhaps (E-25)', async () => {
    const world = new World(table);
    await world.submit(
      { request: { method: 'POST', path: '/contacts', body: {} }, mode: 'async' },
      undefined,
      'hubspot',
    );
    const store = world.ports.calls.forTenant(world.tenantId);
    const id = (await world.calls())[0]?.id ?? '';
    await store.take(id, { token: 'dead', untilMs: world.moment.nowMs + 1 }, world.moment.nowMs);
    world.moment.nowMs += 2;
    const reopen = closed(world, refuse('unavailable', 'Later.'));
    await world.deliver();
    reopen();
    await world.settle();
    expect(await world.calls()).toMatchObject([{ status: 'outcome_unknown', error: { code: 'interrupted' } }]);
    expect(world.sent).toEqual([]);
  });
});

test('E-25: that a worker died over a call stays known when the next one throws', async () => {
  const world = new World(memoryTable());
  await world.submit({ ...create, mode: 'async' });
  const id = (await world.calls())[0]?.id ?? '';
  const { nowMs } = world.moment;
  await world.ports.calls.forTenant(world.tenantId).take(id, { token: 'dead', untilMs: nowMs + 1 }, nowMs);
  world.moment.nowMs += 2;
  world.fault = { at: 3, effect: 'none', process: 'lives' };
  await world.deliver();
  world.script.push(...Array.from({ length: 5 }, () => answer(429)));
  await world.settle();
  expect(await world.calls()).toMatchObject([{ status: 'outcome_unknown', error: { status: 429 } }]);
});

describe('an Idempotency-Key', () => {
  test('gives the first call back, whatever its state; the provider sees one request', async () => {
    const world = new World(table);
    const first = await world.submit(create, 'k1');
    expect(await world.submit(create, 'k1')).toEqual(first);
    const queued = await world.submit({ ...create, mode: 'async' }, 'k2');
    const again = await world.submit({ ...create, mode: 'async' }, 'k2');
    expect(again).toMatchObject({ ok: true, value: { id: queued.ok && queued.value.id, status: 'queued' } });
    await world.settle();
    expect(world.sent).toHaveLength(2);
  });

  test('used again after its worker died tells the end that nobody heard of, as one event (E-26)', async () => {
    const count = new World(table);
    await count.submit(create, 'k');
    for (let at = 1; at <= count.steps; at++) {
      const world = new World(table);
      world.fault = { at, effect: 'done', process: 'dies' };
      await world.submit(create, 'k').catch(() => {});
      await world.submit(create, 'k');
      await world.settle();
      expect(new Set(world.events.map(({ id }) => id)).size, `died after step ${at}`).toBe(1);
    }
  });

  test('with another body is refused; for another connection it is another call', async () => {
    const world = new World(table);
    await world.submit(create, 'k1');
    const other = { ...create, input: { ...create.input, name: 'Eve' } };
    expect(await world.submit(other, 'k1')).toMatchObject({ ok: false, error: { code: 'idempotency_mismatch' } });
    expect(await world.submit(post, 'k1', 'slack')).toMatchObject({ ok: true });
    expect(await world.calls()).toHaveLength(2);
  });

  test('used 20 times at once makes one call', async () => {
    const world = new World(table);
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.submit(post, 'k', 'slack')));
    expect(new Set(answers.map((one) => one.ok && one.value.id)).size).toBe(1);
    expect(world.effects).toHaveLength(1);
  });
});

describe('a connection without a live credential', () => {
  test('that is gone or must be authorized again refuses a call; one that is known by its key is answered', async () => {
    const world = new World(table);
    const first = await world.submit(create, 'k');
    for (const code of ['not_found', 'needs_reauth', 'not_configured'] as const) {
      world.refusal = refuse(code, 'No.');
      expect(await world.submit(create)).toMatchObject({ ok: false, error: { code } });
      expect(await world.submit(create, 'new')).toMatchObject({ ok: false, error: { code } });
      expect(await world.submit(create, 'k')).toEqual(first);
      expect(await world.submit(read, 'k')).toMatchObject({ error: { code: 'idempotency_mismatch' } });
    }
    expect(await world.calls()).toHaveLength(1);
  });

  test('whose refresh has to wait keeps the call, which goes on once it can', async () => {
    const world = new World(table);
    world.refusal = refuse('provider_unavailable', 'Later.');
    expect(await world.submit(create)).toMatchObject({ ok: true, value: { status: 'queued' } });
    await world.deliver();
    world.refusal = undefined;
    await world.settle();
    expect(await world.calls()).toMatchObject([{ status: 'succeeded' }]);
  });

  test('that was removed while the call waited fails it (E-28)', async () => {
    const world = new World(table);
    await world.submit({ ...create, mode: 'async' });
    world.refusal = refuse('not_found', 'There is no such connection.');
    await world.settle();
    expect(await world.calls()).toMatchObject([{ status: 'failed', error: { code: 'not_found' } }]);
    expect(world.sent).toEqual([]);
  });
});

describe('a call that waits', () => {
  test('for longer than 15 minutes is parked: no message, until the tick brings it back', async () => {
    const world = new World(table);
    world.script.push({ ok: true, value: { status: 429, headers: { 'retry-after': '3600' }, body: Buffer.from('') } });
    await world.submit({ ...create, mode: 'async' });
    await world.deliver();
    expect(world.messages).toEqual([]);
    world.moment.nowMs += 3_599_000;
    expect(await world.tick()).toBe(0);
    world.moment.nowMs += 2_000;
    expect(await world.tick()).toBe(1);
    expect(await world.tick()).toBe(0);
    await world.settle();
    expect(await world.calls()).toMatchObject([{ status: 'succeeded' }]);
  });

  test('is parked by the request as well, until exactly its time', async () => {
    const world = new World(table);
    world.script.push({ ok: true, value: { status: 429, headers: { 'retry-after': '3600' }, body: Buffer.from('') } });
    expect(await world.submit(create)).toMatchObject({ ok: true, value: { status: 'waiting' } });
    expect(world.messages).toEqual([]);
    const [call] = await world.calls();
    expect(call?.dueAtMs).toBe(call?.notBeforeMs);
  });

  test('past its own end has expired, and says so', async () => {
    const world = new World(table);
    world.script.push({ ok: true, value: { status: 429, headers: { 'retry-after': '3600' }, body: Buffer.from('') } });
    const expiresAt = new Date(world.moment.nowMs + 1_800_000).toISOString();
    expect(await world.submit({ ...create, expiresAt })).toMatchObject({
      value: { status: 'expired', error: { status: 429 }, attempts: [{ status: 429 }] },
    });
    expect(world.events).toMatchObject([{ type: 'call.failed', data: { status: 'expired' } }]);

    const lost = new World(table);
    await lost.submit({ ...create, mode: 'async', expiresAt: new Date(lost.moment.nowMs + 1_000).toISOString() });
    lost.moment.nowMs += 5_000;
    await lost.deliver();
    expect(await lost.calls()).toMatchObject([{ status: 'expired', attempts: [] }]);
    expect(lost.sent).toEqual([]);
  });

  test('does not run early: a message that comes before its time is dropped, unless it is but a clock apart', async () => {
    const world = new World(table);
    world.script.push({ ok: true, value: { status: 429, headers: { 'retry-after': '60' }, body: Buffer.from('') } });
    await world.submit({ ...create, mode: 'async' });
    await world.deliver();
    const [message] = world.messages;
    if (!message) throw new Error('the message waits');
    message.availableAtMs = world.moment.nowMs;
    await world.deliver();
    expect(world.messages).toEqual([]);
    world.moment.nowMs += 57_000;
    world.messages.push({ ...message, availableAtMs: world.moment.nowMs });
    await world.deliver();
    expect(world.messages).toMatchObject([{ availableAtMs: world.moment.nowMs + 3_000 }]);
    expect(world.sent).toHaveLength(1);
  });

  test('can be cancelled; one that has ended cannot', async () => {
    const world = new World(table);
    const call = await world.submit({ ...create, mode: 'async' });
    const store = world.ports.calls.forTenant(world.tenantId);
    const id = call.ok ? call.value.id : '';
    expect(await store.cancel(id)).toMatchObject({ done: true, call: { status: 'cancelled' } });
    await world.settle();
    expect(world.sent).toEqual([]);
    expect(world.events).toEqual([]);
    const done = await world.submit(create);
    expect(await store.cancel(done.ok ? done.value.id : '')).toMatchObject({
      done: false,
      call: { status: 'succeeded' },
    });
    expect(await store.cancel('call_none')).toEqual({ done: false });
  });
});

test('a shard with a backlog takes nothing of a tick from the others', async () => {
  const [deep = '', ...others] = dueShards;
  const pages = new Map(dueShards.map((shard) => [shard, 0]));
  let leftMs = 100_000;
  const calls = {
    due: async (shard: string) => {
      pages.set(shard, (pages.get(shard) ?? 0) + 1);
      leftMs -= 1_000;
      return { calls: [], ...((shard === deep || (pages.get(shard) ?? 0) < 5) && { cursor: 'more' }) };
    },
  };
  const { queue, ...ports } = new World(memoryTable()).ports;
  await plan({ queue, calls: { ...ports.calls, ...calls } }, () => leftMs, new VirtualMoment());
  expect(others.map((shard) => pages.get(shard))).toEqual(others.map(() => 5));
  expect(pages.get(deep)).toBeGreaterThan(5);
});

describe('E-28: a call that is retried by hand', () => {
  const retried = (world: World, id: string) =>
    retry(id, { calls: world.ports.calls.forTenant(world.tenantId), queue: world.ports.queue }, world.moment);

  test('keeps its idempotency key and its attempts; twice at once is once', async () => {
    const world = new World(table);
    world.script.push('lost', 'lost', 'lost', 'lost', 'lost');
    const submitted = await world.submit(create);
    const id = submitted.ok ? submitted.value.id : '';
    await world.settle();
    expect(await world.calls()).toMatchObject([{ id, status: 'outcome_unknown', error: { code: 'timeout' } }]);
    const answers = await Promise.all([retried(world, id), retried(world, id)]);
    expect(answers.map(({ ok }) => ok).toSorted()).toEqual([false, true]);
    await world.settle();
    const [call] = await world.calls();
    expect(call).toMatchObject({ status: 'succeeded' });
    expect(call).not.toHaveProperty('error');
    expect(call?.attempts).toHaveLength(6);
    expect(world.effects).toEqual([id]);
    expect(world.events.map(({ type }) => type)).toEqual(['call.failed', 'call.succeeded']);
    expect(await retried(world, id)).toMatchObject({ ok: false, error: { code: 'conflict' } });
    expect(await retried(world, 'call_none')).toMatchObject({ ok: false, error: { code: 'not_found' } });
  });

  test('tells each of its ends, also one that no attempt came before', async () => {
    const world = new World(table);
    world.script.push(answer(400));
    await world.submit(create);
    for (let day = 0; day < 2; day++) {
      world.moment.nowMs += 1_000;
      await retried(world, (await world.calls())[0]?.id ?? '');
      world.messages.length = 0;
      world.moment.nowMs += 86_400_000;
      await world.settle();
    }
    expect(world.events.map(({ data }) => (data as { status: string }).status)).toEqual([
      ...['failed', 'expired', 'expired'],
    ]);
    expect(new Set(world.events.map(({ id }) => id)).size).toBe(3);
  });

  test.each([
    ['is done once while the provider knows its key', 20 * 3_600_000, 'succeeded', 1],
    ['is not sent again once the provider may have forgotten its key', 3 * 86_400_000, 'outcome_unknown', 0],
  ])('E-25: one that the provider failed on, and may have done, %s', async (_name, laterMs, status, sent) => {
    const world = new World(table);
    world.script.push(...Array.from({ length: 5 }, () => answer(500)));
    await world.submit(create);
    await world.settle();
    const [failed] = await world.calls();
    expect(failed).toMatchObject({ status: 'failed' });
    world.sent.length = 0;
    world.moment.nowMs += laterMs;
    await retried(world, failed?.id ?? '');
    await world.settle();
    const [call] = await world.calls();
    expect(call?.status).toBe(status);
    expect(world.sent).toHaveLength(sent);
    if (sent > 0) return;
    expect(call).toMatchObject({ error: { code: 'key_outlived' } });
    await retried(world, failed?.id ?? ''); // who asks for an unknown one has decided
    await world.settle();
    expect(await world.calls()).toMatchObject([{ status: 'succeeded' }]);
  });

  test('E-25: one whose key the provider may have forgotten is left unknown by the next lost answer', async () => {
    const world = new World(table);
    world.script.push(answer(400));
    await world.submit(create);
    world.moment.nowMs += 2 * 86_400_000;
    world.script.push('lost');
    await retried(world, (await world.calls())[0]?.id ?? '');
    await world.settle();
    expect(await world.calls()).toMatchObject([{ status: 'outcome_unknown', error: { code: 'timeout' } }]);
    expect(world.effects).toHaveLength(1);
  });

  test('E-25: one that may have arrived is never tried again by itself, only by hand', async () => {
    const world = new World(table);
    world.script.push('lost');
    const call = await world.submit(post, undefined, 'slack');
    expect(call).toMatchObject({ value: { status: 'outcome_unknown', error: { code: 'timeout' } } });
    await world.settle();
    expect(world.sent).toHaveLength(1);
    await retried(world, call.ok ? call.value.id : '');
    await world.settle();
    expect(world.effects).toHaveLength(2);
  });
});

describe('E-28: calls that are redriven', () => {
  test('go in their time under their keys, ask tenant and connection again, and twice in parallel have one effect each', async () => {
    const world = new World(table);
    for (let count = 0; count < 30; count++) {
      world.script.push(answer(404, {}));
      await world.submit(create);
    }
    const own = world.ports.calls.forTenant(world.tenantId);
    const filter = { status: 'failed', perSecond: 1, dryRun: false } as const;
    const again = () => redrive(filter, own, () => 60_000, world.moment);
    const [one, two] = await Promise.all([again(), again()]);
    expect(one.count + two.count).toBe(30);
    expect(await world.tick()).toBeLessThanOrEqual(2);
    world.moment.nowMs += 10_000;
    expect(await world.tick()).toBeLessThanOrEqual(20);
    await world.settle();
    const calls = await world.calls();
    expect(calls.map(({ status }) => status)).toEqual(Array(30).fill('succeeded'));
    expect(world.effects.toSorted()).toEqual(calls.map(({ id }) => id).toSorted());

    world.script.push(answer(404, {}));
    await world.submit(create);
    await again();
    world.refusal = refuse('not_found', 'There is no such connection.');
    await world.settle();
    expect((await world.calls()).filter(({ status }) => status === 'failed')).toMatchObject([
      { error: { code: 'not_found' } },
    ]);
    expect(world.effects).toHaveLength(30);
  });

  test('G2: a crash at each await of it leaves each call to begin anew once, now or when it is asked again', async () => {
    const failedCalls = async () => {
      const world = new World(table);
      world.script.push(answer(404, {}), answer(404, {}), answer(404, {}));
      for (let count = 0; count < 3; count++) await world.submit(create);
      const own = world.ports.calls.forTenant(world.tenantId);
      const again = () =>
        world.invocation(() =>
          redrive({ status: 'failed', perSecond: 5, dryRun: false }, own, () => 60_000, world.moment),
        );
      return { world, again };
    };
    const clean = await failedCalls();
    await clean.again();
    expect(clean.world.steps).toBe(4);
    for (let at = 1; at <= 4; at++) {
      for (const effect of ['none', 'done'] as const) {
        const { world, again } = await failedCalls();
        world.fault = { at, effect, process: 'dies' };
        await again().catch(() => undefined);
        await again();
        await world.settle();
        expect((await world.calls()).map(({ status }) => status)).toEqual(Array(3).fill('succeeded'));
        expect(world.effects).toHaveLength(3);
      }
    }
  });

  test('begin at the given time, and are those created in the given one', async () => {
    const world = new World(table);
    for (let count = 0; count < 3; count++) {
      world.script.push(answer(404, {}));
      await world.submit(create);
      world.moment.nowMs += 60_000;
    }
    const [last, middle] = await world.calls();
    const notBeforeMs = world.moment.nowMs + 3_600_000;
    const filter = {
      ...({ status: 'failed', perSecond: 2, dryRun: false } as const),
      from: new Date(middle?.createdAtMs ?? 0).toISOString(),
      to: new Date(last?.createdAtMs ?? 0).toISOString(),
      notBefore: new Date(notBeforeMs).toISOString(),
    };
    expect(await redrive(filter, world.ports.calls.forTenant(world.tenantId), () => 60_000, world.moment)).toEqual({
      count: 1,
      until: new Date(notBeforeMs + 500).toISOString(),
    });
    expect(await world.ports.calls.forTenant(world.tenantId).get(middle?.id ?? '')).toMatchObject({
      ...{ status: 'waiting', notBeforeMs, dueAtMs: notBeforeMs },
    });
  });
});

describe('E-26: messages come 1 to 5 times, at once', () => {
  test.each([1, 2, 3, 4, 5])('%i times: one effect, one request', async (copies) => {
    const world = new World(table);
    await world.submit({ ...post, mode: 'async' }, undefined, 'slack');
    await world.deliver(copies);
    await world.settle();
    expect(await world.calls()).toMatchObject([{ status: 'succeeded' }]);
    expect(world.sent).toHaveLength(1);
    expect(new Set(world.events.map(({ id }) => id)).size).toBe(1);
  });

  test('and through retries: a keyed write is done once however often it is sent', async () => {
    const world = new World(table);
    world.script.push('lost', silence, answer(500));
    await world.submit({ ...create, mode: 'async' });
    for (let turn = 0; turn < 40; turn++) {
      await world.deliver(3);
      world.moment.nowMs += 20_000;
      await world.tick();
    }
    const [call] = await world.calls();
    expect(call).toMatchObject({ status: 'succeeded' });
    expect(world.effects).toEqual([call?.id]);
    expect(world.sent.length).toBe(4);
  });
});

describe('a worker that outlives its claim', () => {
  test('neither saves nor gives back what another holds by now', async () => {
    const world = new World(table);
    const store = world.ports.calls.forTenant(world.tenantId);
    const submitted = await world.submit({ ...create, mode: 'async' });
    const id = submitted.ok ? submitted.value.id : '';
    const nowMs = world.moment.nowMs;
    const first = { token: 'first', untilMs: nowMs + 10 };
    const taken = await store.take(id, first, nowMs);
    if (taken.kind !== 'mine') throw new Error('the call is free');
    expect(await store.take(id, { token: 'second', untilMs: nowMs + 90 }, nowMs + 9)).toMatchObject({ kind: 'busy' });
    const second = { token: 'second', untilMs: nowMs + 90 };
    expect(await store.take(id, second, nowMs + 10)).toMatchObject({ kind: 'mine', interrupted: true });
    expect(await store.save({ ...taken.call, status: 'succeeded', claim: undefined }, first)).toBe(false);
    await store.release(taken.call, first, nowMs, nowMs);
    expect(await store.get(id)).toMatchObject({ status: 'running', claim: second });
    expect(await store.save({ ...taken.call, status: 'succeeded', claim: undefined }, second)).toBe(true);
  });

  test.each([
    ['keyed', create, 'demo', 'succeeded'],
    ['without a key', post, 'slack', 'outcome_unknown'],
  ])(
    'writes nothing any more: what stands is what the next one made of it (%s)',
    async (_name, body, provider, status) => {
      const world = new World(table);
      for (const mode of ['sync', 'async']) {
        world.effects.length = 0;
        world.meanwhile = async () => {
          world.meanwhile = undefined;
          world.moment.nowMs += 120_000;
          await world.tick();
          const [message] = world.messages.splice(-1);
          if (message) await run(message.body, { receives: 1, remainingMs: 60_000 }, world.ports, world.moment);
        };
        await world.submit({ ...body, mode }, undefined, provider);
        await world.settle();
        expect((await world.calls()).map((call) => call.status)).toContain(status);
        expect(new Set((await world.calls()).map((call) => call.status)).size).toBe(1);
        expect(world.effects).toHaveLength(1);
      }
    },
  );
});

describe('E-20, E-25, A-22: a crash at each await, and a lost answer to each write', () => {
  const faults = (steps: number): Fault[] =>
    Array.from({ length: steps }, (_, index) => index + 1).flatMap((at) => [
      ...(['none', 'done'] as const).flatMap((effect) =>
        (['dies', 'lives'] as const).map((process) => ({ at, effect, process })),
      ),
      { at, effect: 'twice', process: 'lives' },
    ]);
  const mutations = { graphql: ['first', 'second'].map((name) => ({ query: `mutation { ${name}(id: 1) { id } }` })) };
  const scenarios = [
    { name: 'keyed, at once', body: create, provider: 'demo' },
    { name: 'keyed, queued', body: { ...create, mode: 'async' }, provider: 'demo' },
    { name: 'without a key, at once', body: post, provider: 'slack' },
    { name: 'without a key, queued', body: { ...post, mode: 'async' }, provider: 'slack' },
    { name: 'several operations, at once', body: mutations, provider: 'github', effects: 2 },
    { name: 'several operations, queued', body: { ...mutations, mode: 'async' }, provider: 'github', effects: 2 },
  ];

  /** Nothing is lost where no answer of the provider's is. */
  async function check(world: World, fault: Fault, { provider, effects = 1 }: (typeof scenarios)[number]) {
    const calls = await world.calls();
    const about = JSON.stringify(fault);
    expect(new Set(world.effects).size, about).toBe(world.effects.length);
    if (fault.effect === 'twice') expect(calls.length, about).toBe(1);
    for (const call of calls) {
      expect(hasEnded(call), about).toBe(true);
      if (provider === 'demo' || fault.effect === 'twice') expect(call.status, about).toBe('succeeded');
      else expect(['succeeded', 'outcome_unknown'], about).toContain(call.status);
      if (call.status === 'succeeded') expect(world.effects, about).toHaveLength(effects);
    }
    return calls;
  }

  test.each(scenarios)(
    'of the submission ($name): kept and eventually run, or the caller got an error',
    async (scenario) => {
      const { body, provider } = scenario;
      const clean = new World(memoryTable());
      await clean.submit(body, undefined, provider);
      const count = clean.steps;
      expect(count).toBeGreaterThanOrEqual(2);
      for (const fault of faults(count)) {
        const world = new World(memoryTable());
        world.fault = fault;
        const said = await world.submit(body, undefined, provider).then(
          (result) => (result.ok ? 'accepted' : 'refused'),
          () => 'error',
        );
        if (fault.effect === 'twice') expect(world.messages.length + world.events.length).toBe(1);
        await world.settle();
        const calls = await check(world, fault, scenario);
        if (said === 'accepted') expect(calls).toHaveLength(1);
        if (said === 'refused') expect(calls).toHaveLength(0);
        if (calls.length === 0) expect(world.effects).toEqual([]);
      }
    },
  );

  test.each(scenarios.filter(({ name }) => name.endsWith('queued')))(
    'of the worker ($name): ended once, and told at least once under one id',
    async (scenario) => {
      const { body, provider, effects = 1 } = scenario;
      for (const fault of faults(4 + 2 * effects)) {
        const world = new World(memoryTable());
        await world.submit(body, undefined, provider);
        world.fault = fault;
        await world.deliver();
        if (fault.effect === 'twice') expect(world.sent, JSON.stringify(fault)).toHaveLength(effects);
        await world.settle();
        expect(await check(world, fault, scenario)).toHaveLength(1);
        expect(new Set(world.events.map(({ id }) => id)).size, JSON.stringify(fault)).toBe(1);
      }
    },
  );

  test('of the tick: a call whose message was lost is brought back all the same', async () => {
    for (const fault of faults(8)) {
      const world = new World(memoryTable());
      await world.submit({ ...create, mode: 'async' });
      world.messages.length = 0;
      world.moment.nowMs += 400_000;
      world.fault = fault;
      await world.tick().catch(() => {});
      if (fault.effect === 'twice') expect(world.messages).toHaveLength(1);
      await world.settle();
      expect(await world.calls()).toMatchObject([{ status: 'succeeded' }]);
    }
  });

  test('a bug that always throws leaves one dead message an hour at most, and the call ends when its time is over', async () => {
    const world = new World(memoryTable());
    world.ports = {
      ...world.ports,
      attempts: {
        attempt: async () => {
          throw new TypeError('a bug');
        },
      },
    };
    const expiresAt = new Date(world.moment.nowMs + 5 * 3_600_000).toISOString();
    await world.submit({ ...create, mode: 'async', expiresAt });
    await world.settle();
    expect(await world.calls()).toMatchObject([{ status: 'expired' }]);
    expect(world.dead.length).toBeGreaterThan(0);
    expect(world.dead.length).toBeLessThanOrEqual(6);
  });
});
