import type { Moment } from '../../../shared/core/clock.ts';

/** A clock that stands still until it is told, or slept on; chance and tokens follow from a seed. */
export class VirtualMoment implements Moment {
  nowMs: number;
  #state: number;

  constructor(nowMs = Date.UTC(2026, 0, 1), seed = 1) {
    this.nowMs = nowMs;
    this.#state = seed;
  }

  /** mulberry32 */
  chance(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  token(bytes = 32): string {
    return Buffer.from(Array.from({ length: bytes }, () => Math.floor(this.chance() * 256))).toString('base64url');
  }

  async sleep(ms: number): Promise<void> {
    this.nowMs += ms;
  }
}
