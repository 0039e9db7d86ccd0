import { on } from '../handlers.ts';
import { type Model, StripeEvent, shownBy, stripeModels } from './syncs.ts';

const { customers, subscriptions, invoices, paymentIntents } = stripeModels;
const shows = (model: Model) => (event: Parameters<typeof shownBy>[1]) =>
  shownBy(model, event).map((object) => ({ ...object, model: model.name }));

/** Each event has its whole object as it was then; the syncs read the same events for those that never came. */
export const stripeHandlers = [
  on('stripe', ['customer.created', 'customer.updated', 'customer.deleted'], {
    name: 'customers',
    payload: StripeEvent,
    shows: shows(customers),
  }),
  on('stripe', subscriptions.events, { name: 'subscriptions', payload: StripeEvent, shows: shows(subscriptions) }),
  on('stripe', invoices.events, { name: 'invoices', payload: StripeEvent, shows: shows(invoices) }),
  on('stripe', paymentIntents.events, { name: 'payment-intents', payload: StripeEvent, shows: shows(paymentIntents) }),
] as const;
