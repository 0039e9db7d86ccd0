import * as z from 'zod';
import { iso } from '../../core/clock.ts';
import type { Sync, Syncs } from '../syncs.ts';

// Lists tell neither when an object changed nor which are gone. So a first run reads the list, and later ones read the
// events since then, which are what webhooks bring too.

/** One kind of object: where it is seen, and what is kept of it. */
export interface Model {
  readonly name: string;
  /** As the object calls itself. */
  readonly object: string;
  readonly docs: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** The types of events that show it; some of them show others too. */
  readonly events: string;
  /** The object's states in the order that it goes through them. */
  readonly states: readonly string[];
  readonly read: (object: unknown) => { readonly id: string; readonly data: Readonly<Record<string, unknown>> };
}

const reference = z
  .union([z.string(), z.object({ id: z.string() })])
  .nullish()
  .transform((one) => (typeof one === 'object' ? (one?.id ?? null) : (one ?? null)));
const time = z
  .int()
  .nullish()
  .transform((seconds) => (typeof seconds === 'number' ? iso(seconds * 1000) : null));
const text = z
  .string()
  .nullish()
  .transform((one) => one ?? null);
const amount = z
  .int()
  .nullish()
  .transform((one) => one ?? null);
/** All have these. */
const common = {
  id: z.string().min(1),
  livemode: z.boolean(),
  created: time,
  metadata: z.record(z.string(), z.string()).nullish(),
};

const customers: Model = {
  name: 'customers',
  object: 'customer',
  path: '/customers',
  events: 'customer.*',
  docs: 'https://docs.stripe.com/api/customers',
  states: [],
  read: reader(
    z.object({
      ...common,
      ...{ email: text, name: text, phone: text, description: text, currency: text },
      balance: amount,
      delinquent: z.boolean().nullish(),
    }),
    ({ id, email, name, phone, description, currency, balance, delinquent, ...rest }) => ({
      ...{ id, email, name, phone, description, currency, balance, delinquent: delinquent ?? false },
      ...shared(rest),
    }),
  ),
};

const subscriptions: Model = {
  name: 'subscriptions',
  object: 'subscription',
  path: '/subscriptions',
  query: { status: 'all' },
  events: 'customer.subscription.*',
  docs: 'https://docs.stripe.com/api/subscriptions',
  states: ['incomplete', 'trialing', 'active', 'incomplete_expired', 'canceled'],
  read: reader(
    z.object({
      ...common,
      ...{ customer: reference, status: z.string(), currency: text, latest_invoice: reference },
      cancel_at_period_end: z.boolean(),
      ...{ cancel_at: time, canceled_at: time, ended_at: time, trial_end: time },
      ...{ current_period_start: time, current_period_end: time },
      items: z.object({
        data: z.array(
          z.object({
            id: z.string(),
            quantity: amount,
            price: z.object({ id: z.string(), product: reference }).nullish(),
            ...{ current_period_start: time, current_period_end: time },
          }),
        ),
      }),
    }),
    ({ id, customer, status, currency, items, ...rest }) => ({
      ...{ id, customer, status, currency },
      cancelAtPeriodEnd: rest.cancel_at_period_end,
      // Endpoints of an API version before 2025-03-31 have the period on the subscription itself.
      currentPeriodStart: items.data[0]?.current_period_start ?? rest.current_period_start,
      currentPeriodEnd: items.data[0]?.current_period_end ?? rest.current_period_end,
      ...{ cancelAt: rest.cancel_at, canceledAt: rest.canceled_at, endedAt: rest.ended_at, trialEnd: rest.trial_end },
      latestInvoice: rest.latest_invoice,
      items: items.data.map(({ id, price, quantity }) => ({
        ...{ id, quantity },
        price: price?.id ?? null,
        product: price?.product ?? null,
      })),
      ...shared(rest),
    }),
  ),
};

const invoices: Model = {
  name: 'invoices',
  object: 'invoice',
  path: '/invoices',
  events: 'invoice.*',
  docs: 'https://docs.stripe.com/api/invoices',
  states: ['draft', 'open', 'uncollectible', 'void', 'paid'],
  read: reader(
    z.object({
      ...common,
      ...{ customer: reference, subscription: reference, number: text, status: text, currency: z.string() },
      ...{ amount_due: amount, amount_paid: amount, amount_remaining: amount, total: amount, attempt_count: amount },
      ...{ due_date: time, next_payment_attempt: time, hosted_invoice_url: text },
      parent: z.object({ subscription_details: z.object({ subscription: reference }).nullish() }).nullish(),
      status_transitions: z.object({ paid_at: time }).optional(),
    }),
    ({ id, customer, number, status, currency, total, ...rest }) => ({
      ...{ id, customer, number, status, currency, total },
      subscription: rest.parent?.subscription_details?.subscription ?? rest.subscription,
      ...{ amountDue: rest.amount_due, amountPaid: rest.amount_paid, amountRemaining: rest.amount_remaining },
      ...{ attempts: rest.attempt_count, nextPaymentAttempt: rest.next_payment_attempt, dueAt: rest.due_date },
      ...{ url: rest.hosted_invoice_url, paidAt: rest.status_transitions?.paid_at ?? null },
      ...shared(rest),
    }),
  ),
};

const paymentIntents: Model = {
  name: 'payment-intents',
  object: 'payment_intent',
  path: '/payment_intents',
  events: 'payment_intent.*',
  docs: 'https://docs.stripe.com/api/payment_intents',
  states: [
    ...['requires_payment_method', 'requires_confirmation', 'requires_action', 'processing', 'requires_capture'],
    ...['canceled', 'succeeded'],
  ],
  read: reader(
    z.object({
      ...common,
      ...{ customer: reference, status: z.string(), currency: z.string(), description: text },
      ...{ amount: z.int(), amount_received: amount },
      last_payment_error: z.object({ code: text, decline_code: text, message: text }).nullish(),
    }),
    ({ id, customer, status, currency, description, amount, last_payment_error: error, ...rest }) => ({
      ...{ id, customer, status, currency, description, amount, amountReceived: rest.amount_received },
      error: error ? { code: error.code, declineCode: error.decline_code, message: error.message } : null,
      ...shared(rest),
    }),
  ),
};

export const stripeModels = { customers, subscriptions, invoices, paymentIntents } as const;

/** What an event says, where it holds its object: thin ones do not. */
export const StripeEvent = z.object({
  type: z.string(),
  created: z.int(),
  data: z.object({
    object: z.looseObject({ object: z.string(), id: z.string().optional(), status: z.string().nullish() }),
  }),
});

/** Returns the object that an event shows, where it is one of this model: `invoice.*` is also of an invoice's items, and of
 *  the invoice that will be (`invoice.upcoming`). */
export function shownBy({ object, states, read }: Model, { type, created, data }: z.output<typeof StripeEvent>) {
  const { id, status } = data.object;
  if (data.object.object !== object || id === undefined || type === 'invoice.upcoming') return [];
  const deleted = type === `${object}.deleted`; // a subscription that has ended is still there, in its last state
  const rank = deleted ? 999 : states.indexOf(status ?? '') + 1;
  // Times have whole seconds: within one and the same, what is further on is later.
  const updatedAt = iso(created * 1000 + rank);
  return [{ id, updatedAt, deleted, data: deleted ? undefined : read(data.object).data }];
}

const Page = z.object({ has_more: z.boolean(), data: z.array(z.unknown()) });
const Feed = Page.extend({ data: z.array(StripeEvent.extend({ id: z.string() })) });

/** Clocks differ: an event of the minute before a run is a better word than the list that the run read. */
const CLOCKS_MS = 60_000;

function syncOf(model: Model): Sync {
  const { name, docs, path, query, events, read } = model;
  return {
    model: name,
    docs,
    scopes: ['read_only', 'read_write'],
    everyS: 3_600,
    overlapS: 60,
    remembersS: 29 * 86_400,
    request: ({ since, page }) => ({
      method: 'GET',
      path: since === undefined ? path : '/events',
      query: {
        ...(since === undefined ? query : { type: events, 'created[gte]': Math.floor(Date.parse(since) / 1000) }),
        ...{ limit: 100, starting_after: page },
      },
    }),
    page: ({ body, since, startedAtMs }) => {
      const checkpoint = iso(startedAtMs);
      if (since !== undefined) {
        const feed = Feed.parse(body); // newest first, and of an object's the last in a page is kept
        const records = feed.data.toReversed().flatMap((event) => shownBy(model, event));
        return { records, next: feed.has_more ? feed.data.at(-1)?.id : undefined, checkpoint };
      }
      const list = Page.parse(body);
      const updatedAt = iso(startedAtMs - CLOCKS_MS);
      const records = list.data.map((object) => ({ ...read(object), updatedAt }));
      return { records, next: list.has_more ? records.at(-1)?.id : undefined, checkpoint };
    },
    deletions: 'tombstones',
    nudgedBy: [`v1.${events}`],
  };
}

export const stripeSyncs: Syncs = Object.fromEntries(
  Object.values(stripeModels).map((model) => [model.name, syncOf(model)]),
);

function reader<Schema extends z.ZodType<{ readonly id: string }>>(
  schema: Schema,
  data: (object: z.output<Schema>) => Readonly<Record<string, unknown>>,
): Model['read'] {
  return (object) => {
    const read = schema.parse(object);
    return { id: read.id, data: data(read) };
  };
}

function shared({ livemode, metadata, created }: z.output<z.ZodObject<Omit<typeof common, 'id'>>>) {
  return { livemode, metadata: metadata ?? {}, createdAt: created };
}
