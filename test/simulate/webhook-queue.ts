import type { Context, SQSBatchResponse } from 'aws-lambda';
import { lambdaContext } from '../support/http-event.ts';
import type { Caller, World } from './world.ts';

export interface QueuedMessage {
  readonly id: number;
  readonly body: string;
  receives: number;
  visibleAtMs: number;
}

/** A standard queue as SQS promises it and no better: in any order, now and then the same message to two at once, a deletion
 *  that does not hold, and after too many receipts the dead-letter queue. */
export class WebhookQueue {
  readonly #waiting = new Map<number, QueuedMessage>();
  readonly #world: World;
  readonly #visibilityMs: number;
  readonly #receives: number;
  readonly #doubles: number;
  #count = 0;
  /** Given up. */
  dead: QueuedMessage[] = [];
  /** The largest number that ever waited. */
  deepest = 0;

  /** `doubles`: how often a message goes to two at once; far oftener than SQS's, so that it happens. */
  constructor(world: World, visibilityMs: number, { receives = 5, doubles = 0.03 } = {}) {
    this.#world = world;
    this.#visibilityMs = visibilityMs;
    this.#receives = receives;
    this.#doubles = doubles;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** When there is something to take again; nothing where nothing waits. */
  get nextMs(): number | undefined {
    const times = [...this.#waiting.values()].map(({ visibleAtMs }) => visibleAtMs);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  send(body: string): void {
    this.#count += 1;
    this.#waiting.set(this.#count, { id: this.#count, body, receives: 0, visibleAtMs: this.#world.nowMs });
    this.deepest = Math.max(this.deepest, this.size);
  }

  /** Returns up to `most` messages and hides them. */
  take(most: number): QueuedMessage[] {
    const { nowMs, chance } = this.#world;
    const visible = [...this.#waiting.values()].filter(({ visibleAtMs }) => visibleAtMs <= nowMs);
    const batch: QueuedMessage[] = [];
    while (batch.length < most && visible.length > 0) {
      const [message] = visible.splice(Math.floor(chance() * visible.length), 1);
      if (!message) break;
      message.receives += 1;
      if (message.receives > this.#receives) {
        this.#waiting.delete(message.id);
        this.dead.push(message);
        continue;
      }
      if (chance() >= this.#doubles) message.visibleAtMs = nowMs + this.#visibilityMs;
      batch.push({ ...message });
    }
    return batch;
  }

  /** Forgets a message, most of the time. */
  remove({ id }: QueuedMessage): void {
    if (this.#world.chance() > 0.02) this.#waiting.delete(id);
  }

  /** Keeps a message that was received hidden for so long. */
  hide(id: number, waitMs: number): void {
    const message = this.#waiting.get(id);
    if (message) message.visibleAtMs = this.#world.nowMs + waitMs;
  }

  /** What was given up waits again, as an operator has it. */
  redrive(): void {
    for (const { body } of this.dead.splice(0)) this.send(body);
  }
}

/** A function behind a queue, from the batch to what it says of each message. */
export type Consumer = (event: { Records: object[] }, context: Context) => Promise<SQSBatchResponse>;

/** Whoever takes a queue's messages: one process for each batch, as long as there are any. */
export class QueueWorkers {
  readonly queue: WebhookQueue;
  readonly #world: World;
  readonly #batchSize: number;
  readonly #open: (caller: Caller) => Consumer;
  #wakesAtMs = 0;
  #count = 0;

  constructor(world: World, queue: WebhookQueue, batchSize: number, open: (caller: Caller) => Consumer) {
    this.queue = queue;
    this.#world = world;
    this.#batchSize = batchSize;
    this.#open = open;
  }

  send(body: string): void {
    this.queue.send(body);
    this.wake(this.#world.between(0, 100));
  }

  /** Lets a worker take a batch after `delayMs`; others follow while anything is left, whatever becomes of this one. */
  wake(delayMs: number): void {
    this.#count += 1;
    const caller = { name: `worker ${this.#count}`, skewMs: this.#world.between(-400, 400), dead: false };
    this.#world.start(caller, delayMs, async () => {
      const batch = this.queue.take(this.#batchSize);
      this.#wakeAgain();
      if (batch.length === 0) return;
      const handler = this.#open(caller);
      const answer = await handler({ Records: batch.map(recordOf) }, lambdaContext()).catch(() => undefined);
      if (caller.dead || !answer) return; // it ran out of its time: the whole batch comes again
      const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      for (const message of batch) if (!failed.has(String(message.id))) this.queue.remove(message);
      this.#wakeAgain();
    });
  }

  #wakeAgain(): void {
    const { nowMs } = this.#world;
    const nextMs = Math.max(nowMs + 1, this.queue.nextMs ?? Number.POSITIVE_INFINITY);
    const isPlanned = this.#wakesAtMs > nowMs && this.#wakesAtMs <= nextMs;
    if (isPlanned || nextMs === Number.POSITIVE_INFINITY) return;
    this.#wakesAtMs = nextMs;
    this.wake(nextMs - nowMs);
  }
}

function recordOf({ id, body, receives }: QueuedMessage): object {
  return {
    ...{ messageId: String(id), receiptHandle: String(id), body, md5OfBody: '', messageAttributes: {} },
    attributes: { ApproximateReceiveCount: String(receives) },
    ...{ eventSource: 'aws:sqs', eventSourceARN: 'arn:aws:sqs:us-east-1:111111111111:queue', awsRegion: 'us-east-1' },
  };
}
