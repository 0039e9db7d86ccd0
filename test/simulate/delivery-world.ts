import type { HubEvent } from '../../shared/core/event.ts';
import { hubEvent } from '../../shared/core/event.ts';
import type { InboundResponse, OutboundRequest, Send, SendFailure } from '../../shared/core/fetch.ts';
import { err, ok, type Result } from '../../shared/core/result.ts';
import { Secret } from '../../shared/core/secret.ts';
import { clear } from '../../shared/deliveries/clear.ts';
import { fanOut } from '../../shared/deliveries/fan-out.ts';
import type { Gate } from '../../shared/deliveries/gate.ts';
import { plan } from '../../shared/deliveries/plan.ts';
import { send } from '../../shared/deliveries/send.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import { subscribe } from '../../shared/deliveries/subscribe.ts';
import { update } from '../../shared/deliveries/update.ts';
import { testMoment } from '../support/moment.ts';
import { deliveryTable } from './delivery-table.ts';
import { Soonest } from './soonest.ts';
import { seeded } from './world.ts';

// The production modules between the bus and a receiver, in virtual time. Every request to a table, a queue, the bus, the
// vault or a receiver may fail: before its effect or after it, with or without the end of the process.

/** The process ends; or the caller hears of a failure, whether or not there was an effect. */
export const kinds = ['crash before', 'crash after', 'refused', 'lost'] as const;
export interface Strike {
  readonly at: number;
  readonly kind: (typeof kinds)[number];
}

/** What a receiver answers: a status, or nothing in time, having taken it or not. */
export type Reply = { readonly status: number; readonly retryAfterS?: number } | 'silent' | 'late';
export type Receiver = (event: string, nowMs: number) => Reply;

interface Message {
  readonly kind: 'event' | 'delivery';
  readonly body: string;
  receives: number;
}

const VISIBILITY_MS = 360_000;
const RECEIVES = 10;
const MINUTE_MS = 60_000;
const LATENCY_MS = 5;

export class DeliveryWorld {
  readonly moment: ReturnType<typeof testMoment>;
  readonly table = deliveryTable();
  /** Event ids that a receiver answered 2xx, or took and was silent about. */
  readonly accepted = new Map<string, Set<string>>();
  readonly told: HubEvent[] = [];
  attempts = 0;
  dead = 0;
  struck = 0;
  requests = 0;
  /** How many of a thousand requests fail. */
  faultsPerMille = 0;
  strike: Strike | undefined;
  /** Happens just before the request of that number. */
  meanwhile: { readonly at: number; readonly act: () => Promise<void> } | undefined;
  readonly #chance: () => number;
  readonly #queue = new Soonest<Message>();
  readonly #receivers = new Map<string, Receiver>();
  readonly #store;

  constructor(seed: number) {
    this.#chance = seeded(seed);
    this.moment = { ...testMoment(), chance: this.#chance, sleep: async () => {} };
    this.#store = deliveryStore(this.#faulty(this.table, ['get', 'put', 'update', 'remove', 'query']));
  }

  async subscribe(receiver: Receiver, types = ['call.*']): Promise<string> {
    const url = `https://receiver${this.#receivers.size}.example/`;
    this.#receivers.set(url, receiver);
    this.accepted.set(url, new Set());
    const wishes = { url, types, perSecond: 50 };
    const made = await subscribe(
      wishes,
      { ...this.#ports, loopback: false, addressesOf: async () => ['192.0.1.1'] },
      this.moment,
    );
    if (!made.ok) throw new Error(made.error.message);
    return made.value.subscription.id;
  }

  /** An event comes on the bus. */
  tell(number: number, tenant = 'acme'): HubEvent {
    const event = hubEvent('call.succeeded', { tenant, id: `evt_${number}` }, { call: `call_${number}` }, this.moment);
    this.#put({ kind: 'event', body: JSON.stringify(event), receives: 0 });
    return event;
  }

  /** The owner enables what is disabled, and asks again while the hub fails. */
  async enable(id: string): Promise<void> {
    for (let tries = 0; tries < 10; tries++) {
      const ports = { ...this.#ports, loopback: false, addressesOf: async () => ['192.0.1.1'] };
      const done = await update(id, { enabled: true }, ports, this.moment, () => false).catch(() => undefined);
      if (done?.ok) return;
    }
  }

  /** The bus says that the tenant is gone, and says it again where that fails. */
  async erase(tenant: string, atMs: number): Promise<void> {
    for (let tries = 0; tries < 10; tries++) {
      if (await clear(tenant, atMs, this.#store, () => false).catch(() => false)) return;
    }
  }

  /** Lets time pass until nothing is queued and nothing is due. */
  async settle(): Promise<void> {
    for (;;) {
      const queuedMs = this.#queue.peek()?.atMs ?? Number.POSITIVE_INFINITY;
      const dueMs = Math.ceil((this.table.nextDueMs() ?? Number.POSITIVE_INFINITY) / MINUTE_MS) * MINUTE_MS;
      const nextMs = Math.min(queuedMs, dueMs);
      if (nextMs === Number.POSITIVE_INFINITY) return;
      this.moment.nowMs = Math.max(this.moment.nowMs, Math.ceil(nextMs / 1_000) * 1_000);
      if (dueMs <= this.moment.nowMs) {
        await plan(this.#ports, () => false, this.moment).catch(() => 0);
        this.moment.nowMs += 1_000; // what a tick could not do is the next one's
      }
      for (let batch = this.#take(); batch.length > 0; batch = this.#take())
        await Promise.all(batch.map((one) => this.#work(one)));
    }
  }

  get #ports() {
    const store = this.#store;
    const enqueue = async (messages: readonly { readonly body: string }[]) =>
      this.ask(async () => {
        for (const { body } of messages) this.#put({ kind: 'delivery', body, receives: 0 });
      });
    const publish = (events: readonly HubEvent[]) => this.ask(async () => void this.told.push(...events));
    const vault = {
      seal: (_tenant: unknown, _place: unknown, secret: Secret) => this.ask(async () => secret.reveal()),
      open: (_tenant: unknown, _place: unknown, sealed: string) => this.ask(async () => ok(new Secret(sealed))),
    };
    const queue = { sendAll: enqueue };
    return {
      store,
      vault,
      queue,
      bus: { publish },
      gate: this.#gate,
      send: this.#send,
      subscriptions: () => store.subscriptions.all(),
    };
  }

  /** Now and then the rate has one wait; the circuit is tried where the limits are. */
  readonly #gate: Gate = {
    enter: async (_subscription, slot) => {
      if (slot || this.#chance() > 0.05) return { waitMs: 0 };
      const waitMs = Math.ceil(this.#chance() * 30_000);
      return { waitMs, slot: { atMs: this.moment.nowMs + waitMs, held: 1 } };
    },
    note: async () => {},
  };

  readonly #send: Send = async ({ url, headers }: OutboundRequest) => {
    const event = headers['webhook-id'] ?? '';
    const failure = (sent: boolean): Result<InboundResponse, SendFailure> =>
      err({ reason: sent ? 'timeout' : 'network', sent, cause: 'played' });
    try {
      return await this.ask(async () => {
        this.attempts += 1;
        this.moment.nowMs += LATENCY_MS;
        const reply = this.#receivers.get(url)?.(event, this.moment.nowMs) ?? 'silent';
        if (reply === 'late' || (typeof reply === 'object' && reply.status < 300)) this.accepted.get(url)?.add(event);
        if (typeof reply === 'string') return failure(true);
        const after: Record<string, string> =
          reply.retryAfterS === undefined ? {} : { 'retry-after': String(reply.retryAfterS) };
        return ok({ status: reply.status, headers: after, body: Buffer.alloc(0) });
      });
    } catch (error) {
      if (error instanceof Error && error.name === 'Crash') throw error;
      return failure(error instanceof Error && error.message === 'lost');
    }
  };

  /** One request to the outside: it has its effect, its answer, both, or neither. */
  async ask<T>(effect: () => Promise<T>): Promise<T> {
    const number = ++this.requests;
    const { at, act } = this.meanwhile ?? {};
    if (at === number) await act?.();
    const random = this.faultsPerMille > 0 && this.#chance() * 1_000 < this.faultsPerMille;
    const planned = this.strike?.at === number ? this.strike.kind : undefined;
    const kind = planned ?? (random ? kinds[Math.floor(this.#chance() * kinds.length)] : undefined);
    if (kind) this.struck += 1;
    const ends = kind?.startsWith('crash');
    const fault = () => Object.assign(new Error(kind), { name: ends ? 'Crash' : 'TimeoutError' });
    if (kind === 'crash before' || kind === 'refused') throw fault();
    const value = await effect();
    if (kind) throw fault();
    return value;
  }

  #put(message: Message, waitMs = 0): void {
    this.#queue.push(this.moment.nowMs + waitMs, message);
  }

  /** Up to ten messages; now and then one of them comes twice. */
  #take(): Message[] {
    const batch: Message[] = [];
    while (batch.length < 10 && (this.#queue.peek()?.atMs ?? Number.POSITIVE_INFINITY) <= this.moment.nowMs) {
      const message = this.#queue.pop();
      if (!message) break;
      batch.push(message, ...(this.#chance() < 0.02 ? [{ ...message }] : []));
    }
    return batch;
  }

  async #work(message: Message): Promise<void> {
    message.receives += 1;
    if (message.receives > RECEIVES) {
      this.dead += 1;
      return;
    }
    try {
      const body = JSON.parse(message.body);
      if (message.kind === 'event') await fanOut(body, this.#ports, this.moment);
      else {
        const fate = await send(body, { receives: message.receives, remainingMs: 60_000 }, this.#ports, this.moment);
        if (fate !== 'settle') this.#put(message, fate.waitMs);
      }
    } catch {
      this.#put(message, VISIBILITY_MS);
    }
  }

  #faulty<T extends object>(real: T, names: readonly (keyof T)[]): T {
    const played = { ...real };
    for (const name of names) {
      const one = real[name] as (...given: unknown[]) => Promise<unknown>;
      played[name] = ((...given: unknown[]) => this.ask(() => one(...given))) as T[typeof name];
    }
    return played;
  }
}
