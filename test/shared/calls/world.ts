import { type Attempts, noMocks, openAttempts } from '../../../shared/calls/attempt.ts';
import { hasEnded } from '../../../shared/calls/call.ts';
import { openContents } from '../../../shared/calls/contents.ts';
import type { CallBody, CallMessage } from '../../../shared/calls/contract.ts';
import { CallBody as CallBodySchema } from '../../../shared/calls/contract.ts';
import type { LimitStore } from '../../../shared/calls/limit-store.ts';
import { plan } from '../../../shared/calls/plan.ts';
import { type Fate, run } from '../../../shared/calls/run.ts';
import { type CallStore, callStore } from '../../../shared/calls/store.ts';
import { type SubmitPorts, submit } from '../../../shared/calls/submit.ts';
import type { Connection } from '../../../shared/connections/connection.ts';
import type { LiveCredential } from '../../../shared/connections/credential.ts';
import type { Table } from '../../../shared/core/aws.ts';
import type { refuse } from '../../../shared/core/errors.ts';
import type { HubEvent } from '../../../shared/core/event.ts';
import type { InboundResponse, OutboundRequest, SendFailure } from '../../../shared/core/fetch.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { err, ok, type Result } from '../../../shared/core/result.ts';
import { Secret } from '../../../shared/core/secret.ts';
import { plainVault } from '../../support/plain-vault.ts';
import { VirtualMoment } from './virtual-moment.ts';

// The production modules of calls around a real table, with a provider, a queue and a clock that are played.

export class Crash extends Error {}

/** Where an invocation breaks: at its n-th I/O, before or after the effect; alone, or with the whole process. `twice`: a
 *  write to the table is done, its answer is lost, and the client's repetition meets it. */
export interface Fault {
  readonly at: number;
  readonly effect: 'none' | 'done' | 'twice';
  readonly process: 'dies' | 'lives';
}

export type Answer = Result<InboundResponse, SendFailure>;
export const answer = (
  status: number,
  body: unknown = { id: 'c1', name: 'Ada', email: 'a@b.co', updatedAt: 'now' },
  headers: Readonly<Record<string, string>> = {},
): Answer =>
  ok({ status, headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(JSON.stringify(body)) });
export const silence: Answer = err({ reason: 'timeout', sent: true, cause: 'silence' });
const unreadable: Answer = err({ reason: 'too_large', sent: true, status: 200, cause: 'no gzip' });

interface Message {
  readonly body: CallMessage;
  availableAtMs: number;
  receives: number;
}

const unlimited = {
  take: async () => ({ waitMs: 0 }),
  block: async () => {},
  note: async () => {},
  leave: async () => {},
};
const VISIBILITY_MS = 360_000;
const MAX_RECEIVES = 10;
let worlds = 0;

export class World {
  readonly tenantId = TenantId.parse(`w${++worlds}-${process.pid}`);
  readonly moment = new VirtualMoment();
  readonly sent: OutboundRequest[] = [];
  /** What the provider has done: once per idempotency key, or once per request without one. */
  readonly effects: string[] = [];
  readonly events: HubEvent[] = [];
  readonly messages: Message[] = [];
  readonly dead: Message[] = [];
  /** What the provider answers next; when there is nothing left it does what it is asked. */
  readonly script: (Answer | 'lost' | 'unreadable')[] = [];
  connection: Partial<Connection> | undefined = { status: 'active' };
  /** Why there is no credential at present. */
  refusal: ReturnType<typeof refuse> | undefined;
  /** What happens elsewhere while the provider thinks. */
  meanwhile: (() => Promise<void>) | undefined;
  ports: SubmitPorts;
  #fault: Fault | undefined;
  #steps = 0;
  #dead = false;
  #repeats = false;

  constructor(table: Table, limits: Pick<LimitStore, 'take' | 'block' | 'note' | 'leave'> = unlimited) {
    const attempts: Attempts = openAttempts({
      mocks: noMocks,
      credentials: { live: () => this.#io(async () => this.#live()) },
      limits: { ...limits, take: (...args) => this.#io(() => limits.take(...args)) },
      send: (request) => this.#network(request),
      readApp: async () => ({}),
      stage: 'local',
    });
    const store = callStore(this.#repeating(table));
    const calls: CallStore = {
      forTenant: (tenantId) => this.#wrapped(store.forTenant(tenantId)),
      due: (...args) =>
        this.#io(async () => {
          const { calls, cursor } = await store.due(...args);
          return { calls: calls.filter(({ tenantId }) => tenantId === this.tenantId), cursor }; // the table has many worlds
        }),
      handOver: (...args) => this.#io(() => store.handOver(...args)),
    };
    const push = ({ body, delayS = 0 }: { body: string; delayS?: number }) => {
      this.messages.push({ body: JSON.parse(body), availableAtMs: this.moment.nowMs + delayS * 1000, receives: 0 });
    };
    this.ports = {
      attempts,
      calls,
      contents: openContents(plainVault),
      stage: 'local',
      credentials: { live: () => this.#io(async () => this.#live()) },
      quota: { take: async () => ok('counted') },
      connections: { forTenant: () => ({ get: async () => this.connection as Connection | undefined }) },
      queue: {
        send: (message) => this.#io(async () => push(message)),
        sendAll: (batch) => this.#io(async () => batch.forEach(push)),
        hide: async () => {},
      },
      bus: { publish: (events) => this.#io(async () => void this.events.push(...events)) },
    };
  }

  submit(body: Record<string, unknown>, idempotencyKey?: string, provider = 'demo') {
    const connection = { provider, name: 'default' };
    const parsed: CallBody = CallBodySchema.parse(body);
    return this.invocation(() =>
      submit({ tenantId: this.tenantId, connection, body: parsed, idempotencyKey }, 29_000, this.ports, this.moment),
    );
  }

  /** One function instance from its start to its end or its crash. */
  async invocation<T>(work: () => Promise<T>, fault?: Fault): Promise<T> {
    if (fault) this.#fault = fault;
    this.#steps = 0;
    try {
      return await work();
    } finally {
      this.#dead = false;
      this.#fault = undefined;
    }
  }

  set fault(fault: Fault) {
    this.#fault = fault;
  }

  /** How many I/Os the last invocation has come to. */
  get steps(): number {
    return this.#steps;
  }

  /** Receives each message that is available now; `copies` says how often each, at once. */
  async deliver(copies = 1): Promise<number> {
    const received = this.messages.filter(({ availableAtMs }) => availableAtMs <= this.moment.nowMs);
    for (const message of received) {
      message.receives++;
      const fates = await Promise.all(Array.from({ length: copies }, () => this.#receive(message)));
      this.messages.splice(this.messages.indexOf(message), 1);
      const later = fates.find((fate) => fate !== 'settle');
      if (later === undefined) continue;
      const again = message.receives >= MAX_RECEIVES ? this.dead : this.messages;
      const waitMs = later === 'threw' ? VISIBILITY_MS : (later as Exclude<Fate, 'settle'>).waitMs;
      again.push({ ...message, availableAtMs: this.moment.nowMs + Math.ceil(waitMs / 1000) * 1000 });
    }
    return received.length;
  }

  tick(): Promise<number> {
    return this.invocation(() => plan(this.ports, () => 60_000, this.moment));
  }

  /** Lets time pass, minute by minute, with a tick in each, until nothing is under way any more. */
  async settle(minutes = 60 * 26): Promise<void> {
    for (let minute = 0; minute < minutes; minute++) {
      while ((await this.deliver()) > 0);
      if (this.messages.length === 0 && (await this.#allEnded())) return;
      const next = Math.min(...this.messages.map(({ availableAtMs }) => availableAtMs), this.moment.nowMs + 60_000);
      this.moment.nowMs = Math.max(next, this.moment.nowMs + 1);
      await this.tick();
    }
    throw new Error('a call never ended');
  }

  async calls() {
    const own = this.ports.calls.forTenant(this.tenantId);
    const { calls } = await own.list({ limit: 100 });
    return Promise.all(
      calls.map(async ({ id }) => {
        const sealed = await own.get(id);
        const opened = sealed && (await this.ports.contents.open(sealed));
        if (!opened?.ok) throw new Error('a call does not open');
        return opened.value;
      }),
    );
  }

  async #allEnded(): Promise<boolean> {
    const { calls } = await this.ports.calls.forTenant(this.tenantId).list({ limit: 100 });
    return calls.every(hasEnded);
  }

  async #receive({ body, receives }: Message): Promise<Fate | 'threw'> {
    try {
      return await this.invocation(() => run(body, { receives, remainingMs: 60_000 }, this.ports, this.moment));
    } catch {
      return 'threw';
    }
  }

  #live() {
    const connection = { account: { id: 'account-1' } } as Connection;
    return (
      this.refusal ?? ok<LiveCredential>({ secrets: { accessToken: new Secret('made-up') }, generation: 1, connection })
    );
  }

  #provide(request: OutboundRequest): Answer {
    this.sent.push(request);
    const next = this.script.shift();
    if (typeof next === 'object') return next;
    const key = request.headers['idempotency-key'];
    const effect = key ?? `${request.method} ${request.url} ${request.body}`;
    if (key === undefined || !this.effects.includes(key)) this.effects.push(effect);
    if (next === 'unreadable') return unreadable;
    return next === 'lost' ? silence : answer(201);
  }

  #wrapped(store: ReturnType<CallStore['forTenant']>): ReturnType<CallStore['forTenant']> {
    return Object.fromEntries(
      Object.entries(store).map(([name, method]) => [
        name,
        (...args: unknown[]) => this.#io(() => (method as (...args: unknown[]) => Promise<unknown>)(...args)),
      ]),
    ) as ReturnType<CallStore['forTenant']>;
  }

  /** The network does not throw: where it breaks while the process lives, the answer is lost. */
  async #network(request: OutboundRequest): Promise<Answer> {
    try {
      return await this.#io(async () => {
        const answered = this.#provide(request);
        await this.meanwhile?.();
        return answered;
      });
    } catch (error) {
      if (this.#dead) throw error;
      return silence;
    }
  }

  async #io<T>(work: () => Promise<T>): Promise<T> {
    if (this.#dead) throw new Crash();
    const fault = ++this.#steps === this.#fault?.at ? this.#fault : undefined;
    if (fault?.effect === 'none') return this.#break(fault);
    this.#repeats = fault?.effect === 'twice';
    const value = await work();
    this.#repeats = false;
    return fault && fault.effect !== 'twice' ? this.#break(fault) : value;
  }

  #repeating(table: Table): Table {
    const again =
      <A extends unknown[], R>(write: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        if (this.#repeats) await write(...args);
        return write(...args);
      };
    return { ...table, put: again(table.put), update: again(table.update), remove: again(table.remove) };
  }

  #break(fault: Fault): never {
    this.#dead = fault.process === 'dies';
    throw new Crash();
  }
}
