import type { Moment } from '../../shared/core/clock.ts';
import type { Answer, Caller, FaultKind, Outside, Service } from './world.ts';

/** One fault, at the how-manieth request of all. */
export interface Strike {
  readonly at: number;
  readonly kind: FaultKind;
}

interface Waiting {
  /** Undefined: it may be let through now; else it sleeps until then. */
  readonly untilMs?: number;
  readonly run: () => void;
}

/** A world without chance: whenever several requests are on their way, a sequence of choices says whose comes first, so
 *  that all orders can be gone through. Time passes only while nobody has a request on its way. */
export class Explorer implements Outside {
  nowMs = Date.parse('2026-11-20T10:00:00.000Z');
  readonly met: string[] = [];
  crashes = 0;
  /** The choices made so far, and how many there were to choose from. */
  readonly choices: { readonly taken: number; readonly of: number }[] = [];
  /** Requests since the fault was armed. */
  requests = 0;
  readonly #prefix: readonly number[];
  #strike: Strike | undefined;
  #tokens = 0;
  #running = 0;
  #open = 0;
  #waiting: Waiting[] = [];

  constructor(prefix: readonly number[]) {
    this.#prefix = prefix;
  }

  arm(strike: Strike | undefined): void {
    this.#strike = strike;
    this.requests = 0;
  }

  note(): void {}

  start(body: () => Promise<void>): void {
    this.#open += 1;
    this.#running += 1;
    body().finally(() => {
      this.#open -= 1;
      this.#running -= 1;
    });
  }

  async settle(): Promise<void> {
    for (;;) {
      for (let turn = 0; this.#running > 0; turn++) {
        if (turn < 64) await null;
        else await new Promise(setImmediate); // a stream inside an answer
      }
      const next = this.#choose();
      if (!next) break;
      this.#waiting = this.#waiting.filter((one) => one !== next);
      this.#running += 1;
      next.run();
    }
    if (this.#open > 0) throw new Error(`${this.#open} processes wait for nothing`);
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
      chance: () => 0.5,
      sleep: (ms) => this.#wait(this.nowMs + ms),
    };
  }

  async request<T>(caller: Caller, service: Service, effect: () => T): Promise<Answer<T>> {
    await this.#wait();
    this.requests += 1;
    const kind = this.#strike?.at === this.requests ? this.#strike.kind : undefined;
    if (!kind || !service.faults.includes(kind)) return { value: effect() };
    this.met.push(`${service.name} ${kind}`);
    if (kind === 'crash before') return this.#crash(caller);
    if (kind === 'refused') return { refused: true, sent: false };
    const value = effect();
    if (kind === 'crash after') return this.#crash(caller);
    if (kind === 'lost') {
      await this.#wait(this.nowMs + service.timeoutMs);
      return { refused: true, sent: true };
    }
    if (kind === 'repeated') {
      await this.#wait();
      return { value: effect() };
    }
    await this.#wait(this.nowMs + 45_000); // frozen: longer than any lease
    return { value };
  }

  #choose(): Waiting | undefined {
    const ready = this.#waiting.filter(({ untilMs }) => untilMs === undefined);
    if (ready.length > 0) {
      const taken = this.#prefix[this.choices.length] ?? 0;
      if (ready.length > 1) this.choices.push({ taken, of: ready.length });
      return ready[ready.length > 1 ? taken : 0];
    }
    const [first] = this.#waiting.toSorted((a, b) => Number(a.untilMs) - Number(b.untilMs));
    this.nowMs = Math.max(this.nowMs, first?.untilMs ?? 0);
    return first;
  }

  #crash(caller: Caller): Promise<never> {
    caller.dead = true;
    this.crashes += 1;
    this.#open -= 1;
    this.#running -= 1;
    return new Promise(() => {});
  }

  #wait(untilMs?: number): Promise<void> {
    this.#running -= 1;
    return new Promise((resolve) => {
      this.#waiting.push({ ...(untilMs !== undefined && { untilMs }), run: resolve });
    });
  }
}
