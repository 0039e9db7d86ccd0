import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openTable, type Table } from '../../../shared/core/aws.ts';
import { log } from '../../../shared/core/log.ts';
import type { InboxEvent } from '../../../shared/webhooks/event.ts';
import { keep } from '../../../shared/webhooks/keep.ts';
import { cursorAfter, inboxStore } from '../../../shared/webhooks/store.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';

let dynamo: TestDynamo;
let table: Table;
beforeAll(async () => {
  dynamo = await startDynamo();
  table = openTable(dynamo.tables.inbox);
});
afterAll(() => dynamo.stop());

const NOW = 1_700_000_000_000;
let count = 0;
/** An inbox that nobody else has written to. */
const inbox = () => {
  const tenantId = `store-${++count}`;
  return { tenantId, store: inboxStore(table).forTenant(tenantId) };
};
const eventOf = (tenantId: string, change: Partial<InboxEvent> = {}): InboxEvent => ({
  ...{ id: 'e1', tenantId, provider: 'github', type: 'issues.opened', receivedAtMs: NOW, outcome: 'routed' },
  ...{ connection: { provider: 'github', name: 'default' }, bodyHash: 'hash', requestId: 'req-1' },
  content: { json: '{"n":1}' },
  ...change,
});

describe('an event that comes more than once (D-08)', () => {
  test('is new, then known: the same request may have to announce it still, another has not', async () => {
    const { tenantId, store } = inbox();
    const event = eventOf(tenantId);
    expect(await store.keepOnce(event)).toBe('new');
    expect(await store.keepOnce(event)).toBe('again');
    expect(await store.keepOnce({ ...event, requestId: 'req-2', receivedAtMs: NOW + 1 })).toBe('duplicate');
    expect(await store.keepOnce({ ...event, bodyHash: 'other' })).toBe('conflicting');
    expect(await store.keepOnce({ ...event, bodyHash: 'other', requestId: 'req-2' })).toBe('conflicting');
    expect(await store.get('github', 'e1')).toEqual(event);
  });

  test.each([
    ['another id', { id: 'e2' }],
    ['another provider', { provider: 'slack' }],
  ])('with %s is another', async (_what, change) => {
    const { tenantId, store } = inbox();
    await store.keepOnce(eventOf(tenantId));
    expect(await store.keepOnce(eventOf(tenantId, change))).toBe('new');
    expect(await inboxStore(table).forTenant(`${tenantId}x`).get('github', 'e1')).toBeUndefined();
  });

  test('is announced by the request that brought it, however often that is processed', async () => {
    const { tenantId } = inbox();
    const event = eventOf(tenantId);
    const store = inboxStore(table);
    expect(await keep(event, store)).toEqual({ event, announced: true });
    expect(await keep(event, store)).toEqual({ event, announced: true });
    const later = { ...event, requestId: 'req-2' };
    expect(await keep(later, store)).toEqual({ event: later, announced: false });
  });

  test('with another body is kept beside the first, known by its body, and the operator hears of it', async () => {
    const { tenantId, store } = inbox();
    await keep(eventOf(tenantId), inboxStore(table));
    const other = eventOf(tenantId, { bodyHash: 'other', requestId: 'req-2' });
    const kept = { ...other, id: 'e1#other', outcome: 'conflicting' };
    const warned = vi.spyOn(log, 'warn');
    expect(await keep(other, inboxStore(table))).toEqual({ event: kept, announced: true });
    expect(warned.mock.calls).toEqual([['another body under a known event id', { provider: 'github', event: 'e1' }]]);
    expect(await keep({ ...other, requestId: 'req-3' }, inboxStore(table))).toMatchObject({ announced: false });
    expect((await store.list({ limit: 10 })).events.map(({ id }) => id).sort()).toEqual(['e1', 'e1#other']);
  });
});

describe('an event as it is kept', () => {
  test.each<[string, Partial<InboxEvent>]>([
    ['that lies in the bucket', { content: { object: 'inbox/1', bytes: 500_000 } }],
    ['that is nobody’s yet', { connection: undefined, outcome: 'unrouted', accountIds: ['1', '2'] }],
    ['with a time of its own', { occurredAtMs: NOW - 5, id: 'a#b' }],
  ])('%s, is read as it was written', async (_what, change) => {
    const { tenantId, store } = inbox();
    const event = eventOf(tenantId, change);
    await store.keepOnce(event);
    expect(await store.get('github', event.id)).toEqual(JSON.parse(JSON.stringify(event)));
    expect(await store.get('github', 'none')).toBeUndefined();
  });

  test('is swept by the table 90 days after it came, and may be removed before', async () => {
    const { tenantId, store } = inbox();
    await store.keepOnce(eventOf(tenantId, { content: { object: 'inbox/1', bytes: 1 } }));
    await store.keepOnce(eventOf(tenantId, { id: 'e2' }));
    const [first, ...more] = await store.some();
    expect(more).toHaveLength(1);
    expect(first).toEqual({ sk: expect.stringContaining('e1'), object: 'inbox/1' });
    expect(await table.get({ pk: tenantId, sk: first?.sk })).toMatchObject({
      ttl: (NOW + 90 * 24 * 60 * 60_000) / 1000,
      receivedAt: NOW,
    });
    await store.remove({ sk: first?.sk ?? '' });
    expect((await store.some()).map(({ object }) => object)).toEqual([undefined]);
    expect(await inbox().store.some()).toEqual([]);
  });

  test('takes what became of it over the revision before, once', async () => {
    const { tenantId, store } = inbox();
    const event = eventOf(tenantId, { handling: {} });
    expect(await store.saveHandling(event)).toEqual({ done: false });
    await store.keepOnce(event);
    const first: InboxEvent = { ...event, handling: { sync: { outcome: 'failed', tries: 1 } }, revision: 1 };
    expect(await store.saveHandling(first)).toEqual({ done: true });
    expect(await store.get('github', 'e1')).toEqual(first);
    expect(await store.saveHandling({ ...event, revision: undefined })).toEqual({ done: false, event: first });
    const second: InboxEvent = { ...first, outcome: 'conflicting', handling: {}, revision: 2 };
    expect(await store.saveHandling({ ...second, revision: 3 })).toEqual({ done: false, event: first });
    expect(await store.saveHandling(second)).toEqual({ done: true });
    expect(await store.saveHandling(second)).toEqual({ done: false, event: second });
  });
});

describe('a list of events', () => {
  const idsOf = (events: readonly InboxEvent[]) => events.map(({ id }) => id);

  async function filled() {
    const { tenantId, store } = inbox();
    for (let n = 0; n < 6; n++) await store.keepOnce(eventOf(tenantId, { id: `e${n}`, receivedAtMs: NOW + n }));
    const unrouted = { id: 'e6', type: 'push', connection: undefined, accountIds: ['1'], outcome: 'unrouted' } as const;
    await store.keepOnce(eventOf(tenantId, { ...unrouted, receivedAtMs: NOW + 6 }));
    return store;
  }

  test('is the newest first, or the oldest, and goes on where it ended', async () => {
    const store = await filled();
    const page = await store.list({ limit: 3 });
    expect(idsOf(page.events)).toEqual(['e6', 'e5', 'e4']);
    expect(idsOf((await store.list({ limit: 3, cursor: page.cursor })).events)).toEqual(['e3', 'e2', 'e1']);
    const last = page.events[2];
    expect(idsOf((await store.list({ limit: 2, cursor: last && cursorAfter(last) })).events)).toEqual(['e3', 'e2']);
    const all = await store.list({ limit: 10, oldestFirst: true });
    expect(idsOf(all.events)).toEqual(['e0', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6']);
    expect(all).not.toHaveProperty('cursor');
  });

  test.each([
    [{ type: 'push' }, ['e6']],
    [{ provider: 'slack' }, []],
    [{ outcome: 'routed', fromMs: NOW + 4 }, ['e5', 'e4']],
    [{ toMs: NOW + 1 }, ['e1', 'e0']],
    [{ fromMs: NOW + 2, toMs: NOW + 3 }, ['e3', 'e2']],
    [{ account: '1' }, ['e6']],
    [{ account: '2' }, []],
    [{ connection: { provider: 'github', name: 'default' }, toMs: NOW }, ['e0']],
    [{ type: undefined, outcome: 'unrouted' }, ['e6']],
  ] as const)('is narrowed to %j', async (filter, ids) => {
    expect(idsOf((await (await filled()).list({ limit: 10, ...filter })).events)).toEqual(ids);
  });

  test('is one event, or none, where its id is given', async () => {
    const store = await filled();
    const one = { limit: 10, provider: 'github' };
    expect(await store.list({ ...one, event: 'e3' })).toEqual({ events: [await store.get('github', 'e3')] });
    expect(await store.list({ ...one, event: 'none' })).toEqual({ events: [] });
    expect(await store.list({ limit: 10, event: 'e3' })).toEqual({ events: [] });
  });

  test('that is narrowed is cut at its limit, and goes on behind its last event', async () => {
    const store = await filled();
    const page = await store.list({ limit: 2, outcome: 'routed' });
    expect(idsOf(page.events)).toEqual(['e5', 'e4']);
    const rest = await store.list({ limit: 4, outcome: 'routed', cursor: page.cursor });
    expect(idsOf(rest.events)).toEqual(['e3', 'e2', 'e1', 'e0']);
    expect(rest).not.toHaveProperty('cursor');
  });

  test('of which hardly any fits ends after 2,000 rows, with less than a page and the way on', async () => {
    const asked: object[] = [];
    const rows = Array.from({ length: 200 }, () => ({ pk: 'p', sk: 'github#x', provider: 'github', receivedAt: 1 }));
    const counting = {
      ...table,
      get: async () => rows[0],
      query: async (query: object) => {
        asked.push(query);
        return { items: asked.length === 3 ? rows.slice(0, 1) : [], cursor: `after-${asked.length}` };
      },
    };
    const page = await inboxStore(counting).forTenant('p').list({ limit: 5, type: 'rare', cursor: 'start' });
    expect(page).toMatchObject({ events: [{ provider: 'github' }], cursor: 'after-10' });
    expect(asked).toHaveLength(10);
    expect(asked.map((query) => ('cursor' in query ? query.cursor : ''))).toEqual([
      'start',
      ...asked.slice(1).map((_, n) => `after-${n + 1}`),
    ]);
    expect(asked[0]).toMatchObject({ limit: 200, descending: true });
    await inboxStore(counting).forTenant('p').list({ limit: 5 });
    expect(asked[10]).toMatchObject({ limit: 5 });
  });
});
