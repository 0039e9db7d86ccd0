import type { Moment } from '../../shared/core/clock.ts';

// Virtual time and one thread: whatever the modules under test wait for is an event here, and one event at a time is let
// through. The same seed gives the same order, the same faults and the same trace.

/** Returns a generator of numbers in [0, 1) that a seed determines (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type FaultKind =
  | 'crash before' // the process ends; the request never left
  | 'crash after' // the request had its effect; the process ends
  | 'refused' // throttled, no connection, 503: no effect, and the caller is told
  | 'lost' // the effect, and no answer
  | 'repeated' // the effect, no answer, and the client sends it again by itself
  | 'late' // slow
  | 'frozen' // the answer came; the process sleeps before it reads it
  | 'outage'; // this and all other requests to the same service for some seconds

export interface Fault {
  readonly service: string;
  /** The how-manieth request to that service. */
  readonly at: number;
  readonly kind: FaultKind;
}

/** One process of the hub: its clock is off by `skewMs`. */
export interface Caller {
  readonly name: string;
  readonly skewMs: number;
  dead: boolean;
}

/** How one kind of request plays its faults. */
export interface Service {
  readonly name: string;
  readonly faults: readonly FaultKind[];
  /** How long a slow one takes at most, in ms. */
  readonly slowMs: number;
  /** After how long the client gives up, in ms. */
  readonly timeoutMs: number;
}

/** What a request comes to: its answer, or why there is none. `sent`: it may have had its effect. */
export type Answer<T> = { readonly value: T } | { readonly refused: true; readonly sent: boolean };

interface Event {
  readonly atMs: number;
  readonly order: number;
  /** None once it has been called off. */
  run?: () => void;
}

/** What the world is to those in it. */
export type Outside = Pick<World, 'nowMs' | 'met' | 'crashes' | 'note' | 'momentOf' | 'request'>;

export class World {
  nowMs = Date.parse('2026-11-20T10:00:00.000Z');
  readonly chance: () => number;
  /** Faults that were met, processes that ended of one. */
  readonly met: string[] = [];
  crashes = 0;
  trace = 0x811c9dc5;
  #sequence = 0;
  #tokens = 0;
  #running = 0;
  #open = 0;
  readonly #faults = new Map<string, FaultKind>();
  readonly #requests = new Map<string, number>();
  readonly #events: Event[] = [];
  readonly #outages = new Map<string, number>();
  readonly #parallel: boolean;

  /** `parallel`: a process may wait for several things at once, timers among them, which keep the world's time; whether
   *  anything can go on is asked of the engine then, which takes longer than counting. One such world at a time. */
  constructor(seed: number, { parallel = false } = {}) {
    this.chance = seeded(seed);
    this.#parallel = parallel;
  }

  /** From here on these faults happen; without any, all is well. */
  arm(faults: readonly Fault[]): void {
    for (const cleared of [this.#faults, this.#outages, this.#requests]) cleared.clear();
    for (const { service, at, kind } of faults) this.#faults.set(`${service} ${at}`, kind);
  }

  /** From now on, and for so long, every request to these services is refused. */
  blackOut(services: readonly string[], forMs: number): void {
    for (const service of services) this.#outages.set(service, this.nowMs + forMs);
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.chance() * (high - low + 1));
  }

  note(text: string): void {
    let hash = this.trace;
    for (const unit of `${this.nowMs} ${text}`) hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193);
    this.trace = hash >>> 0;
  }

  /** Starts a process after `delayMs`; its end is not awaited here. */
  start(caller: Caller, delayMs: number, body: () => Promise<void>): void {
    this.#open += 1;
    this.#at(this.nowMs + delayMs, () => {
      this.#running += 1;
      body().finally(() => {
        if (caller.dead) return; // a timer of its own woke it: it is no more
        this.#open -= 1;
        this.#running -= 1;
        this.note(`${caller.name} ends`);
      });
    });
  }

  /** Lets events through until every process has ended, or crashed. */
  async settle(): Promise<void> {
    const timers = this.#parallel ? this.#takeTimers() : undefined;
    try {
      await this.#letThrough();
    } finally {
      timers?.restore();
    }
    if (this.#open > 0) throw new Error(`${this.#open} processes wait for nothing`);
  }

  async #letThrough(): Promise<void> {
    for (;;) {
      if (this.#parallel) await new Promise(setImmediate);
      for (let turn = 0; !this.#parallel && this.#running > 0; turn++) {
        if (turn < 64) await null;
        else await new Promise(setImmediate); // a stream inside an answer
      }
      const event = this.#next();
      if (!event) return;
      this.nowMs = Math.max(this.nowMs, event.atMs);
      event.run();
    }
  }

  #next(): Required<Event> | undefined {
    for (let event = this.#events.pop(); event; event = this.#events.pop()) {
      const { run } = event;
      if (run) return { ...event, run };
    }
    return undefined;
  }

  #takeTimers() {
    const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
    const ours = new Map<unknown, Event>();
    const later = (run: () => void, ms = 0) => {
      const timer = {};
      ours.set(timer, this.#at(this.nowMs + ms, run));
      return timer;
    };
    const callOff = (timer: unknown) => {
      const event = ours.get(timer);
      if (event) event.run = undefined;
      else real.clearTimeout(timer as NodeJS.Timeout);
    };
    Object.assign(globalThis, { setTimeout: later, clearTimeout: callOff });
    return { restore: () => void Object.assign(globalThis, real) };
  }

  momentOf(caller: Caller): Moment {
    const world = this;
    return {
      get nowMs() {
        return world.nowMs + caller.skewMs;
      },
      token: () => {
        world.#tokens += 1;
        return `r${world.#tokens}`;
      },
      chance: this.chance,
      sleep: (ms) => this.#wait(ms),
    };
  }

  /** One request of a caller: `effect` happens at the other side at some time, or several times, or never. */
  async request<T>(caller: Caller, service: Service, effect: () => T): Promise<Answer<T>> {
    if (caller.dead) return new Promise(() => {});
    const kind = this.#faultOf(service);
    const began = this.nowMs;
    this.note(`${caller.name} ${service.name} ${kind ?? ''}`);
    const slowMs = kind === 'late' ? this.between(500, service.slowMs) : 0;
    await this.#wait(this.between(0, 20) + (this.chance() < 0.5 ? slowMs : 0));
    if (kind === 'crash before' || caller.dead) return this.#crash(caller);
    if (kind === 'refused' || (this.#outages.get(service.name) ?? 0) > this.nowMs)
      return { refused: true, sent: false };
    const value = effect();
    if (kind === 'crash after') return this.#crash(caller);
    if (kind === 'lost') {
      await this.#wait(service.timeoutMs - (this.nowMs - began));
      return { refused: true, sent: true };
    }
    if (kind === 'repeated') {
      await this.#wait(this.between(50, 300));
      return { value: effect() };
    }
    await this.#wait(Math.min(this.between(0, 20) + slowMs, Math.max(0, service.timeoutMs - (this.nowMs - began))));
    if (this.nowMs - began >= service.timeoutMs) return { refused: true, sent: true };
    if (kind === 'frozen') await this.#wait(this.between(20_000, 60_000));
    return { value };
  }

  #faultOf(service: Service): FaultKind | undefined {
    const count = (this.#requests.get(service.name) ?? 0) + 1;
    this.#requests.set(service.name, count);
    const kind = this.#faults.get(`${service.name} ${count}`);
    if (kind === undefined) return undefined;
    this.met.push(`${service.name} ${kind}`);
    if (kind === 'outage') this.#outages.set(service.name, this.nowMs + this.between(1_000, 6_000));
    return kind;
  }

  #crash(caller: Caller): Promise<never> {
    if (caller.dead) return new Promise(() => {});
    caller.dead = true;
    this.crashes += 1;
    this.#open -= 1;
    this.#running -= 1; // it was let through to crash, and never comes back
    this.note(`${caller.name} crashes`);
    return new Promise(() => {});
  }

  #wait(ms: number): Promise<void> {
    this.#running -= 1;
    return new Promise((resolve) => {
      this.#at(this.nowMs + Math.max(0, ms), () => {
        this.#running += 1;
        resolve();
      });
    });
  }

  /** Kept latest first, so that the next one is the last; equal times in the order they were asked for. */
  #at(atMs: number, run: () => void): Event {
    const event: Event = { atMs, order: this.#sequence, run };
    this.#sequence += 1;
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle]?.atMs ?? 0) > atMs) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
    return event;
  }
}
