import type { Item, Table } from '../core/aws.ts';
import { ttlSeconds } from '../core/clock.ts';
import type { HubEvent } from '../core/event.ts';
import { deliveriesKey, dueShard, ERASED, eventsKey, SUBSCRIPTIONS } from '../core/keys.ts';
import type { Delivery, DeliveryStatus } from './delivery.ts';
import type { Subscription } from './subscription.ts';

const KEPT_MS = 90 * 24 * 60 * 60_000;
/** A page of a filtered list looks at so many pages of rows at most before it answers with what it has. */
const LIST_TURNS = 5;

/** An event as it is sent: these very bytes, each time, to everybody. */
export interface StoredEvent {
  readonly id: string;
  readonly tenant: string;
  readonly type: string;
  readonly body: string;
}

/** What is due: a delivery to be handed over, or a subscription with a walk to go on with. */
export type Due = { readonly delivery: Delivery } | { readonly subscription: Subscription };

export type DeliveryStore = ReturnType<typeof deliveryStore>;
export type SubscriptionDeliveries = ReturnType<DeliveryStore['deliveriesOf']>;

/** Returns the deliveries table. Rows are written over the version that was read, and over no other. */
export function deliveryStore(table: Table) {
  const subscriptions = {
    async get(id: string): Promise<Subscription | undefined> {
      const item = await table.get({ pk: SUBSCRIPTIONS, sk: id });
      return item && toSubscription(item);
    },

    async list({ limit, cursor }: { readonly limit?: number; readonly cursor?: string } = {}) {
      const where = { where: 'pk = :all', values: { ':all': SUBSCRIPTIONS } };
      const page = await table.query({ ...where, limit, cursor });
      return { items: page.items.map(toSubscription), ...(page.cursor && { cursor: page.cursor }) };
    },

    async all(): Promise<Subscription[]> {
      const all: Subscription[] = [];
      let cursor: string | undefined;
      do {
        const page = await this.list({ cursor });
        all.push(...page.items);
        cursor = page.cursor;
      } while (cursor);
      return all;
    },

    /** Writes the row, or its successor; false where it is not as it was read. */
    async save(subscription: Subscription): Promise<boolean> {
      return (await table.put(fromSubscription(subscription), over(subscription.version))).done;
    },

    async remove(id: string): Promise<boolean> {
      return (await table.remove({ pk: SUBSCRIPTIONS, sk: id }, { condition: 'attribute_exists(pk)' })).done;
    },
  };

  return {
    subscriptions,

    deliveriesOf(subscriptionId: string) {
      const pk = deliveriesKey(subscriptionId);
      return {
        async get(event: string): Promise<Delivery | undefined> {
          const item = await table.get({ pk, sk: event });
          return item && toDelivery(item);
        },

        /** Writes the row, or its successor; false where it is not as it was read. */
        async save(delivery: Delivery): Promise<boolean> {
          return (await table.put(fromDelivery(delivery), over(delivery.version))).done;
        },

        async remove(event: string): Promise<void> {
          await table.remove({ pk, sk: event });
        },

        /** Returns a page of deliveries, newest first. It may hold fewer than `limit` where the filter is narrow. */
        async list(filter: { status?: DeliveryStatus; limit: number; cursor?: string }) {
          const { status, limit } = filter;
          const items: Delivery[] = [];
          let cursor = filter.cursor;
          for (let turn = 0; turn < LIST_TURNS; turn++) {
            const page = await table.query({
              index: 'by-time',
              where: 'pk = :pk',
              filter: status && '#status = :status',
              values: { ':pk': pk, ...(status && { ':status': status }) },
              limit: limit - items.length,
              descending: true,
              cursor,
            });
            items.push(...page.items.map(toDelivery));
            cursor = page.cursor;
            if (!cursor || items.length >= limit) break;
          }
          return { items, ...(cursor && { cursor }) };
        },

        /** Returns a page of all there is, in no order of time and leaving nothing out that was written before. */
        async walk(limit: number, cursor?: string) {
          const page = await table.query({ where: 'pk = :pk', values: { ':pk': pk }, limit, cursor });
          return { items: page.items.map(toDelivery), ...(page.cursor && { cursor: page.cursor }) };
        },
      };
    },

    eventsOf(tenant: string) {
      const pk = eventsKey(tenant);
      return {
        async get(id: string): Promise<StoredEvent | undefined> {
          const item = await table.get({ pk, sk: id });
          return item && { id, tenant, type: String(item.type), body: String(item.body) };
        },

        /** Keeps the event unless it is there: the bytes of the first time stay. */
        async keep({ id, type, body }: StoredEvent, nowMs: number): Promise<void> {
          const item = { pk, sk: id, type, body, ttl: ttlSeconds(nowMs + KEPT_MS) };
          await table.put(item, { condition: 'attribute_not_exists(pk)' });
        },

        async list(cursor?: string) {
          const values = { ':pk': pk, ':erased': ERASED };
          const page = await table.query({ where: 'pk = :pk AND sk < :erased', values, limit: 100, cursor });
          const items = page.items.map(({ body }) => JSON.parse(String(body)) as HubEvent);
          return { items, ...(page.cursor && { cursor: page.cursor }) };
        },

        async remove(id: string): Promise<void> {
          await table.remove({ pk, sk: id });
        },

        /** Writes down that the tenant was erased: nothing older is told in its name any more. */
        async markErased(atMs: number): Promise<void> {
          const item = { pk, sk: ERASED, atMs, ttl: ttlSeconds(atMs + KEPT_MS) };
          const condition = 'attribute_not_exists(pk) OR #atMs < :atMs';
          await table.put(item, { condition, values: { ':atMs': atMs } });
        },

        /** When the tenant was last erased, in ms; 0: never, or so long ago that nothing older is still on its way. */
        async erasedAtMs(): Promise<number> {
          return Number((await table.get({ pk, sk: ERASED }))?.atMs ?? 0);
        },
      };
    },

    /** Returns one page of what one shard has due, soonest first. */
    async due(shard: string, nowMs: number, cursor?: string): Promise<{ items: Due[]; cursor?: string }> {
      const page = await table.query({
        index: 'by-due',
        where: '#dueShard = :shard AND #dueAt <= :now',
        values: { ':shard': shard, ':now': nowMs },
        limit: 100,
        cursor,
      });
      const items = page.items.map(
        (item): Due =>
          item.pk === SUBSCRIPTIONS ? { subscription: toSubscription(item) } : { delivery: toDelivery(item) },
      );
      return { items, ...(page.cursor && { cursor: page.cursor }) };
    },
  };
}

/** The first version is written over nothing, each other over its predecessor. */
function over(version: number) {
  if (version === 1) return { condition: 'attribute_not_exists(pk)' };
  return { condition: '#version = :before', values: { ':before': version - 1 } };
}

function fromSubscription({ id, dueAtMs, ...rest }: Subscription): Item {
  return { pk: SUBSCRIPTIONS, sk: id, ...rest, ...due(id, dueAtMs) };
}

function toSubscription({ pk: _pk, sk: id, dueShard: _shard, dueAt: dueAtMs, ...rest }: Item): Subscription {
  return { id, ...rest, dueAtMs } as Subscription;
}

function fromDelivery({ subscriptionId, event, dueAtMs, createdAtMs, ...rest }: Delivery): Item {
  const key = { pk: deliveriesKey(subscriptionId), sk: event };
  const times = { createdAt: createdAtMs, ttl: ttlSeconds(createdAtMs + KEPT_MS) };
  return { ...key, subscriptionId, ...rest, ...times, ...due(`${subscriptionId}#${event}`, dueAtMs) };
}

function toDelivery({ pk: _pk, sk: event, dueShard: _shard, ttl: _ttl, ...rest }: Item): Delivery {
  const { dueAt: dueAtMs, createdAt: createdAtMs, ...others } = rest;
  return { event, ...others, dueAtMs, createdAtMs } as Delivery;
}

/** Rows with nothing due stay out of the index. */
function due(id: string, dueAtMs: number | undefined): Item {
  return dueAtMs === undefined ? {} : { dueShard: dueShard(id), dueAt: dueAtMs };
}
