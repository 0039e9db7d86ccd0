import * as z from 'zod';
import { type Actions, action, nested, path } from '../actions.ts';

const docs = (page: string) => `https://docs.stripe.com/api/${page}`;

/** Digits behind the point, of currencies that have not two (docs.stripe.com/currencies). */
const digits: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    'bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' ').map((one) => [one, 0]),
  ),
  ...Object.fromEntries('bhd jod kwd omr tnd'.split(' ').map((one) => [one, 3])),
};
/** Spelled with two digits, though none of them counts. */
const whole = ['isk', 'ugx'];

/** Returns an amount like `19.99` in the smallest unit that Stripe counts in, exactly; nothing where the currency has no
 *  such amount. */
export function minorUnits(amount: string, currency: string): number | undefined {
  const [, units = '', fraction = ''] = amount.match(/^(\d{1,12})(?:\.(\d{1,3}))?$/) ?? [];
  const places = digits[currency.toLowerCase()] ?? 2;
  if (units === '' || fraction.length > places) return undefined;
  const minor = Number(units + fraction.padEnd(places, '0'));
  // Of three digits the last must be 0.
  const step = places === 3 ? 10 : whole.includes(currency.toLowerCase()) ? 100 : 1;
  return Number.isSafeInteger(minor) && minor % step === 0 ? minor : undefined;
}

const customer = { id: 'cus_NffrFeUfNV2Hib', email: 'ada@example.com', name: 'Ada Lovelace' };
const subscription = {
  ...{ id: 'sub_1MowQVLkdIwHu7ixeRlqHVzs', status: 'incomplete', customer: customer.id, cancel_at_period_end: false },
  items: {
    data: [{ id: 'si_Na6dzxczY5fwHx', price: { id: 'price_1MowQULkdIwHu7ix' }, current_period_end: 1_702_592_000 }],
  },
  latest_invoice: {
    id: 'in_1MowQWLkdIwHu7ixuzkSPfKd',
    confirmation_secret: { client_secret: 'pi_3MowQWLkdIwHu7ix_secret_made_up' },
  },
};

export function stripeActions(): Actions {
  const Id = z.string().regex(/^[A-Za-z0-9_]{3,255}$/, 'an id of Stripe');
  const Currency = z.string().regex(/^[A-Za-z]{3}$/, 'three letters');
  const metadata = z.record(z.string().min(1).max(40), z.string().max(500)).optional();
  const url = z.url({ protocol: /^https?$/ }).max(5_000);
  const trialDays = z.int().min(1).max(730).optional();
  const person = {
    ...{ email: z.email().optional(), name: z.string().max(256).optional(), phone: z.string().max(20).optional() },
    ...{ description: z.string().max(350).optional(), metadata },
  };
  const Customer = z.object({
    id: z.string(),
    ...{ email: z.string().nullish(), name: z.string().nullish(), phone: z.string().nullish() },
    ...{ description: z.string().nullish(), metadata: z.record(z.string(), z.string()).optional() },
  });
  const Secret = z.object({ client_secret: z.string() }).nullish();
  const Subscription = z.object({
    ...{ id: z.string(), status: z.string(), customer: z.string(), cancel_at_period_end: z.boolean() },
    trial_end: z.number().nullish(),
    items: z.object({
      data: z.array(
        z.object({
          ...{ id: z.string(), price: z.object({ id: z.string() }) },
          ...{ quantity: z.number().optional(), current_period_end: z.number().optional() },
        }),
      ),
    }),
    latest_invoice: z.union([z.string(), z.object({ id: z.string(), confirmation_secret: Secret })]).nullish(),
  });
  const Session = z.object({ id: z.string(), url: z.string().nullish() });

  return {
    'billingPortal.createSession': action({
      title: 'Open the billing portal for a customer',
      ...{ docs: docs('customer_portal/sessions/create'), effect: 'write' },
      input: z.strictObject({ customer: Id, returnUrl: url.optional(), configuration: Id.optional() }),
      output: Session,
      request: ({ returnUrl, ...fields }) => ({
        ...{ method: 'POST', path: '/billing_portal/sessions' },
        form: { ...fields, return_url: returnUrl },
      }),
      example: {
        input: { customer: customer.id, returnUrl: 'https://app.example/account' },
        output: { id: 'bps_1MrSjzLkdIwHu7ix', url: 'https://billing.stripe.com/session/made-up' },
      },
    }),
    'checkout.createSession': action({
      title: 'Open a checkout page',
      ...{ docs: docs('checkout/sessions/create'), effect: 'write' },
      input: z.strictObject({
        mode: z.enum(['payment', 'subscription', 'setup']),
        lineItems: z
          .array(z.strictObject({ price: Id, quantity: z.int().min(1).default(1) }))
          .min(1)
          .max(100)
          .optional(),
        ...{ successUrl: url, cancelUrl: url.optional(), customer: Id.optional(), customerEmail: z.email().optional() },
        ...{ clientReferenceId: z.string().max(200).optional(), trialDays, metadata },
      }),
      output: Session.extend({ status: z.string().nullish(), payment_status: z.string().optional() }),
      request: ({ lineItems, successUrl, cancelUrl, customerEmail, clientReferenceId, trialDays, ...fields }) => ({
        ...{ method: 'POST', path: '/checkout/sessions' },
        form: nested({
          ...{ ...fields, line_items: lineItems, success_url: successUrl, cancel_url: cancelUrl },
          ...{ customer_email: customerEmail, client_reference_id: clientReferenceId },
          subscription_data: { trial_period_days: trialDays },
        }),
      }),
      example: {
        input: {
          mode: 'subscription',
          lineItems: [{ price: 'price_1MowQULkdIwHu7ix' }],
          successUrl: 'https://app.example/paid?session={CHECKOUT_SESSION_ID}',
        },
        output: {
          ...{ id: 'cs_test_a1b2c3', url: 'https://checkout.stripe.com/c/pay/cs_test_a1b2c3' },
          ...{ status: 'open', payment_status: 'unpaid' },
        },
      },
    }),
    'customers.create': action({
      ...{ title: 'Create a customer', docs: docs('customers/create'), effect: 'write' },
      input: z.strictObject(person),
      output: Customer,
      request: (fields) => ({ method: 'POST', path: '/customers', form: nested(fields) }),
      about: { object: 'customer', id: 'id' },
      example: {
        input: { email: customer.email, name: customer.name, metadata: { tenant: 'acme' } },
        output: customer,
      },
    }),
    'customers.retrieve': action({
      ...{ title: 'Read a customer', docs: docs('customers/retrieve'), effect: 'read' },
      input: z.strictObject({ customer: Id }),
      output: Customer,
      request: ({ customer }) => ({ method: 'GET', path: path`/customers/${customer}` }),
      about: { object: 'customer', id: 'id', by: 'customer' },
      example: { input: { customer: customer.id }, output: customer },
    }),
    'customers.update': action({
      ...{ title: 'Change a customer', docs: docs('customers/update'), effect: 'write' },
      input: z.strictObject({ customer: Id, ...person }),
      output: Customer,
      request: ({ customer, ...fields }) => ({
        ...{ method: 'POST', path: path`/customers/${customer}`, form: nested(fields) },
      }),
      about: { object: 'customer', id: 'id', by: 'customer' },
      example: { input: { customer: customer.id, name: 'Ada King' }, output: { ...customer, name: 'Ada King' } },
    }),
    'invoices.list': action({
      ...{ title: 'List invoices', docs: docs('invoices/list'), effect: 'read' },
      input: z.strictObject({
        ...{ customer: Id.optional(), subscription: Id.optional(), startingAfter: Id.optional() },
        status: z.enum(['draft', 'open', 'paid', 'uncollectible', 'void']).optional(),
        limit: z.int().min(1).max(100).default(10),
      }),
      output: z.object({
        data: z.array(
          z.object({
            ...{ id: z.string(), customer: z.string().nullish(), status: z.string().nullish(), currency: z.string() },
            ...{ amount_due: z.number(), amount_paid: z.number(), created: z.number() },
            hosted_invoice_url: z.string().nullish(),
          }),
        ),
        has_more: z.boolean(),
      }),
      request: ({ startingAfter, ...query }) => ({
        ...{ method: 'GET', path: '/invoices' },
        query: { ...query, starting_after: startingAfter },
      }),
      example: {
        input: { customer: customer.id, status: 'paid' },
        output: {
          data: [
            {
              ...{ id: 'in_1MtHbELkdIwHu7ix', customer: customer.id, status: 'paid', currency: 'usd' },
              ...{ amount_due: 1_999, amount_paid: 1_999, created: 1_700_000_000 },
              hosted_invoice_url: 'https://invoice.stripe.com/i/made-up',
            },
          ],
          has_more: false,
        },
      },
    }),
    'paymentIntents.create': action({
      ...{ title: 'Ask for a payment', docs: docs('payment_intents/create'), effect: 'write' },
      input: z
        .strictObject({
          /** In the currency's own unit, as text, so that it is exact: `19.99`. */
          ...{ amount: z.string(), currency: Currency, customer: Id.optional(), paymentMethod: Id.optional() },
          ...{ confirm: z.boolean().optional(), offSession: z.boolean().optional(), returnUrl: url.optional() },
          captureMethod: z.enum(['automatic', 'automatic_async', 'manual']).optional(),
          ...{ receiptEmail: z.email().optional(), description: z.string().max(1_000).optional(), metadata },
        })
        .refine(({ amount, currency }) => minorUnits(amount, currency), {
          path: ['amount'],
          error: 'a decimal above 0 like 19.99, with no more digits than the currency has',
        }),
      output: z.object({
        ...{ id: z.string(), amount: z.number(), currency: z.string(), status: z.string() },
        ...{ client_secret: z.string().nullish(), customer: z.string().nullish() },
      }),
      request: ({
        amount,
        currency,
        paymentMethod,
        offSession,
        returnUrl,
        captureMethod,
        receiptEmail,
        ...fields
      }) => ({
        ...{ method: 'POST', path: '/payment_intents' },
        form: nested({
          ...{ amount: minorUnits(amount, currency), currency: currency.toLowerCase(), ...fields },
          ...{ payment_method: paymentMethod, off_session: offSession, return_url: returnUrl },
          ...{ capture_method: captureMethod, receipt_email: receiptEmail },
          automatic_payment_methods: { enabled: true },
        }),
      }),
      example: {
        input: { amount: '19.99', currency: 'usd', customer: customer.id },
        output: {
          ...{ id: 'pi_3MtwBwLkdIwHu7ix28a3tqPa', amount: 1_999, currency: 'usd', status: 'requires_payment_method' },
          ...{ client_secret: 'pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_made_up', customer: customer.id },
        },
      },
    }),
    'subscriptions.cancel': action({
      ...{ title: 'Cancel a subscription', docs: docs('subscriptions/cancel'), effect: 'write' },
      input: z.strictObject({ subscription: Id, atPeriodEnd: z.boolean().default(false) }),
      output: Subscription,
      request: ({ subscription, atPeriodEnd }) => ({
        path: path`/subscriptions/${subscription}`,
        ...(atPeriodEnd ? { method: 'POST', form: { cancel_at_period_end: true } } : { method: 'DELETE' }),
      }),
      about: { object: 'subscription', id: 'id', by: 'subscription', sets: { status: 'canceled' } },
      example: { input: { subscription: subscription.id }, output: { ...subscription, status: 'canceled' } },
    }),
    'subscriptions.create': action({
      ...{ title: 'Start a subscription', docs: docs('subscriptions/create'), effect: 'write' },
      input: z.strictObject({
        customer: Id,
        items: z
          .array(z.strictObject({ price: Id, quantity: z.int().min(0).optional() }))
          .min(1)
          .max(20),
        trialDays,
        paymentBehavior: z
          .enum(['default_incomplete', 'allow_incomplete', 'error_if_incomplete', 'pending_if_incomplete'])
          .default('default_incomplete'),
        metadata,
      }),
      output: Subscription,
      request: ({ trialDays, paymentBehavior, ...fields }) => ({
        ...{ method: 'POST', path: '/subscriptions' },
        form: nested({
          ...{ ...fields, trial_period_days: trialDays, payment_behavior: paymentBehavior },
          expand: ['latest_invoice.confirmation_secret'],
        }),
      }),
      about: { object: 'subscription', id: 'id' },
      example: {
        input: { customer: customer.id, items: [{ price: 'price_1MowQULkdIwHu7ix', quantity: 2 }], trialDays: 14 },
        output: { ...subscription, status: 'trialing', trial_end: 1_701_209_600 },
      },
    }),
    'subscriptions.retrieve': action({
      ...{ title: 'Read a subscription', docs: docs('subscriptions/retrieve'), effect: 'read' },
      input: z.strictObject({ subscription: Id }),
      output: Subscription,
      request: ({ subscription }) => ({ method: 'GET', path: path`/subscriptions/${subscription}` }),
      about: { object: 'subscription', id: 'id', by: 'subscription' },
      example: { input: { subscription: subscription.id }, output: subscription },
    }),
  };
}
