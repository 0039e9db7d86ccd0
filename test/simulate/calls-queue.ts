import type { VirtualTime } from './calls-time.ts';

interface Message {
  readonly body: string;
  readonly group: string;
  receives: number;
}

/** What becomes of a received message: it is gone, it comes back in so many ms, or its worker was not heard of again. */
export type Outcome = 'settle' | 'lost' | { readonly waitMs: number };

/** A standard queue with fair groups: at least once, in any order; of what waits, the group with the least under way goes
 *  first. `width` messages are worked on at once. */
export class CallsQueue {
  readonly #ready = new Map<string, Message[]>();
  readonly #underWay = new Map<string, number>();
  readonly #time: VirtualTime;
  readonly #work: (body: string, receives: number) => Promise<Outcome>;
  #free: number;
  /** Messages sent, and how often any was received. */
  sent = 0;
  received = 0;
  dead = 0;
  /** The share of messages that are handed out twice. */
  duplicates = 0;

  constructor(time: VirtualTime, width: number, work: (body: string, receives: number) => Promise<Outcome>) {
    this.#time = time;
    this.#free = width;
    this.#work = work;
  }

  send({ body, group, delayS = 0 }: { readonly body: string; readonly group: string; readonly delayS?: number }): void {
    this.sent += 1;
    const message = { body, group, receives: 0 };
    this.#comeBack(message, delayS * 1000);
    if (this.#time.chance() < this.duplicates)
      this.#comeBack({ ...message }, delayS * 1000 + this.#time.chance() * 3_000);
  }

  #comeBack(message: Message, waitMs: number): void {
    this.#time.at(this.#time.nowMs + Math.ceil(waitMs / 1000) * 1000, () => {
      const group = this.#ready.get(message.group) ?? [];
      this.#ready.set(message.group, group);
      group.push(message);
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#free > 0) {
      let quietest: string | undefined;
      for (const group of this.#ready.keys()) {
        if (quietest === undefined || this.#busy(group) < this.#busy(quietest)) quietest = group;
      }
      if (quietest === undefined) return;
      const messages = this.#ready.get(quietest) ?? [];
      const message = messages.shift();
      if (messages.length === 0) this.#ready.delete(quietest);
      if (message) void this.#receive(message);
    }
  }

  #busy(group: string): number {
    return this.#underWay.get(group) ?? 0;
  }

  async #receive(message: Message): Promise<void> {
    this.#free -= 1;
    this.#underWay.set(message.group, this.#busy(message.group) + 1);
    this.received += 1;
    message.receives += 1;
    const outcome = await this.#work(message.body, message.receives);
    this.#free += 1;
    this.#underWay.set(message.group, this.#busy(message.group) - 1);
    if (outcome === 'settle') this.#pump();
    else if (message.receives >= 10) this.dead += 1;
    else this.#comeBack(message, outcome === 'lost' ? 360_000 : outcome.waitMs);
    this.#pump();
  }
}
