import type { Moment } from '../../shared/core/clock.ts';
import { VirtualMoment } from '../shared/calls/virtual-moment.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Time that passes when all that could happen now has: hours in seconds, in the same order for the same seed. */
export class VirtualTime implements Moment {
  readonly #chance: VirtualMoment;
  readonly #timers: Timer[] = [];
  #order = 0;
  nowMs: number;

  constructor(seed: number, nowMs = Date.UTC(2026, 0, 1)) {
    this.nowMs = nowMs;
    this.#chance = new VirtualMoment(nowMs, seed);
  }

  chance = () => this.#chance.chance();
  token = (bytes?: number) => this.#chance.token(bytes);
  sleep = (ms: number) => new Promise<void>((resolve) => this.at(this.nowMs + ms, resolve));

  at(atMs: number, wake: () => void): void {
    const timers = this.#timers;
    const timer = { atMs: Math.max(atMs, this.nowMs), order: this.#order++, wake };
    let place = timers.push(timer) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!sooner(timer, timers[parent])) break;
      timers[place] = timers[parent] as Timer;
      place = parent;
    }
    timers[place] = timer;
  }

  /** Runs until nothing is to come any more, or until `untilMs`. */
  async run(untilMs = Number.POSITIVE_INFINITY): Promise<void> {
    await settled();
    for (let next = this.#timers[0]; next && next.atMs <= untilMs; next = this.#timers[0]) {
      this.nowMs = next.atMs;
      while (this.#timers[0]?.atMs === this.nowMs) this.#pop()?.wake();
      await settled();
    }
    if (untilMs !== Number.POSITIVE_INFINITY) this.nowMs = untilMs;
  }

  #pop(): Timer | undefined {
    const timers = this.#timers;
    const [first] = timers;
    const last = timers.pop();
    if (!first || !last || timers.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= timers.length) break;
      if (sooner(timers[child + 1], timers[child])) child += 1;
      if (!sooner(timers[child], last)) break;
      timers[place] = timers[child] as Timer;
      place = child;
    }
    timers[place] = last;
    return first;
  }
}

function sooner(a: Timer | undefined, b: Timer | undefined): boolean {
  if (!a || !b) return a !== undefined;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** All promises that can go on have: nothing here waits for the world outside. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
