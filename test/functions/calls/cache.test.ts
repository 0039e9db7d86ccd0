import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type Calls, create, startCalls } from './hub.ts';

let hub: Calls;
beforeAll(async () => {
  hub = await startCalls();
});
afterAll(() => hub.stop());
beforeEach(() => {
  hub.seen.length = 0;
  hub.script.length = 0;
});

const read = (id: string, cache?: unknown) => ({ request: { method: 'GET', path: `/contacts/${id}` }, cache });
const later = async (seconds: number, work: () => Promise<void>) => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 });
  try {
    await work();
  } finally {
    vi.useRealTimers();
  }
};

test('an answer is given again for as long as the caller says, without a request to the provider or a turn among the limits', async () => {
  hub.script.push([200, { n: 1 }], [200, { n: 2 }]);
  expect((await hub.submit(read('a', { ttlS: 60 }))).json).toMatchObject({
    result: { n: 1 },
    attempts: [{ status: 200 }],
  });
  const again = await hub.submit(read('a', { ttlS: 60 }));
  expect(again.json).toMatchObject({ status: 'succeeded', result: { n: 1 }, cached: true, attempts: [] });
  expect(again.json.ageS).toBeLessThanOrEqual(5);
  expect((await hub.one('get', again.json.id)).json).toMatchObject({ result: { n: 1 }, cached: true });
  expect(hub.seen).toHaveLength(1);
  await later(61, async () => {
    const { json } = await hub.submit(read('a', { ttlS: 60 }));
    expect([json.result, json.cached]).toEqual([{ n: 2 }, undefined]);
  });
});

test('a hit costs 4 requests to DynamoDB, a miss 6, and who does not ask pays nothing (design §9)', async () => {
  expect(await hub.counting(() => hub.submit(read('b', { ttlS: 60 })))).toEqual([
    ...['Get', 'Put', 'Get'],
    ...['Update', 'Put', 'Put'],
  ]);
  expect(await hub.counting(() => hub.submit(read('b', { ttlS: 60 })))).toEqual(['Get', 'Put', 'Get', 'Put']);
  expect(await hub.counting(() => hub.submit(read('b')))).toEqual(['Get', 'Put', 'Update', 'Put']);
});

test('with revalidate the provider is asked whether it still holds: 304 gives the kept body, anything else a new one', async () => {
  const how = { revalidate: true };
  const headers = { etag: '"v1"', 'last-modified': 'Mon, 02 Nov 2026 10:00:00 GMT' };
  hub.script.push([200, { n: 1 }, headers], [304, '', { etag: '"v1"' }], [200, { n: 2 }, { etag: '"v2"' }]);
  await hub.submit(read('c', how));
  const held = (await hub.submit(read('c', how))).json;
  expect(held).toMatchObject({ result: { n: 1 }, cached: true, ageS: 0, attempts: [{ ms: expect.any(Number) }] });
  const changed = (await hub.submit(read('c', how))).json;
  expect([changed.result, changed.cached]).toEqual([{ n: 2 }, undefined]);
  expect(hub.seen.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"v1"', '"v1"']);
  expect(hub.seen[1]?.headers['if-modified-since']).toBe(headers['last-modified']);
});

test('ttlS and revalidate together: believed first, asked about later', async () => {
  const how = { ttlS: 60, revalidate: true };
  hub.script.push([200, { n: 1 }, { etag: '"v1"' }], [304, '']);
  await hub.submit(read('d', how));
  await hub.submit(read('d', how));
  expect(hub.seen).toHaveLength(1);
  await later(61, async () => {
    expect((await hub.submit(read('d', how))).json).toMatchObject({ result: { n: 1 }, cached: true, ageS: 0 });
  });
  expect(hub.seen[1]?.headers['if-none-match']).toBe('"v1"');
});

test('another request, and what failed, is not answered from it; actions are, in their own shape', async () => {
  hub.script.push([404, {}], [200, { n: 1 }], [200, { n: 2 }]);
  expect((await hub.submit(read('e', { ttlS: 60 }))).json).toMatchObject({ status: 'failed' });
  expect((await hub.submit(read('e', { ttlS: 60 }))).json).toMatchObject({ result: { n: 1 } });
  expect((await hub.submit(read('f', { ttlS: 60 }))).json).toMatchObject({ result: { n: 2 } });
  const get = { action: 'contacts.get', input: { id: 'c1' }, cache: { ttlS: 60 } };
  hub.script.push([200]);
  const first = (await hub.submit(get)).json;
  const again = (await hub.submit({ ...get, mode: 'sync' })).json;
  expect([again.result, again.cached]).toEqual([first.result, true]);
  expect(hub.seen).toHaveLength(4);
});

test('what is kept is sealed, and its row goes by itself', async () => {
  hub.script.push([200, { name: 'Ada Lovelace' }]);
  await hub.submit(read('g', { ttlS: 60 }));
  const { openTable } = await import('../../../shared/core/aws.ts');
  const { items } = await openTable(hub.dynamo.tables.calls).query({
    where: 'pk = :tenant AND begins_with(sk, :answers)',
    values: { ':tenant': 'acme', ':answers': 'answer#' },
  });
  expect(items.length).toBeGreaterThan(0);
  for (const { sealed, ttl, ...rest } of items) {
    expect(Object.keys(rest)).toEqual(expect.arrayContaining(['pk', 'sk']));
    expect(Object.keys(rest)).toHaveLength(2);
    expect(Buffer.from(sealed as Uint8Array).toString('latin1')).not.toContain('Ada');
    expect(Number(ttl)).toBeGreaterThan(Date.now() / 1000);
  }
  const { json } = await hub.list('limit=100');
  expect(json.items.every(({ id }: { id: string }) => id.startsWith('call_'))).toBe(true);
});

test.each([
  ['a write', { ...create, cache: { ttlS: 60 } }],
  ['several pages', { ...read('h', { ttlS: 60 }), paginate: { maxPages: 2 } }],
  ['no way', read('h', {})],
  [
    'a request with conditions of its own',
    { request: { method: 'GET', path: '/contacts', headers: { 'If-None-Match': '"1"' } }, cache: { ttlS: 1 } },
  ],
])('is refused of %s', async (_what, body) => {
  expect(await hub.submit(body)).toMatchObject({
    status: 400,
    json: { code: 'invalid_request', detail: expect.stringContaining('cache') },
  });
  expect(hub.seen).toEqual([]);
});
