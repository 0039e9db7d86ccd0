import { DecryptCommand, GenerateDataKeyCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lambdaContext } from '../../support/http-event.ts';
import { readEvent } from '../../support/samples.ts';
import { type Calls, create, startCalls } from './hub.ts';

let hub: Calls;
beforeAll(async () => {
  hub = await startCalls();
});
afterAll(() => hub.stop());
beforeEach(() => {
  hub.seen.length = 0;
  hub.script.length = 0;
  hub.queue.length = 0;
  hub.events.length = 0;
});

describe('submit', () => {
  test('at once: 200 with the result, each attempt, and one event', async () => {
    const { status, json } = await hub.submit(create);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      id: expect.stringMatching(/^call_[a-z0-9]{1,59}$/),
      status: 'succeeded',
      connection: 'demo',
      action: 'contacts.create',
      result: { id: 'c1', name: 'Ada' },
      attempts: [{ at: expect.stringMatching(/Z$/), ms: expect.any(Number), status: 201 }],
    });
    expect(hub.seen).toMatchObject([
      {
        method: 'POST',
        url: '/contacts',
        headers: { authorization: 'Bearer made-up-access-token', 'idempotency-key': json.id },
      },
    ]);
    expect(hub.events).toMatchObject([{ type: 'call.succeeded', tenant: 'acme', data: { call: json.id } }]);
  });

  test('costs 4 requests to DynamoDB and none to KMS when its first try succeeds (design §9)', async () => {
    await hub.submit(create);
    hub.kms.resetHistory();
    expect(await hub.counting(() => hub.submit(create, { 'idempotency-key': 'counted' }))).toEqual([
      'Get',
      'Put',
      'Update',
      'Put',
    ]);
    expect(hub.kms.commandCalls(DecryptCommand)).toHaveLength(0);
    expect(hub.kms.commandCalls(GenerateDataKeyCommand)).toHaveLength(0);
    const queued = () => hub.submit({ ...create, mode: 'async' });
    expect(await hub.counting(queued)).toEqual(['Get', 'Put']);
  });

  test('a raw request answers with the body as it is, and with the headers an owner may need', async () => {
    hub.script.push([
      200,
      { items: [] },
      { etag: '"1"', 'set-cookie': 'x=1', link: '<https://api.demo.invalid/contacts?cursor=2>; rel="next"' },
    ]);
    const { status, json } = await hub.submit({ request: { method: 'GET', path: '/contacts', query: { limit: '5' } } });
    expect(status).toBe(200);
    expect(json).toMatchObject({ status: 'succeeded', result: { items: [] }, response: { status: 200 } });
    expect(Object.keys(json.response.headers).toSorted()).toEqual(['content-type', 'etag', 'link']);
    expect(hub.seen[0]?.url).toBe('/contacts?limit=5');
  });

  test('a call that failed is 200 as well: the call is what was asked for', async () => {
    hub.script.push([422, { error: { code: 'bad_email', message: 'No.' } }]);
    expect(await hub.submit(create)).toMatchObject({
      status: 200,
      json: {
        status: 'failed',
        error: { provider: 'demo', status: 422, code: 'bad_email', message: 'No.', retryable: false },
      },
    });
  });

  test('queued: 202 with the id; the worker does it', async () => {
    const { status, json } = await hub.submit({ ...create, mode: 'async' });
    expect({ status, json }).toEqual({ status: 202, json: { id: json.id, status: 'queued' } });
    expect(hub.seen).toEqual([]);
    expect(hub.queue).toEqual([
      {
        body: JSON.stringify({ tenant: 'acme', call: json.id, requestId: 'req-1' }),
        group: 'acme',
        delayS: 0,
      },
    ]);
    expect(await hub.deliver()).toEqual([]);
    expect(await hub.one('get', json.id)).toMatchObject({
      status: 200,
      json: { status: 'succeeded', result: { id: 'c1' } },
    });
    expect(hub.events).toMatchObject([{ type: 'call.succeeded' }]);
  });

  test('is accepted although SQS does not take the message: the row is the promise', async () => {
    const { status, json } = await hub.withoutSqs(() => hub.submit({ ...create, mode: 'async' }));
    expect(status).toBe(202);
    expect(await hub.one('get', json.id)).toMatchObject({ json: { status: 'queued' } });
  });

  test('the sample event: a repeated key answers the same, another body 409', async () => {
    const first = await hub.handlers.submit(readEvent('calls/submit'), lambdaContext());
    const again = await hub.handlers.submit(readEvent('calls/submit'), lambdaContext());
    expect(first).toMatchObject({ statusCode: 200 });
    expect(again).toEqual(first);
    expect(hub.seen).toHaveLength(1);
    const other = await hub.submit(
      { ...create, input: { ...create.input, name: 'Eve' } },
      { 'idempotency-key': 'order-1042' },
    );
    expect(other).toMatchObject({ status: 409, json: { code: 'idempotency_mismatch' } });
  });

  test.each([
    ['{', 400, 'invalid_request'],
    [{}, 400, 'invalid_request'],
    [{ action: 'contacts.create' }, 400, 'invalid_request'],
    [{ action: 'nope', input: {} }, 400, 'invalid_request'],
    [{ ...create, tenantId: 'globex' }, 400, 'invalid_request'],
    [{ ...create, request: { method: 'GET', path: '/x' } }, 400, 'invalid_request'],
    [{ request: { method: 'TRACE', path: '/x' } }, 400, 'invalid_request'],
    [{ request: { method: 'GET', path: '/../x' } }, 400, 'invalid_request'],
    [{ request: { method: 'GET', path: '/x', headers: { Authorization: 'x' } } }, 400, 'invalid_request'],
    [{ graphql: { query: 'subscription { me }' } }, 400, 'invalid_request'],
    [{ ...create, expiresAt: 'tomorrow' }, 400, 'invalid_request'],
    [{ request: { method: 'POST', path: '/x', body: 'x'.repeat(130_000) } }, 413, 'payload_too_large'],
    [{ request: { method: 'POST', path: '/x', body: 'x'.repeat(1_100_000) } }, 413, 'payload_too_large'],
  ])('refuses %.80j', async (body, status, code) => {
    const { json, ...answer } = await hub.submit(body);
    expect({ ...answer, code: json.code }).toEqual({ status, code });
    expect(hub.seen).toEqual([]);
    expect(hub.queue).toEqual([]);
  });

  test("a foreign tenant's connection, a missing one and an unknown provider are the same 404, and nothing is written", async () => {
    const wrote = await hub.counting(async () => {
      for (const [tenant, connection] of [
        ['globex', 'demo'],
        ['acme', 'demo:other'],
        ['acme', 'nobody'],
        ['acme', 'A!'],
      ] as const) {
        for (const mode of ['sync', 'async']) {
          expect(await hub.submit({ ...create, mode }, {}, tenant, connection)).toMatchObject({
            status: 404,
            json: { code: 'not_found' },
          });
        }
      }
    });
    expect(wrote.filter((name) => name !== 'Get')).toEqual([]);
  });
});

describe('submit, several at once', () => {
  const item = (n: number) => ({
    ...create,
    input: { ...create.input, name: `Ada ${n}` },
    idempotencyKey: `batch-${n}`,
  });

  test('202 with an answer for each in its order: kept and queued, known by its key, or refused by itself', async () => {
    const first = await hub.submit({ calls: [item(1), item(2)] });
    expect(first).toMatchObject({ status: 202, json: { calls: [{ status: 'queued' }, { status: 'queued' }] } });
    expect(hub.queue).toHaveLength(2);
    const other = { ...item(2), input: { ...create.input, name: 'Eve' } };
    const { status, json } = await hub.submit({ calls: [item(1), other, { action: 'nope' }, item(3)], mode: 'async' });
    expect(status).toBe(202);
    expect(json.calls).toEqual([
      first.json.calls[0],
      { error: { code: 'idempotency_mismatch', detail: expect.any(String) } },
      { error: { code: 'invalid_request', detail: expect.stringContaining('body.action') } },
      { id: expect.any(String), status: 'queued' },
    ]);
    expect(hub.queue).toHaveLength(3);
    expect(await hub.deliver()).toEqual([]);
    expect(hub.seen).toHaveLength(3);
    expect(await hub.one('get', json.calls[3].id)).toMatchObject({ json: { status: 'succeeded' } });
  });

  test('a hundred at most; never at once; never beside another call; none for a connection that is not there', async () => {
    const hundred = Array.from({ length: 100 }, (_, n) => item(100 + n));
    expect((await hub.submit({ calls: hundred })).json.calls).toHaveLength(100);
    expect(hub.queue).toHaveLength(100);
    for (const body of [
      { calls: [...hundred, item(300)] },
      { calls: [] },
      { calls: [item(301)], mode: 'sync' },
      { ...create, calls: [item(302)] },
      { calls: [{ ...item(303), mode: 'async' }] },
      { calls: [{ lane: 'bulk' }] },
    ]) {
      expect(await hub.submit(body)).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
    }
    expect(await hub.submit({ calls: [item(304)] }, {}, 'globex')).toMatchObject({ status: 404 });
    expect(hub.queue).toHaveLength(100);
  });

  test('is accepted although SQS does not take the messages: the rows are the promise', async () => {
    const { json } = await hub.withoutSqs(() => hub.submit({ calls: [item(400)] }));
    expect(await hub.one('get', json.calls[0].id)).toMatchObject({ json: { status: 'queued' } });
  });
});

describe('run', () => {
  test('a wait hides the message and brings it back; the rest of the batch is settled', async () => {
    hub.script.push([429, {}, { 'retry-after': '600' }]);
    const slow = await hub.submit({ ...create, mode: 'async' });
    expect(await hub.deliver()).toEqual(['0']);
    const hidden = hub.sqs.calls().at(-1)?.args[0].input;
    expect(hidden).toMatchObject({ ReceiptHandle: 'handle-0' });
    expect((hidden as { VisibilityTimeout: number }).VisibilityTimeout).toBeGreaterThanOrEqual(599);
    expect(await hub.one('get', slow.json.id)).toMatchObject({
      json: {
        status: 'waiting',
        attempts: [{ status: 429, error: { code: 'http_429', retryable: true, retryAfter: 600 } }],
        nextAttemptAt: expect.any(String),
      },
    });
    // The whole connection waits: another call is not sent, and that is no attempt.
    const second = await hub.submit(create);
    expect(second.status).toBe(202);
    expect(await hub.one('get', second.json.id)).toMatchObject({ json: { status: 'waiting', attempts: [] } });
    expect(hub.seen).toHaveLength(1);
    await hub.freeLimits();
  });

  test('a message that has been received often is not hidden again: the tick brings a new one', async () => {
    hub.script.push([429, {}, { 'retry-after': '600' }]);
    await hub.submit({ ...create, mode: 'async' });
    expect(await hub.deliver(7)).toEqual([]);
    await hub.freeLimits();
  });

  test('E-27: a message that fits no schema comes back alone, and one of a call that is gone is settled', async () => {
    await hub.submit({ ...create, mode: 'async' });
    const body = hub.queue[0]?.body ?? '';
    hub.queue.push({ body: '{"poison":true}', group: 'x', delayS: 0 }, { body: 'not JSON', group: 'x', delayS: 0 });
    hub.queue.push({ body, group: 'x', delayS: 0 });
    expect(await hub.deliver()).toEqual(['1', '2']);
    expect(hub.seen).toHaveLength(1);
    expect(await hub.handlers.run(readEvent('calls/run'), lambdaContext())).toEqual({ batchItemFailures: [] });
  });
});

describe('plan', () => {
  test('brings back what is due, once', async () => {
    const { json } = await hub.submit({ ...create, mode: 'async' });
    hub.queue.length = 0; // the message is lost
    const { openTable } = await import('../../../shared/core/aws.ts');
    await openTable(hub.dynamo.tables.calls).update(
      { pk: 'acme', sk: json.id },
      { update: 'SET dueAt = :past', values: { ':past': 1 } },
    );
    await Promise.all([1, 2, 3].map(() => hub.handlers.plan(readEvent('calls/plan'), lambdaContext())));
    expect(hub.queue.filter(({ body }) => body.includes(json.id))).toHaveLength(1);
    await hub.deliver();
    expect(await hub.one('get', json.id)).toMatchObject({ json: { status: 'succeeded' } });
  });
});

test('one request id goes through: from the request into the row, the message and the log, and on to the provider', async () => {
  const { json } = await hub.submit({ ...create, mode: 'async' });
  expect(JSON.parse(hub.queue.at(-1)?.body ?? '')).toMatchObject({ call: json.id, requestId: 'req-1' });
  hub.script.push([503], [201]);
  hub.seen.length = 0;
  await hub.deliver();
  await hub.deliver();
  expect(hub.seen.map(({ headers }) => headers['x-request-id'])).toEqual(['req-1', 'req-1']);
  const { json: call } = await hub.one('get', json.id);
  expect(call).toMatchObject({
    requestId: 'req-1',
    attempts: [{ status: 503 }, { status: 201, bytes: JSON.stringify(call.result).length }],
  });
  expect((await hub.list('limit=1')).json.items[0]).toMatchObject({ id: json.id, requestId: 'req-1' });
});

describe('list and get', () => {
  test('newest first, by pages, by status and by connection; a foreign cursor gives nothing away', async () => {
    const { items, cursor } = (await hub.list('limit=2')).json;
    expect(items).toHaveLength(2);
    expect(items[0].createdAt >= items[1].createdAt).toBe(true);
    const next = (await hub.list(`limit=2&cursor=${cursor}`)).json;
    expect(next.items.map(({ id }: { id: string }) => id)).not.toContain(items[1].id);
    for (const item of items) expect(item).not.toHaveProperty('result'); // a list opens nothing
    const failed = (await hub.list('status=failed&limit=100')).json.items;
    expect(failed.length).toBeGreaterThan(0);
    expect(new Set(failed.map(({ status }: { status: string }) => status))).toEqual(new Set(['failed']));
    expect((await hub.list('connection=demo:other')).json.items).toEqual([]);
    expect((await hub.list('connection=demo&limit=1')).json.items).toHaveLength(1);
    expect((await hub.list(`cursor=${cursor}`, 'globex')).json).toEqual({ items: [] });
    expect(await hub.list('status=lost')).toMatchObject({ status: 400 });
    expect(await hub.handlers.list(readEvent('calls/list'), lambdaContext())).toMatchObject({ statusCode: 200 });
  });

  test("another tenant's call is a call that does not exist", async () => {
    const { json } = await hub.submit(create);
    const [foreign, missing] = [await hub.one('get', json.id, 'globex'), await hub.one('get', 'call_none', 'globex')];
    expect(foreign).toEqual(missing);
    expect(foreign.status).toBe(404);
    expect(await hub.one('get', json.id, 'acme', 'globex')).toMatchObject({ status: 404 });
    expect(await hub.handlers.get(readEvent('calls/get'), lambdaContext())).toMatchObject({ statusCode: 404 });
  });
});

describe('retry and cancel', () => {
  test('a failed call goes back to the queue under the same key; one that succeeded does not', async () => {
    hub.script.push([404, { error: { code: 'gone', message: 'Gone.' } }]);
    const { json } = await hub.submit(create);
    expect(await hub.one('retry', json.id)).toMatchObject({ status: 202, json: { id: json.id, status: 'queued' } });
    await hub.deliver();
    expect(await hub.one('get', json.id)).toMatchObject({
      json: { status: 'succeeded', attempts: [{ status: 404 }, { status: 201 }] },
    });
    expect(hub.seen.map(({ headers }) => headers['idempotency-key'])).toEqual([json.id, json.id]);
    expect(await hub.one('retry', json.id)).toMatchObject({ status: 409, json: { code: 'conflict' } });
    expect(await hub.one('retry', json.id, 'globex')).toMatchObject({ status: 404 });
    expect(await hub.handlers.retry(readEvent('calls/retry'), lambdaContext())).toMatchObject({ statusCode: 404 });
  });

  test('a queued call is cancelled, also twice; one that has ended is not', async () => {
    const { json } = await hub.submit({ ...create, mode: 'async' });
    expect(await hub.one('cancel', json.id, 'globex')).toMatchObject({ status: 404 });
    expect(await hub.one('cancel', json.id)).toMatchObject({ status: 200, json: { status: 'cancelled' } });
    expect(await hub.one('cancel', json.id)).toMatchObject({ status: 200, json: { status: 'cancelled' } });
    expect(await hub.deliver()).toEqual([]);
    expect(hub.seen).toEqual([]);
    const done = await hub.submit(create);
    expect(await hub.one('cancel', done.json.id)).toMatchObject({ status: 409, json: { code: 'conflict' } });
    expect(await hub.handlers.cancel(readEvent('calls/cancel'), lambdaContext())).toMatchObject({ statusCode: 404 });
  });
});

describe('redrive', () => {
  test('E-28: failed calls begin anew by filter, so many a second, and no other; twice is once', async () => {
    hub.script.push([404, {}], [404, {}], [404, {}]);
    const failed = [await hub.submit(create), await hub.submit(create), await hub.submit(create)];
    const done = await hub.submit(create);
    const from = failed[0]?.json.createdAt;
    const filter = { from, perSecond: 1 };
    expect(await hub.redrive({ ...filter, dryRun: true })).toMatchObject({ status: 202, json: { count: 3 } });
    const before = Date.now();
    const answers = await Promise.all([hub.redrive(filter), hub.redrive(filter)]);
    expect(answers.reduce((sum, { json }) => sum + json.count, 0)).toBe(3);
    expect((await hub.redrive(filter)).json).toEqual({ count: 0 });
    const times = await Promise.all(
      failed.map(async ({ json }) => {
        const { json: call } = await hub.one('get', json.id);
        expect(call).toMatchObject({ status: 'waiting', attempts: [{ status: 404 }] });
        return Date.parse(call.nextAttemptAt) - before;
      }),
    );
    expect(Math.max(...times)).toBeGreaterThanOrEqual(1_000);
    expect(hub.queue).toEqual([]); // the tick hands each over when its time has come
    expect(await hub.one('get', done.json.id)).toMatchObject({ json: { status: 'succeeded' } });
    expect(await hub.redrive({ status: 'succeeded' })).toMatchObject({ status: 400 });
    expect((await hub.redrive({}, 'globex')).json).toEqual({ count: 0 });
    expect(await hub.handlers.redrive(readEvent('calls/redrive'), lambdaContext())).toMatchObject({ statusCode: 202 });
  });
});

describe('a 401', () => {
  const urls = () => hub.seen.map(({ url }) => url);

  test("is the call's own where the provider takes the credential elsewhere; the connection goes on (C-04)", async () => {
    hub.script.push([401, { error: { code: 'not_here' } }], [200]);
    const { status, json } = await hub.submit(create);
    expect({ status, json }).toMatchObject({ status: 200, json: { status: 'failed', error: { status: 401 } } });
    expect(urls()).toEqual(['/contacts', '/me']);
    expect((await hub.submit(create)).json).toMatchObject({ status: 'succeeded' });
  });

  test('that leaves no time to ask for the reason is tried again by the queue, once that time is over', async () => {
    hub.script.push([401]);
    const { status, json } = await hub.submit(create, {}, 'acme', 'demo', 7_000);
    expect({ status, json }).toMatchObject({ status: 202, json: { status: 'waiting' } });
    expect(urls()).toEqual(['/contacts']);
    expect(hub.queue).toMatchObject([{ delayS: 7 }]);
  });
});

describe('invoke', () => {
  test('is a submission by another AWS service, key and all', async () => {
    hub.script.push([200]);
    const answer = await hub.handlers.invoke(readEvent('calls/invoke'), lambdaContext());
    expect(answer).toMatchObject({ value: { status: 'succeeded', action: 'contacts.get', result: { id: 'c1' } } });
    expect(await hub.handlers.invoke(readEvent('calls/invoke'), lambdaContext())).toEqual(answer);
    const queued = { tenant: 'acme', connection: 'demo', ...create, mode: 'async' };
    expect(await hub.handlers.invoke(queued, lambdaContext())).toMatchObject({ value: { status: 'queued' } });
  });

  test('refuses what the route would refuse', async () => {
    const invoke = (event: unknown) => hub.handlers.invoke(event, lambdaContext());
    expect(await invoke({ tenant: 'acme', connection: 'demo' })).toMatchObject({ error: { code: 'invalid_request' } });
    expect(await invoke({ connection: 'demo', ...create })).toMatchObject({ error: { code: 'invalid_request' } });
    expect(await invoke({ tenant: 'globex', connection: 'demo', ...create })).toMatchObject({
      error: { code: 'not_found' },
    });
  });
});

describe('clear', () => {
  test('of more than one turn can do is not over: it throws, so that Lambda runs it again', async () => {
    const { openTable } = await import('../../../shared/core/aws.ts');
    const table = openTable(hub.dynamo.tables.calls);
    await Promise.all(Array.from({ length: 120 }, (_, index) => table.put({ pk: 'acme', sk: `call_bulk${index}` })));
    await expect(hub.handlers.clear(readEvent('calls/clear'), lambdaContext('req', 5_000))).rejects.toThrow('one turn');
    await hub.handlers.clear(readEvent('calls/clear'), lambdaContext('req', 120_000));
    expect((await table.query({ where: 'pk = :t', values: { ':t': 'acme' } })).items).toEqual([]);
  });

  test("on tenant.removed all of the tenant's calls go, and a worker cannot bring one back", async () => {
    const { json } = await hub.submit({ ...create, mode: 'async' });
    await hub.handlers.clear(readEvent('calls/clear'), lambdaContext('req', 120_000));
    expect((await hub.list()).json).toEqual({ items: [] });
    expect(await hub.deliver()).toEqual([]);
    expect(await hub.one('get', json.id)).toMatchObject({ status: 404 });
    expect(hub.seen).toEqual([]);
  });
});

describe('circuit', () => {
  test('E-24: says whether calls of the connection, and of its provider, are held back', async () => {
    expect(await hub.handlers.circuit(readEvent('calls/circuit'), lambdaContext())).toMatchObject({ statusCode: 200 });
    hub.script.push(...Array.from({ length: 9 }, () => [503, {}] as const));
    for (let count = 0; count < 6; count++) await hub.submit({ request: { method: 'PATCH', path: `/x${count}` } });
    expect(await hub.circuit('acme', 'nosuch:x')).toMatchObject({ status: 404, json: { code: 'not_found' } });
    const { json } = await hub.circuit();
    expect(json).toEqual({
      connection: { state: 'open', since: expect.any(String), nextTryAt: expect.any(String) },
      provider: { state: 'closed' },
    });
    const held = await hub.submit(create);
    expect(held).toMatchObject({ status: 202, json: { status: 'waiting' } });
  });
});
