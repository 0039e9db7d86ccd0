import { iso, type Moment } from '../../shared/core/clock.ts';
import { newId, TenantId } from '../../shared/core/ids.ts';
import { handlersOf } from '../../shared/providers/handled.ts';
import { findSyncs } from '../../shared/providers/polled.ts';
import type { Sync, SyncPlace } from '../../shared/providers/syncs.ts';
import { absorb } from '../../shared/syncs/absorb.ts';
import { keep } from '../../shared/syncs/keep.ts';
import { recordStore } from '../../shared/syncs/record-store.ts';
import { syncStore } from '../../shared/syncs/store.ts';
import { born } from '../../shared/syncs/sync.ts';
import { memoryTable } from '../support/memory-table.ts';
import { testMoment } from '../support/moment.ts';
import { seeded } from './world.ts';

// Random histories of subscriptions at Stripe, told by webhooks in any order, twice, late or not at all, and polled beside
// that: by the production handlers, syncs and records.

const START_S = 1_763_632_800;
const acme = TenantId.parse('acme');
const connection = { provider: 'stripe', name: 'default' };
const states = ['incomplete', 'trialing', 'active', 'canceled'];
const sync = subscriptionsSync();

interface Told {
  readonly id: string;
  readonly type: string;
  readonly created: number;
  readonly data: { readonly object: { readonly id: string; readonly status: string } };
}

/** Plays one history; returns what is kept of each subscription, and what is true. Of half of them, by the seed, some
 *  webhooks never come, and two polls follow. */
export async function playRecords(seed: number): Promise<{ readonly kept: string[]; readonly truth: string[] }> {
  const lossy = seed % 2 === 0;
  const chance = seeded(seed);
  const pick = (n: number) => Math.floor(chance() * n);
  const moment: Moment & { nowMs: number } = testMoment(START_S * 1000);
  const syncs = syncStore(memoryTable());
  const records = recordStore(memoryTable());
  const bus = { publish: async () => undefined };
  const row = born({ tenantId: acme, connection, sync: 'subscriptions' }, sync, 0, moment);
  await syncs.forTenant(acme).create(row);

  const truth = new Map<string, Told['data']['object']>();
  const feed: Told[] = [];
  const underway: (() => Promise<unknown>)[] = [];
  let since: string | undefined;

  /** A change at Stripe, mostly within the second of the last one; each has an event with the object as it is then. */
  function change() {
    if (chance() < 0.3) moment.nowMs += pick(90_000);
    const id = `sub_${pick(3)}`;
    const before = truth.get(id);
    const next = states.indexOf(before?.status ?? '') + 1;
    const status = states[next + (chance() < 0.3 ? 1 : 0)] ?? states[next];
    if (status === undefined) return;
    const object = { ...subscription, id, status };
    truth.set(id, object);
    const created = Math.floor(moment.nowMs / 1000);
    const event = { id: `evt_${feed.length}`, type: 'customer.subscription.updated', created, data: { object } };
    feed.push(event);
    if (lossy && chance() < 0.3) return;
    underway.push(() => arrive(event));
    if (chance() < 0.2) underway.push(() => arrive(event));
  }

  async function arrive(event: Told) {
    for (const handler of handlersOf('stripe', event.type)) {
      const known = { id: event.id, type: event.type, receivedAtMs: moment.nowMs, replayed: false };
      const shown = handler.shows(handler.payload.parse(event) as never, known);
      await absorb(
        shown,
        { tenantId: acme, connection, model: 'subscriptions' },
        { offered: findSyncs, syncs, records, bus },
        moment,
      );
    }
  }

  /** A run reads its one page now, and writes it down whenever. */
  function poll() {
    const place: SyncPlace = { since, settings: {}, startedAtMs: moment.nowMs };
    const request = sync.request(place);
    const from = Number(request.query?.['created[gte]'] ?? 0);
    const data =
      request.path === '/events' ? feed.filter(({ created }) => created >= from).reverse() : [...truth.values()];
    const page = sync.page({ ...place, body: { data, has_more: false }, headers: {} });
    const run = newId('run', moment);
    const about = { tenantId: acme, connection, model: 'subscriptions', run, bornAtMs: row.bornAtMs };
    since = iso(place.startedAtMs - (sync.overlapS ?? 0) * 1000);
    const sinks = { records: records.of(acme, connection, 'subscriptions'), bus };
    underway.push(() => keep(page.records, about, sinks, moment));
  }

  for (let step = 0; step < 40; step++) {
    if (chance() < 0.5) change();
    else if (chance() < 0.15) poll();
    else await underway.splice(pick(underway.length), 1)[0]?.();
  }
  while (underway.length > 0) await underway.splice(pick(underway.length), 1)[0]?.();
  // A list is believed a minute less than it says; what it is not believed the events of the next run tell.
  for (let polls = 0; lossy && polls < 2; polls++) {
    moment.nowMs += 1_000;
    poll();
    await underway.pop()?.();
  }
  const { rows } = await records.of(acme, connection, 'subscriptions').list(10, moment.nowMs);
  return {
    kept: rows.map(({ id, data = 'null' }) => `${id} ${JSON.parse(data).status}`).sort(),
    truth: [...truth.values()].map(({ id, status }) => `${id} ${status}`).sort(),
  };
}

const subscription = {
  ...{ object: 'subscription', livemode: false, created: START_S, customer: 'cus_1', cancel_at_period_end: false },
  items: { data: [] },
};

function subscriptionsSync(): Sync {
  const found = findSyncs('stripe').subscriptions;
  if (!found) throw new Error('subscriptions are polled');
  return found;
}
