import { noMocks, openAttempts } from '../../shared/calls/attempt.ts';
import { openContents } from '../../shared/calls/contents.ts';
import { CallBody, CallMessage } from '../../shared/calls/contract.ts';
import { limitStore } from '../../shared/calls/limit-store.ts';
import { plan } from '../../shared/calls/plan.ts';
import { run } from '../../shared/calls/run.ts';
import { callStore } from '../../shared/calls/store.ts';
import { type SubmitPorts, submit } from '../../shared/calls/submit.ts';
import type { Connection } from '../../shared/connections/connection.ts';
import type { LiveCredential } from '../../shared/connections/credential.ts';
import type { Expression, Item, Query, Table, Written } from '../../shared/core/aws.ts';
import type { Outgoing } from '../../shared/core/bus.ts';
import type { HubEvent } from '../../shared/core/event.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { ok } from '../../shared/core/result.ts';
import { Secret } from '../../shared/core/secret.ts';
import { memoryTable } from '../support/memory-table.ts';
import { plainVault } from '../support/plain-vault.ts';
import type { CallsProvider } from './calls-provider.ts';
import { CallsQueue, type Outcome } from './calls-queue.ts';
import type { VirtualTime } from './calls-time.ts';

class Crash extends Error {}

/** One function instance: its memory, and whether it still lives. */
interface Instance {
  readonly ports: SubmitPorts;
  dead: boolean;
}

/** The production modules of calls, in as many function instances as are needed, around tables in memory. */
export class CallsHub {
  readonly calls = withDueIndex();
  readonly limits = memoryTable();
  readonly events: HubEvent[] = [];
  readonly queue: CallsQueue;
  readonly #time: VirtualTime;
  readonly #provider: CallsProvider;
  readonly #idle: Instance[] = [];
  /** The chance of each request of an instance to be its last. */
  crashes = 0;
  crashed = 0;
  /** The chance of a write's answer to be lost, so that the client repeats it. */
  repeats = 0;

  constructor(time: VirtualTime, provider: CallsProvider, width: number) {
    this.#time = time;
    this.#provider = provider;
    this.queue = new CallsQueue(time, width, (body, receives) => this.#run(body, receives));
  }

  /** A tick in each minute until then, and for as long as anything is due. */
  tickUntil(untilMs: number): void {
    const tick = () => {
      void this.#invoke((ports) => plan(ports, () => 60_000, this.#time));
      const open = () => this.calls.due.size > 0;
      if (this.#time.nowMs < untilMs || open()) this.#time.at(this.#time.nowMs + 60_000, tick);
    };
    this.#time.at(this.#time.nowMs + 60_000, tick);
  }

  submit(tenant: string, provider: string, body: Record<string, unknown>): Promise<unknown> {
    const submission = {
      tenantId: TenantId.parse(tenant),
      connection: { provider, name: 'default' },
      body: CallBody.parse(body),
    };
    return this.#invoke((ports) => submit(submission, 29_000, ports, this.#time));
  }

  #run(body: string, receives: number): Promise<Outcome> {
    const message = CallMessage.parse(JSON.parse(body));
    return this.#invoke((ports) => run(message, { receives, remainingMs: 60_000 }, ports, this.#time)).then(
      (fate) => fate ?? 'lost',
    );
  }

  /** Nothing where the instance did not live to see the end. */
  async #invoke<T>(work: (ports: SubmitPorts) => Promise<T>): Promise<T | undefined> {
    const instance = this.#idle.pop() ?? this.#start();
    try {
      const value = await work(instance.ports);
      this.#idle.push(instance);
      return value;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.crashed += 1;
      return undefined;
    }
  }

  #start(): Instance {
    const io = async <V>(work: () => Promise<V> | V): Promise<V> => {
      if (instance.dead) throw new Crash();
      const dies = this.#time.chance() < this.crashes;
      if (dies && this.#time.chance() < 0.5) instance.dead = true;
      if (instance.dead) throw new Crash();
      const value = await work();
      if (dies) instance.dead = true;
      if (instance.dead) throw new Crash();
      return value;
    };
    const write = <V>(work: () => Promise<V>) =>
      io(async () => {
        if (this.repeats > 0 && this.#time.chance() < this.repeats) await work();
        return work();
      });
    const mortal = ({ get, put, update, remove, query, scan }: Table): Table => ({
      get: (...args) => io(() => get(...args)),
      put: (...args) => write(() => put(...args)),
      update: (...args) => write(() => update(...args)),
      remove: (...args) => write(() => remove(...args)),
      query: (...args) => io(() => query(...args)),
      scan: (...args) => io(() => scan(...args)),
    });
    const live = async (tenantId: TenantId) =>
      ok<LiveCredential>({
        secrets: { accessToken: new Secret(tenantId) },
        generation: 1,
        connection: { account: { id: 'a1' }, status: 'active', mode: 'live' } as Connection,
      });
    const push = (message: Outgoing) => this.queue.send(message);
    const calls = callStore(mortal(this.calls));
    const instance: Instance = {
      dead: false,
      ports: {
        calls,
        contents: openContents(plainVault),
        attempts: openAttempts({
          mocks: noMocks,
          credentials: { live },
          limits: limitStore(mortal(this.limits)),
          send: (request) => io(() => this.#provider.take(request)),
          readApp: async () => ({}),
          stage: 'local',
        }),
        stage: 'local',
        credentials: { live },
        quota: { take: async () => ok('counted') },
        connections: { forTenant: () => ({ get: async () => ({ status: 'active' }) as Connection }) },
        queue: {
          send: (message) => io(() => push(message)),
          sendAll: (batch) => io(() => batch.forEach(push)),
          hide: async () => {},
        },
        bus: { publish: (events) => io(() => void this.events.push(...events)) },
      },
    };
    return instance;
  }
}

/** As a real index holds them: the rows that are due alone, so that a tick reads no others. */
function withDueIndex() {
  const { rows, ...table } = memoryTable();
  const due = memoryTable();
  const indexed = async (key: Item, write: Promise<Written>) => {
    const written = await write;
    const row = rows.get(JSON.stringify([key.pk, key.sk ?? '']));
    if (row?.dueAt === undefined) await due.remove({ pk: key.pk, sk: key.sk });
    else await due.put(row);
    return written;
  };
  return {
    ...table,
    due: due.rows,
    put: (item: Item, expression?: Expression) => indexed(item, table.put(item, expression)),
    update: (key: Item, change: Parameters<Table['update']>[1]) => indexed(key, table.update(key, change)),
    remove: (key: Item, expression?: Expression) => indexed(key, table.remove(key, expression)),
    query: (query: Query) => (query.index === 'by-due' ? due : table).query(query),
  };
}
