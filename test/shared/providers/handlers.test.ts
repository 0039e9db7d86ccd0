import { describe, expect, test } from 'vitest';
import { findHandler, handlers, handlersOf } from '../../../shared/providers/handled.ts';
import { fits, type Handler } from '../../../shared/providers/handlers.ts';
import { findSyncs } from '../../../shared/providers/polled.ts';
import { stripeSyncs } from '../../../shared/providers/stripe/syncs.ts';
import type { Sync, SyncPage } from '../../../shared/providers/syncs.ts';
import { readSources } from '../../support/sources.ts';

const CREATED = 1_763_632_800;
const known = { id: 'evt_1', receivedAtMs: 0, replayed: false };

describe.each(handlers.map((handler) => ({ ...handler, handler })))(
  'the handler $provider/$name',
  ({ provider, name, types, handler }) => {
    test('is the only one of its name, and stands in the folder of its provider', () => {
      expect(handlers.filter((one) => one.provider === provider && one.name === name)).toHaveLength(1);
      expect(findHandler(provider, name)).toBe(handler);
      const files = readSources(`shared/providers/${provider}`).filter(({ file }) => file.endsWith('/handlers.ts'));
      expect(files.map(({ code }) => code).join()).toContain(`on('${provider}'`);
    });

    test('is found by each type that it names', () => {
      for (const type of types) expect(handlersOf(provider, type.replace('*', 'anything'))).toContain(handler);
    });

    test.each([null, 7, 'text', [], {}, { type: 'x' }])('takes %j for no payload of its own', (payload) => {
      expect(handler.payload.safeParse(payload).success).toBe(false);
    });
  },
);

test.each([
  ['a.b', 'a.b', true],
  ['a.b', 'a.b.c', false],
  ['a.*', 'a.b.c', true],
  ['a.*', 'a', false],
  ['a.*', 'ab.c', false],
  ['*', 'anything', true],
])('the pattern %s and the type %s: %s', (pattern, type, fitting) => {
  expect(fits(pattern, type)).toBe(fitting);
});

const common = { livemode: false, created: CREATED - 100, metadata: { plan: 'a' } };
const item = { id: 'si_1', quantity: 1, price: { id: 'price_1', product: 'prod_1' } };
const objects = {
  customer: { ...common, id: 'cus_1', object: 'customer', email: 'ada@people.example', name: 'Ada', balance: 0 },
  subscription: {
    ...{ ...common, id: 'sub_1', object: 'subscription', customer: 'cus_1', status: 'active', currency: 'usd' },
    ...{ cancel_at_period_end: true, trial_end: null },
    items: { data: [{ ...item, current_period_start: CREATED, current_period_end: CREATED + 86_400 }] },
  },
  invoice: {
    ...{ ...common, id: 'in_1', object: 'invoice', customer: { id: 'cus_1' }, status: 'open', currency: 'usd' },
    ...{ amount_due: 1_000, amount_paid: 0, amount_remaining: 1_000, total: 1_000, attempt_count: 1 },
    parent: { subscription_details: { subscription: 'sub_1' } },
    status_transitions: { paid_at: null },
  },
  payment_intent: {
    ...{ ...common, id: 'pi_1', object: 'payment_intent', customer: 'cus_1', status: 'requires_payment_method' },
    ...{ currency: 'usd', amount: 1_000, amount_received: 0 },
    last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds', message: 'Declined.' },
  },
} as const;

const event = (type: string, object: object, created = CREATED) => ({
  ...{ id: `evt_${type}`, object: 'event', type, created, livemode: false },
  data: { object },
});

/** What the handlers of an event show together. */
function shownBy(type: string, object: object, created = CREATED) {
  return handlersOf('stripe', type).flatMap((handler: Handler) => {
    const payload = handler.payload.parse(event(type, object, created));
    return handler.shows(payload as never, { ...known, type });
  });
}

describe("stripe's events", () => {
  test.each([
    ['customer.created', objects.customer, 'customers', { email: 'ada@people.example', livemode: false }],
    ['customer.updated', objects.customer, 'customers', { name: 'Ada', delinquent: false }],
    ['customer.subscription.created', objects.subscription, 'subscriptions', { status: 'active', customer: 'cus_1' }],
    [
      'customer.subscription.updated',
      objects.subscription,
      'subscriptions',
      { cancelAtPeriodEnd: true, currentPeriodEnd: '2025-11-21T10:00:00.000Z', trialEnd: null },
    ],
    ['customer.subscription.deleted', objects.subscription, 'subscriptions', { items: [{ price: 'price_1' }] }],
    ['invoice.payment_failed', objects.invoice, 'invoices', { status: 'open', attempts: 1, subscription: 'sub_1' }],
    ['invoice.payment_succeeded', { ...objects.invoice, status: 'paid' }, 'invoices', { status: 'paid' }],
    ['invoice.paid', objects.invoice, 'invoices', { customer: 'cus_1', amountDue: 1_000, paidAt: null }],
    ['invoice.finalized', objects.invoice, 'invoices', { metadata: { plan: 'a' } }],
    [
      'payment_intent.succeeded',
      { ...objects.payment_intent, last_payment_error: null },
      'payment-intents',
      { error: null },
    ],
    [
      'payment_intent.payment_failed',
      objects.payment_intent,
      'payment-intents',
      { error: { code: 'card_declined', declineCode: 'insufficient_funds' } },
    ],
  ])('%s shows one object, of a model that is polled too', (type, object, model, data) => {
    const shown = shownBy(type, object);
    expect(shown).toMatchObject([{ model, id: object.id, deleted: false, data }]);
    expect(Object.values(findSyncs('stripe')).map((sync) => sync.model)).toContain(model);
  });

  test.each([
    ['customer.deleted', objects.customer],
    ['invoice.deleted', objects.invoice],
  ])('%s ends the record, though all that is left of it is its id', (type, { id, object }) => {
    expect(shownBy(type, { id, object, deleted: true })).toMatchObject([{ id, deleted: true, data: undefined }]);
  });

  test.each([
    ['customer.source.created', { id: 'card_1', object: 'card' }],
    ['invoice.upcoming', { ...objects.invoice, id: undefined }],
    ['invoice.upcoming', objects.invoice],
    ['charge.refunded', { id: 'ch_1', object: 'charge' }],
  ])('%s shows nothing that is kept', (type, object) => {
    expect(shownBy(type, object)).toEqual([]);
  });

  test('of an older API version are read too', () => {
    const { items: _, ...rest } = objects.subscription;
    const older = { ...rest, current_period_end: CREATED + 1, items: { data: [item] } };
    expect(shownBy('customer.subscription.updated', older)[0]?.data).toMatchObject({
      currentPeriodEnd: '2025-11-20T10:00:01.000Z',
    });
    const { parent: _parent, ...invoice } = objects.invoice;
    expect(shownBy('invoice.paid', { ...invoice, subscription: 'sub_2' })[0]?.data).toMatchObject({
      subscription: 'sub_2',
    });
  });

  test('of one second are in the order of what they say, and a second weighs more', () => {
    const at = (type: string, object: object, created = CREATED) => shownBy(type, object, created)[0]?.updatedAt ?? '';
    const states = ['draft', 'open', 'paid'].map((status) => at('invoice.updated', { ...objects.invoice, status }));
    expect([...states].sort()).toEqual(states);
    expect(new Set(states).size).toBe(3);
    const end = at('invoice.deleted', objects.invoice);
    const next = at('invoice.updated', { ...objects.invoice, status: 'draft' }, CREATED + 1);
    expect([end, states[2], next].sort()).toEqual([states[2], end, next]);
  });
});

describe("stripe's syncs", () => {
  const { subscriptions, customers } = stripeSyncs as { subscriptions: Sync; customers: Sync };
  const list = (data: object[], has_more = false) => ({ object: 'list', data, has_more });
  const place = { settings: {}, startedAtMs: Date.parse('2025-11-20T10:00:30.000Z') };

  test('read the list first, page by page', () => {
    expect(subscriptions.request(place)).toEqual({
      ...{ method: 'GET', path: '/subscriptions', query: { status: 'all', limit: 100 } },
    });
    const page = subscriptions.page({ ...place, body: list([objects.subscription], true), headers: {} });
    expect(page).toMatchObject({ records: [{ id: 'sub_1', data: { status: 'active' } }], next: 'sub_1' });
    expect(subscriptions.request({ ...place, page: page.next }).query).toMatchObject({ starting_after: 'sub_1' });
    const last = subscriptions.page({ ...place, body: list([]), headers: {} });
    expect(last).toMatchObject({ records: [], next: undefined });
  });

  test('take a list for no newer than an event of the minute before the run', () => {
    const [listed] = subscriptions.page({ ...place, body: list([objects.subscription]), headers: {} }).records;
    const [shown] = shownBy('customer.subscription.updated', objects.subscription, CREATED);
    expect(Date.parse(listed?.updatedAt ?? '')).toBeLessThan(Date.parse(shown?.updatedAt ?? ''));
  });

  test('then read the events since, and keep of each object what was said last', () => {
    const since = '2025-11-20T10:00:00.500Z';
    expect(customers.request({ ...place, since, page: 'evt_9' })).toMatchObject({
      path: '/events',
      query: { type: 'customer.*', 'created[gte]': CREATED, limit: 100, starting_after: 'evt_9' },
    });
    const events = [
      event('customer.deleted', { ...objects.customer, id: 'cus_2' }, CREATED + 3),
      event('customer.updated', { ...objects.customer, name: 'Ada King' }, CREATED + 2),
      event('customer.subscription.created', objects.subscription, CREATED + 1),
      event('customer.created', objects.customer),
    ];
    const page: SyncPage = customers.page({ ...place, body: list(events, true), headers: {}, since });
    expect(page.next).toBe('evt_customer.created');
    expect(page.records.map(({ id, deleted, data }) => [id, deleted, (data as { name?: string })?.name])).toEqual([
      ['cus_1', false, 'Ada'],
      ['cus_1', false, 'Ada King'],
      ['cus_2', true, undefined],
    ]);
  });

  test('read the list again before the events are forgotten, after 30 days', () => {
    expect(customers.remembersS).toBeLessThan(30 * 86_400);
  });

  test('begin the next run a minute before this one began', () => {
    const { checkpoint } = subscriptions.page({ ...place, body: list([]), headers: {} });
    expect([checkpoint, subscriptions.overlapS]).toEqual(['2025-11-20T10:00:30.000Z', 60]);
  });
});
