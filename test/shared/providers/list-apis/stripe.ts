import { by, type ListApi, living, pageAfter, seconds, type Thing } from './list-api.ts';

const DAYS_30_S = 30 * 86_400;

/** Lists and events, the newest first; events are kept for 30 days. */
function model(object: string, path: string, event: string, fields: object, unlisted?: ListApi['unlisted']): ListApi {
  const shown = ({ n, text, madeMs }: Thing) => ({
    ...{ id: `x_${n}`, object, livemode: false, created: seconds(madeMs), metadata: { text } },
    ...fields,
  });
  return {
    perPage: 3,
    unlisted,
    idOf: ({ n }) => `x_${n}`,
    answer: ({ path: asked, query = {} }, upstream) => {
      const { things, nowMs } = upstream;
      if (asked === path) {
        const last = query.starting_after === undefined ? undefined : String(query.starting_after).slice(2);
        const { page, next } = pageAfter(living(upstream).sort(by(({ madeMs }) => madeMs, true)), last, 3);
        return { body: { object: 'list', url: path, has_more: next !== undefined, data: page.map(shown) } };
      }
      const since = Math.max(Number(query['created[gte]']), seconds(nowMs) - DAYS_30_S);
      const type = (thing: Thing) => `${event}.${thing.gone ? 'deleted' : 'updated'}`;
      const newest = things
        .filter((thing) => seconds(thing.changedMs) >= since && type(thing).startsWith(String(query.type).slice(0, -1)))
        .filter(({ gone }) => !(gone && unlisted))
        .sort(by(({ at }) => at, true));
      const last = newest.find(({ at }) => query.starting_after === `evt_${at}`)?.n;
      const { page, next } = pageAfter(newest, last, 3);
      const data = page.map((thing) => ({
        ...{ id: `evt_${thing.at}`, object: 'event', type: type(thing), created: seconds(thing.changedMs) },
        data: { object: shown(thing) },
      }));
      return { body: { object: 'list', url: '/v1/events', has_more: next !== undefined, data } };
    },
  };
}

export const customers = model('customer', '/customers', 'customer', { email: null });
export const invoices = model('invoice', '/invoices', 'invoice', { status: 'draft', currency: 'usd' });
/** One that has ended is listed still. */
export const subscriptions = model(
  'subscription',
  '/subscriptions',
  'customer.subscription',
  { status: 'active', cancel_at_period_end: false, items: { object: 'list', data: [] } },
  ['deletions'],
);
export const paymentIntents = model(
  'payment_intent',
  '/payment_intents',
  'payment_intent',
  { status: 'processing', currency: 'usd', amount: 100 },
  ['deletions'],
);
