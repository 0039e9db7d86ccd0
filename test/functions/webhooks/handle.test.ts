import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TenantId } from '../../../shared/core/ids.ts';
import { type Handler, on } from '../../../shared/providers/handlers.ts';
import { StripeEvent } from '../../../shared/providers/stripe/syncs.ts';
import { startWebhooks, stripeDelivery, subscription, type WebhooksHub } from './hub.ts';

// The functions are loaded by the hub beside this file: process and handle.

/** Handlers that only a test has. */
const extra = vi.hoisted(() => [] as Handler[]);
vi.mock('../../../shared/providers/handled.ts', async (original) => {
  const real = await original<typeof import('../../../shared/providers/handled.ts')>();
  return {
    handlersOf: (provider: string, type: string) => [...extra, ...real.handlersOf(provider, type)],
    findHandler: (provider: string, name: string) =>
      extra.find((one) => one.name === name) ?? real.findHandler(provider, name),
  };
});

let hub: WebhooksHub;
beforeAll(async () => {
  hub = await startWebhooks();
});
beforeEach(() => {
  for (const list of [hub.events, hub.hidden, hub.queues.handlers]) list.length = 0;
});
afterEach(() => {
  extra.length = 0;
  vi.restoreAllMocks();
});
afterAll(() => hub.stop());

const CREATED = 1_763_632_800;
const list = async (tenant: TenantId, query = '') =>
  (await hub.ask('list GET /v1/tenants/{tenant}/events', { tenant }, { query })).json.items;
const recordsOf = async (tenant: TenantId, model: string) => {
  const copy = hub.records.of(tenant, { provider: 'stripe', name: 'default' }, model);
  return (await copy.list(100, Date.now())).rows.map(({ data = 'null' }) => JSON.parse(data));
};
const told = (type: string) => hub.events.filter((event) => event.type === type);
/** An account of its own, and what Stripe sends of it. */
async function stripe() {
  const account = hub.fresh('acct');
  const tenant = await hub.connect('stripe', account);
  const send = (type: string, object: unknown, more: { id?: string; created?: number } = {}) =>
    hub.take(stripeDelivery(account, { id: hub.fresh('evt'), type, created: CREATED, object, ...more }));
  return { account, tenant, send };
}

describe('an event with a handler', () => {
  test('is published, handed over, and becomes a record; the event says that it is handled', async () => {
    const { tenant, send } = await stripe();
    await send('customer.subscription.updated', subscription('sub_1', 'active', { cancel_at_period_end: true }));
    expect(told('webhook.received')).toHaveLength(1);
    expect(await list(tenant)).toMatchObject([
      { outcome: 'routed', handlers: [{ name: 'subscriptions', outcome: 'waiting', tries: 0 }] },
    ]);
    await hub.deliver('handlers');
    expect(await list(tenant, 'outcome=handled')).toMatchObject([
      { handlers: [{ name: 'subscriptions', outcome: 'handled', tries: 1, at: expect.stringMatching(/Z$/) }] },
    ]);
    expect(await recordsOf(tenant, 'subscriptions')).toMatchObject([
      {
        id: 'sub_1',
        status: 'active',
        currentPeriodEnd: '2025-12-20T00:53:20.000Z',
        cancelAtPeriodEnd: true,
        items: [{ price: 'price_1', product: 'prod_1', quantity: 2 }],
      },
    ]);
    expect(told('record.created')).toMatchObject([{ tenant, connection: 'stripe', data: { model: 'subscriptions' } }]);
  });

  test('costs a message more and nothing else; an event without one costs none and stays `routed`', async () => {
    const { tenant, send } = await stripe();
    await send('charge.dispute.created', { id: 'dp_1', object: 'dispute' });
    expect(hub.queues.handlers).toEqual([]);
    expect(await list(tenant)).toMatchObject([{ type: 'charge.dispute.created', outcome: 'routed' }]);
    await send('invoice.paid', { id: 'in_1', object: 'invoice' });
    expect(hub.queues.handlers).toHaveLength(1);
  });

  test('that shows nothing to keep is ignored', async () => {
    const { tenant, send } = await stripe();
    await send('invoice.upcoming', { object: 'invoice', livemode: false });
    await hub.deliver('handlers');
    expect(await list(tenant, 'outcome=ignored')).toHaveLength(1);
  });

  test('of a large body is read from its object', async () => {
    const { tenant, send } = await stripe();
    const metadata = { text: 'x'.repeat(350_000) };
    await send('customer.updated', { id: 'cus_1', object: 'customer', livemode: true, created: CREATED, metadata });
    expect(told('webhook.received')).toMatchObject([{ data: { data: null } }]);
    await hub.deliver('handlers');
    expect(await recordsOf(tenant, 'customers')).toMatchObject([{ id: 'cus_1', metadata }]);
  });

  test('is never older over newer, in whatever order its kind comes, also within one second', async () => {
    const steps = [
      ['customer.subscription.created', subscription('sub_1', 'incomplete'), CREATED],
      ['customer.subscription.updated', subscription('sub_1', 'active'), CREATED],
      ['customer.subscription.updated', subscription('sub_1', 'past_due'), CREATED + 60],
      ['customer.subscription.deleted', subscription('sub_1', 'canceled'), CREATED + 61],
      ['customer.subscription.updated', subscription('sub_1', 'active'), CREATED + 61],
    ] as const;
    for (const order of [
      [0, 1, 2, 3, 4],
      [4, 3, 2, 1, 0],
      [3, 0, 4, 2, 1],
    ]) {
      const { tenant, send } = await stripe();
      for (const at of order) {
        const [type, object, created] = steps[at] ?? steps[0];
        await send(type, object, { created });
        await hub.deliver('handlers');
      }
      expect(await recordsOf(tenant, 'subscriptions')).toMatchObject([{ id: 'sub_1', status: 'canceled' }]);
    }
  });

  test('deleted stays deleted: what was said of it before comes too late', async () => {
    const { tenant, send } = await stripe();
    const customer = { id: 'cus_1', object: 'customer', livemode: true, created: CREATED };
    await send('customer.updated', customer);
    await hub.deliver('handlers');
    await send('customer.deleted', { ...customer, deleted: true }, { created: CREATED + 5 });
    await hub.deliver('handlers');
    await send('customer.updated', { ...customer, name: 'Ada' }, { created: CREATED + 5 });
    await hub.deliver('handlers');
    expect(await recordsOf(tenant, 'customers')).toEqual([]);
    expect(told('record.deleted')).toHaveLength(1);
  });

  test('handed over twice is handled once', async () => {
    const { tenant, send } = await stripe();
    await send('customer.subscription.updated', subscription('sub_1', 'active'));
    hub.queues.handlers.push(...hub.queues.handlers);
    await hub.deliver('handlers');
    expect(new Set(told('record.created').map(({ id }) => id)).size).toBe(1);
    expect(await list(tenant)).toMatchObject([{ outcome: 'handled' }]);
  });

  test('leaves no record of a connection that is gone', async () => {
    const { tenant, send } = await stripe();
    await send('customer.subscription.updated', subscription('sub_1', 'active'));
    for (const row of await hub.syncs.forTenant(tenant).list()) await hub.syncs.forTenant(tenant).remove(row);
    await hub.deliver('handlers');
    expect(await recordsOf(tenant, 'subscriptions')).toEqual([]);
    expect(told('record.created')).toEqual([]);
    expect(await list(tenant)).toMatchObject([{ outcome: 'ignored' }]);
  });

  test('with another body under a known id is kept and handed to nobody', async () => {
    const { account, tenant, send } = await stripe();
    await send('customer.subscription.updated', subscription('sub_1', 'active'), { id: `${account}-1` });
    await send('customer.subscription.updated', subscription('sub_1', 'canceled'), { id: `${account}-1` });
    expect(hub.queues.handlers).toHaveLength(1);
    await hub.deliver('handlers');
    expect(await list(tenant, 'outcome=conflicting')).toHaveLength(1);
    expect(await recordsOf(tenant, 'subscriptions')).toMatchObject([{ status: 'active' }]);
  });
});

describe('a handler that fails', () => {
  test('is tried three times, alone and ever later, then the event has failed and says why', async () => {
    const { tenant, send } = await stripe();
    extra.push(
      on('stripe', 'invoice.paid', {
        name: 'broken',
        payload: StripeEvent,
        shows: () => {
          throw new TypeError('of its payload: secret');
        },
      }),
    );
    await send('invoice.paid', { id: 'in_1', object: 'invoice', livemode: true, currency: 'usd', status: 'paid' });
    for (let n = 0; n < 5; n++) await hub.deliver('handlers');
    expect(hub.hidden).toEqual([30, 300]);
    expect(await list(tenant, 'outcome=failed')).toMatchObject([
      {
        handlers: [
          { name: 'broken', outcome: 'failed', tries: 3, error: 'TypeError' },
          { name: 'invoices', outcome: 'handled', tries: 1 },
        ],
      },
    ]);
    expect(await recordsOf(tenant, 'invoices')).toMatchObject([{ id: 'in_1', status: 'paid' }]);
    expect(JSON.stringify(hub.output.lines())).not.toContain('secret');
  });

  test('because the bus or a table is down is tried again and succeeds', async () => {
    const { tenant, send } = await stripe();
    await send('customer.subscription.updated', subscription('sub_1', 'active'));
    const down = vi.spyOn(EventBridgeClient.prototype, 'send').mockRejectedValueOnce(new Error('down') as never);
    await hub.deliver('handlers');
    expect(await list(tenant)).toMatchObject([{ outcome: 'routed', handlers: [{ tries: 1, error: 'Error' }] }]);
    down.mockRestore();
    await hub.deliver('handlers');
    expect(await list(tenant)).toMatchObject([{ outcome: 'handled', handlers: [{ tries: 2 }] }]);
    expect(await recordsOf(tenant, 'subscriptions')).toHaveLength(1);
  });

  test('or is not known yet, since a release is under way, has its message wait', async () => {
    const { tenant, send } = await stripe();
    await send('invoice.paid', { id: 'in_1', object: 'invoice', livemode: true, currency: 'usd' });
    const [{ body = '' } = {}] = hub.queues.handlers.splice(0);
    const ahead = JSON.stringify({ ...JSON.parse(body), handler: 'new' });
    expect(await hub.feed('handle', [ahead])).toEqual([ahead]);
    expect(hub.hidden).toEqual([60]);
    expect(await list(tenant)).toMatchObject([{ outcome: 'routed' }]);
  });

  test('on a payload of another shape is not tried again: it would fail alike', async () => {
    const { tenant, send } = await stripe();
    await send('invoice.paid', 'no object at all');
    await hub.deliver('handlers');
    expect(hub.queues.handlers).toEqual([]);
    expect(await list(tenant, 'outcome=failed')).toMatchObject([{ handlers: [{ tries: 1 }] }]);
  });
});

test('the list is narrowed by outcome and connection too', async () => {
  const { tenant, send } = await stripe();
  await send('charge.refunded', { id: 'ch_1', object: 'charge' });
  expect(await list(tenant, 'connection=stripe&outcome=routed')).toHaveLength(1);
  expect(await list(tenant, 'connection=stripe:other')).toEqual([]);
  expect(await list(tenant, 'outcome=failed')).toEqual([]);
});

test('the sample of an event that is gone is settled', async () => {
  expect(await hub.sample('handle')).toEqual({ batchItemFailures: [] });
});
