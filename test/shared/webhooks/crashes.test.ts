import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Table } from '../../../shared/core/aws.ts';
import type { Outgoing } from '../../../shared/core/bus.ts';
import type { HubEvent } from '../../../shared/core/event.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { UNROUTED } from '../../../shared/core/keys.ts';
import { findHandler, handlersOf } from '../../../shared/providers/handled.ts';
import { findSyncs } from '../../../shared/providers/polled.ts';
import { absorb } from '../../../shared/syncs/absorb.ts';
import { recordStore } from '../../../shared/syncs/record-store.ts';
import { syncStore } from '../../../shared/syncs/store.ts';
import { born } from '../../../shared/syncs/sync.ts';
import { HandlerMessage, ReplayMessage } from '../../../shared/webhooks/contract.ts';
import type { InboxEvent } from '../../../shared/webhooks/event.ts';
import { handle } from '../../../shared/webhooks/handle.ts';
import { begun, messageOf } from '../../../shared/webhooks/replay.ts';
import { replayStore } from '../../../shared/webhooks/replay-store.ts';
import { reroute } from '../../../shared/webhooks/reroute.ts';
import { runReplay } from '../../../shared/webhooks/run-replay.ts';
import { inboxStore } from '../../../shared/webhooks/store.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { testMoment } from '../../support/moment.ts';
import { captureOutput } from '../../support/output.ts';

let output: ReturnType<typeof captureOutput>;
beforeAll(() => {
  output = captureOutput();
});
afterAll(() => output.restore());

const moment = testMoment();
const id = { provider: 'stripe', name: 'default' };
let count = 0;

/** What follows the intake, for a tenant and an account of its own. It fails at its `failAt`th input
 *  or output, before it has an effect or after. */
async function world() {
  count += 1;
  const tenantId = TenantId.parse(`crash-${count}`);
  const account = `acct-${count}`;
  const fault = { at: Number.POSITIVE_INFINITY, when: 'before' as 'before' | 'after', count: 0 };
  const published: HubEvent[] = [];
  const handed: Outgoing[] = [];
  const replayed: Outgoing[] = [];
  const objects = new Map<string, Buffer>();

  async function io<T>(effect: () => T | Promise<T>): Promise<T> {
    const mine = fault.count++ === fault.at;
    if (mine && fault.when === 'before') throw new Error('crash');
    const result = await effect();
    if (mine) throw new Error('crash');
    return result;
  }
  const faulty = (): Table => {
    const table = memoryTable();
    return {
      get: (key) => io(() => table.get(key)),
      put: (item, expression) => io(() => table.put(item, expression)),
      update: (key, expression) => io(() => table.update(key, expression)),
      remove: (key, expression) => io(() => table.remove(key, expression)),
      query: (query) => io(() => table.query(query)),
      scan: (scan) => io(() => table.scan(scan)),
    };
  };

  const publish = (events: readonly HubEvent[]) => io(() => void published.push(...events));
  const copies = {
    offered: findSyncs,
    syncs: syncStore(faulty()),
    records: recordStore(faulty()),
    bus: { publish },
  };
  const table = faulty();
  const ports = {
    inbox: inboxStore(table),
    replays: replayStore(table),
    objects: {
      get: (key: string) => io(() => objects.get(key)),
      put: (key: string, body: Buffer) => io(() => void objects.set(key, body)),
      remove: (key: string) => io(() => void objects.delete(key)),
    },
    publish,
    handlersOf,
    findHandler,
    handlerQueue: { sendAll: (messages: readonly Outgoing[]) => io(() => void handed.push(...messages)) },
    replayQueue: { send: (message: Outgoing) => io(() => void replayed.push(message)) },
    absorb: (...[seen, copy]: [Parameters<typeof absorb>[0], Parameters<typeof absorb>[1]]) =>
      absorb(seen, copy, copies, moment),
    owns: () => io(() => true),
  };
  for (const [sync, data] of Object.entries(findSyncs('stripe')))
    await copies.syncs.forTenant(tenantId).create(born({ tenantId, connection: id, sync }, data, 0, moment));

  const event = (n: number, large = false): InboxEvent => {
    const customer = { id: `cus_${n}`, object: 'customer', livemode: true, name: 'x'.repeat(large ? 10 : 3) };
    const json = JSON.stringify({ type: 'customer.updated', created: 1_700_000_000, data: { object: customer } });
    const object = `inbox/_unrouted/${count}-${n}`;
    if (large) objects.set(object, Buffer.from(json));
    return {
      ...{ id: `evt_${n}`, tenantId, provider: 'stripe', type: 'customer.updated', connection: id, outcome: 'routed' },
      ...{ receivedAtMs: moment.nowMs - 10_000 + n, bodyHash: 'h', requestId: 'r' },
      content: large ? { object, bytes: json.length } : { json },
    };
  };
  return { tenantId, account, fault, published, handed, replayed, objects, ports, copies, event };
}
type World = Awaited<ReturnType<typeof world>>;

/** Runs the work without a crash, then once for each place where it can break off; after that it is run again, as its
 *  queue would. Whatever `shape` says must be the same at the end. */
async function everywhere(
  prepare: (world: World) => Promise<() => Promise<unknown>>,
  shape: (world: World) => Promise<object>,
): Promise<object> {
  const sound = await world();
  const soundWork = await prepare(sound);
  sound.fault.count = 0;
  await soundWork();
  const steps = sound.fault.count;
  const expected = await shape(sound);
  for (const when of ['before', 'after'] as const) {
    for (let at = 0; at < steps; at++) {
      const crashed = await world();
      const work = await prepare(crashed);
      Object.assign(crashed.fault, { at, when, count: 0 });
      await expect(work(), `step ${at} does not fail`).rejects.toThrow('crash');
      await work();
      expect({ when, at, ...(await shape(crashed)) }).toEqual({ when, at, ...expected });
    }
  }
  return expected;
}

const customersOf = async ({ tenantId, copies }: World) =>
  (await copies.records.of(tenantId, id, 'customers').list(100, Date.now())).rows.map((row) => row.id);
/** Each event by its type and what it is of, under as many ids as it was told. */
const toldBy = ({ published }: World) => {
  const ids = new Map<string, Set<string>>();
  for (const { id: eventId, type, data } of published) {
    const of = `${type} ${'event' in data ? data.event : 'id' in data ? data.id : ''}`;
    ids.set(of, (ids.get(of) ?? new Set()).add(eventId));
  }
  return Object.fromEntries([...ids].map(([of, all]) => [of, all.size] as const).sort());
};

test('a replay that breaks off anywhere tells every event again, each under one id, and comes to its end', async () => {
  const expected = await everywhere(
    async ({ tenantId, ports, replayed, event }) => {
      for (let n = 0; n < 7; n++) await ports.inbox.forTenant(tenantId).keepOnce(event(n));
      const replay = begun(tenantId, { filter: {}, rate: 1 }, moment);
      await ports.replays.forTenant(tenantId).save(replay);
      replayed.push(messageOf(replay));
      return async () => {
        // At least once: a message leaves only when its work came to an end.
        for (let [next] = replayed; next; [next] = replayed) {
          await runReplay(ReplayMessage.parse(JSON.parse(next.body)), ports, moment);
          replayed.splice(replayed.indexOf(next), 1);
        }
      };
    },
    async (after) => {
      const [replay] = (await after.ports.replays.forTenant(after.tenantId).list(10)).replays;
      const handed = new Set(after.handed.map(({ body }) => HandlerMessage.parse(JSON.parse(body)).event));
      return { status: replay?.status, replayed: replay?.replayed, told: toldBy(after), handed: handed.size };
    },
  );
  expect(expected).toMatchObject({ status: 'finished', replayed: 7, handed: 7 });
  expect(Object.values((expected as { told: object }).told)).toEqual(Array(7).fill(1));
});

test('a handler that breaks off anywhere has one effect, told under one id', async () => {
  const expected = await everywhere(
    async ({ tenantId, ports, event }) => {
      await ports.inbox.forTenant(tenantId).keepOnce({
        ...event(1),
        handling: { customers: { outcome: 'waiting', tries: 0 } },
      });
      const message = { tenant: tenantId, provider: 'stripe', event: 'evt_1', handler: 'customers' };
      return async () => {
        const fate = await handle(message, ports, moment);
        if (fate !== 'settle') throw new Error('crash'); // written down, and tried again later
      };
    },
    async (after) => {
      const kept = await after.ports.inbox.forTenant(after.tenantId).get('stripe', 'evt_1');
      return { outcome: kept?.outcome, records: await customersOf(after), told: toldBy(after) };
    },
  );
  expect(expected).toEqual({ outcome: 'handled', records: ['cus_1'], told: { 'record.created cus_1': 1 } });
});

test('events that find their owner are kept, told and handed over once each, wherever that breaks off', async () => {
  const expected = await everywhere(
    async ({ tenantId, account, ports, event }) => {
      for (const n of [1, 2]) {
        const { connection: _, ...rest } = event(n, n === 2);
        const lost = { ...rest, id: `${account}-${n}`, tenantId: UNROUTED, outcome: 'unrouted' as const };
        await ports.inbox.forTenant(UNROUTED).keepOnce({ ...lost, accountIds: [account] });
      }
      return () => reroute({ tenantId, connection: id, accountId: account, atMs: 0 }, ports, moment, () => 60_000);
    },
    async (after) => {
      const kept = (await after.ports.inbox.forTenant(after.tenantId).list({ limit: 10 })).events;
      const left = (await after.ports.inbox.forTenant(UNROUTED).list({ limit: 10, account: after.account })).events;
      return {
        kept: kept.map(({ outcome, handling }) => [outcome, Object.keys(handling ?? {})]),
        told: Object.values(toldBy(after)),
        handed: new Set(after.handed.map(({ body }) => body)).size,
        left: [left.length, after.objects.size],
      };
    },
  );
  expect(expected).toEqual({
    kept: [
      ['routed', ['customers']],
      ['routed', ['customers']],
    ],
    told: [1, 1],
    handed: 2,
    left: [0, 0],
  });
});
