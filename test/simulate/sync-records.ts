import { setTimeout as wait } from 'node:timers/promises';
import type { Contact } from '../../infra/local/demo/contacts.ts';
import { startDemoProvider } from '../../infra/local/demo/provider.ts';
import { openTable } from '../../shared/core/aws.ts';
import type { HubEvent } from '../../shared/core/event.ts';
import { TenantId } from '../../shared/core/ids.ts';
import type { RecordRow } from '../../shared/syncs/record.ts';
import { recordStore } from '../../shared/syncs/record-store.ts';
import { openScene } from '../integration/scene.ts';
import { outside, tableOf } from './running-hub.ts';
import { seeded } from './world.ts';

// A large account on the running hub: its first run reads everything, while its people change, add and delete some and
// webhooks tell of it, or are lost. Then a run of changes, and one that reads everything again.

const ACCOUNT = 'acc_ada';
const CHANGES = 1_000;
const LOST_SHARE = 0.1;
const CAUGHT_UP_WITHIN_MS = 1_800_000;

export interface SyncRecordsReport {
  readonly backfillS: number;
  readonly changes: number;
  readonly lost: number;
  readonly told: number;
  /** Writes of records while everything was read again. */
  readonly rewritten: number;
  readonly rereadS: number;
  readonly faults: readonly string[];
}

/** Copies an account of `count` contacts; returns how long it took and what is missing, wrong, untold or told of nothing. */
export async function runSyncRecords(count: number, seed: number): Promise<SyncRecordsReport> {
  const demo = await startDemoProvider({ count });
  const scene = await openScene({ demo });
  try {
    const { hub } = scene;
    const chance = seeded(seed);
    const acme = await scene.tenant('acme');
    const post = (path: string, body: object) => scene.ask(`POST ${acme.path}${path}`, { key: acme.key, body });
    await scene.connect(acme);
    outside(hub);
    const records = openRecords(await tableOf('records'));
    const contacts = demo.contactsOf(ACCOUNT);
    const told = listen(hub.busEvents);
    const ticks = setInterval(() => void hub.tick('syncs/plan'), 5_000);

    const began = performance.now();
    let lost = 0;
    for (let n = 0; n < CHANGES; n++) {
      const loses = chance() < LOST_SHARE;
      if (loses) lost += 1;
      const body = JSON.stringify({ url: `${hub.url}/webhooks/demo`, lose: loses ? 1 : 0 });
      await patiently(() => fetch(`${demo.apiUrl}/_webhooks`, { method: 'POST', body }));
      const there = contacts.get(`con_${String(1 + Math.floor(chance() * count)).padStart(4, '0')}`);
      const fields = { name: `Name ${n}`, email: `name.${n}@people.example` };
      const draw = chance();
      if (draw < 0.2 || !there || there.deleted) contacts.create(fields, undefined);
      else if (draw < 0.4) contacts.remove(there);
      else contacts.put(there.id, fields);
      await wait(10);
    }
    const caughtUp = async () => {
      for (const giveUp = Date.now() + CAUGHT_UP_WITHIN_MS; Date.now() < giveUp; await wait(2_000)) {
        const { status, lastSuccessAt } = await state();
        if (status === 'idle' && lastSuccessAt !== undefined && (await hub.queueDepth('webhookshandlersqueue')) === 0)
          return;
      }
      throw new Error(`the sync does not come to rest: ${JSON.stringify(await state())}`);
    };
    const state = async () => {
      const ask = () => scene.ask(`GET ${acme.path}/connections/demo/syncs`, { key: acme.key });
      const { body } = await patiently(ask);
      return (body.items[0] ?? {}) as unknown as { status: string; lastSuccessAt?: string };
    };
    const runAgain = async (body: object) => {
      const before = (await state()).lastSuccessAt;
      await patiently(() => post('/connections/demo/syncs/contacts/run', body));
      for (const giveUp = Date.now() + CAUGHT_UP_WITHIN_MS; Date.now() < giveUp; await wait(500)) {
        const { status, lastSuccessAt } = await state();
        if (status === 'idle' && lastSuccessAt !== before) return;
      }
    };

    await caughtUp();
    const backfillS = (performance.now() - began) / 1000;
    await runAgain({});
    const first = await records();
    const row = await openTable(await tableOf('syncs')).get({ pk: 'acme', sk: 'demo#default#contacts' });
    const bornAtMs = Number(row?.bornAtMs);
    const faults = judge(listed(contacts), first, told(), bornAtMs);

    const again = performance.now();
    await runAgain({ full: true });
    const rereadS = (performance.now() - again) / 1000;
    clearInterval(ticks);
    const second = await records();
    const runs = new Map(first.map(({ id, seenRun }) => [id, seenRun]));
    const rewritten = second.filter(({ id, seenRun }) => runs.get(id) !== seenRun).length;
    faults.push(...judge(listed(contacts), second, told(), bornAtMs), ...scene.errors());
    return { backfillS, changes: CHANGES, lost, told: told().size, rewritten, rereadS, faults };
  } finally {
    await scene.stop();
  }
}

/** The computer is busy: a connection that was kept too long is made anew. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 10) throw error;
      await wait(500);
    }
  }
}

/** Reads the whole copy, tombstones left out. */
function openRecords(table: string) {
  const connection = { provider: 'demo', name: 'default' };
  const copy = recordStore(openTable(table)).of(TenantId.parse('acme'), connection, 'contacts');
  return async (): Promise<RecordRow[]> => {
    const rows: RecordRow[] = [];
    let cursor: string | undefined;
    do {
      const page = await copy.list(1_000, Date.now(), cursor);
      rows.push(...page.rows);
      cursor = page.cursor;
    } while (cursor);
    return rows;
  };
}

function listed(contacts: ReturnType<Awaited<ReturnType<typeof startDemoProvider>>['contactsOf']>): Contact[] {
  const all: Contact[] = [];
  for (let cursor: string | null = null; ; ) {
    const { items, next } = contacts.list('', cursor, 1_000);
    all.push(...items);
    if (next === null) return all;
    cursor = next;
  }
}

/** Hears every event on the bus that is of a record: its id, and what it told of which. The bus keeps the latest alone. */
function listen(busEvents: () => readonly { readonly detail: unknown }[]) {
  const told = new Map<string, HubEvent>();
  const hear = () => {
    for (const { detail } of busEvents()) {
      const event = detail as HubEvent;
      if (event.type?.startsWith('record.')) told.set(event.id, event);
    }
    return told;
  };
  setInterval(hear, 250).unref();
  return hear;
}

function judge(
  upstream: readonly Contact[],
  rows: readonly RecordRow[],
  told: ReadonlyMap<string, HubEvent>,
  bornAtMs: number,
): string[] {
  const faults: string[] = [];
  const kept = new Map(rows.map((row) => [row.id, row]));
  const events = Map.groupBy(told.values(), ({ data }) => (data as { id: string }).id);
  for (const { id, name, email, deleted } of upstream) {
    const row = kept.get(id);
    const mine = events.get(id) ?? [];
    const { name: keptName, email: keptEmail } = JSON.parse(row?.data ?? '{}');
    if (deleted) {
      if (row) faults.push(`${id} is gone and kept`);
      if (mine.length > 0 && !mine.some(({ type }) => type === 'record.deleted'))
        faults.push(`${id}: its end is untold`);
      continue;
    }
    if (keptName !== name || keptEmail !== email) faults.push(`${id} is ${name} and kept as ${keptName}`);
    const latest = mine.some(({ data }) => (data as { data?: { name: string } }).data?.name === name);
    if (!latest) faults.push(`${id}: that it is ${name} is untold`);
    const changes = (row?.version ?? bornAtMs) - bornAtMs; // versions count from the birth of the copy
    if (changes > mine.length) faults.push(`${id} changed ${changes} times, told ${mine.length} times`);
  }
  const there = new Set(upstream.map(({ id }) => id));
  for (const id of kept.keys()) if (!there.has(id)) faults.push(`${id} is kept and never was`);
  return faults;
}
