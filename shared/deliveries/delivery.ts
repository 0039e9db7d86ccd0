import type { Slot } from '../calls/admit.ts';
import { iso, type Moment } from '../core/clock.ts';
import type { deliveryStatuses } from './contract.ts';

export type DeliveryStatus = (typeof deliveryStatuses)[number];

export interface Attempt {
  readonly atMs: number;
  readonly ms: number;
  readonly status?: number;
  /** Why it failed; absent where it did not. */
  readonly error?: string;
  /** The beginning of a refusing answer: for the owner alone. */
  readonly answer?: string;
}

/** One event on its way to one subscription, as stored; times in ms since the epoch. */
export interface Delivery {
  readonly subscriptionId: string;
  readonly event: string;
  readonly type: string;
  readonly tenant: string;
  readonly status: DeliveryStatus;
  /** The last ones that were made. */
  readonly attempts: readonly Attempt[];
  /** Attempts since it came, or was last sent again by hand. */
  readonly tries: number;
  /** The subscription's rate has this turn reserved for it. */
  readonly slot?: Slot;
  /** Not tried before this. */
  readonly notBeforeMs?: number;
  /** Until then somebody works on it. */
  readonly claimedUntilMs?: number;
  /** When the tick hands it over again; absent once there is nothing to send. */
  readonly dueAtMs?: number;
  readonly createdAtMs: number;
  /** Grows with each write. */
  readonly version: number;
}

const S = 1_000;
const MINUTE_MS = 60 * S;
const HOUR_MS = 60 * MINUTE_MS;
/** Between the attempts: ten of them, over 75 hours (Standard Webhooks, "Deliverability and reliability"). */
export const SCHEDULE_MS = [
  ...[5 * S, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS],
  ...[10 * HOUR_MS, 14 * HOUR_MS, 20 * HOUR_MS, 24 * HOUR_MS],
] as const;
/** A tenth earlier or later, so that what failed together does not come back together. */
export const JITTER = 0.1;
/** One whose message was lost is handed over again this long after its time. */
export const GRACE_MS = 2 * MINUTE_MS;
/** One that waits in the queue is handed over again after this. */
export const QUEUE_PATIENCE_MS = 10 * MINUTE_MS;
const KEPT_ATTEMPTS = 20;

/** Returns the delivery of an event that has just come. */
export function born(
  about: Pick<Delivery, 'subscriptionId' | 'event' | 'type' | 'tenant'>,
  { nowMs }: Pick<Moment, 'nowMs'>,
): Delivery {
  const due = { dueAtMs: nowMs + QUEUE_PATIENCE_MS };
  return { ...about, status: 'pending', attempts: [], tries: 0, ...due, createdAtMs: nowMs, version: 1 };
}

/** Returns the delivery while one worker sends it: nobody else does before `untilMs`. */
export function claimed(delivery: Delivery, untilMs: number): Delivery {
  // When it is due by now is late enough, most of the time: an index that does not change costs nothing.
  return next(delivery, { claimedUntilMs: untilMs, dueAtMs: Math.max(delivery.dueAtMs ?? 0, untilMs) });
}

/** Returns the delivery as it waits until `notBeforeMs`, without an attempt. */
export function waiting(delivery: Delivery, notBeforeMs: number, slot?: Slot): Delivery {
  return next(delivery, { ...idle, slot, notBeforeMs, dueAtMs: notBeforeMs + GRACE_MS });
}

/** Returns the delivery as it waits without a message: the tick brings one in time. */
export function parked(delivery: Delivery): Delivery {
  return { ...delivery, dueAtMs: delivery.notBeforeMs };
}

/** Returns the delivery after an attempt that the receiver accepted. */
export function delivered(delivery: Delivery, attempt: Attempt): Delivery {
  return next(tried(delivery, attempt), { ...over, status: 'delivered' });
}

/** Returns the delivery after an attempt that failed: to be tried at `notBeforeMs`, or `exhausted` after the last one. */
export function failed(delivery: Delivery, attempt: Attempt, retryAfterMs: number, moment: Moment): Delivery {
  const after = tried(delivery, attempt);
  const delayMs = SCHEDULE_MS[after.tries - 1];
  if (delayMs === undefined) return next(after, { ...over, status: 'exhausted' });
  const jitteredMs = Math.ceil(delayMs * (1 - JITTER + 2 * JITTER * moment.chance()));
  const waitMs = Math.max(jitteredMs, retryAfterMs);
  const notBeforeMs = moment.nowMs + waitMs;
  return next(after, { ...idle, notBeforeMs, dueAtMs: notBeforeMs + GRACE_MS });
}

/** Returns the delivery as it is kept while its subscription is disabled. */
export function held(delivery: Delivery, attempt?: Attempt): Delivery {
  return next(attempt ? tried(delivery, attempt) : delivery, { ...over, status: 'held' });
}

/** Returns the delivery as it begins anew: the same event under the same id, all attempts ahead. */
export function reopened(delivery: Delivery, nowMs: number): Delivery {
  return next(delivery, { ...over, status: 'pending', tries: 0, dueAtMs: nowMs + QUEUE_PATIENCE_MS });
}

/** Returns the delivery as a tick hands it over: in the queue from now on. */
export function handedOver(delivery: Delivery, nowMs: number): Delivery {
  return next(delivery, { dueAtMs: nowMs + QUEUE_PATIENCE_MS });
}

const idle = { claimedUntilMs: undefined, slot: undefined } as const;
const over = { ...idle, notBeforeMs: undefined, dueAtMs: undefined } as const;

function tried(delivery: Delivery, attempt: Attempt): Delivery {
  const attempts = [...delivery.attempts, attempt].slice(-KEPT_ATTEMPTS);
  return { ...delivery, attempts, tries: delivery.tries + 1 };
}

function next(delivery: Delivery, changes: Partial<Delivery>): Delivery {
  return { ...delivery, ...changes, version: delivery.version + 1 };
}

/** A delivery as the API shows it. */
export function toView({ event, type, tenant, status, attempts, notBeforeMs, createdAtMs }: Delivery) {
  return {
    ...{ event, type, tenant, status },
    attempts: attempts.map(({ atMs, ...rest }) => ({ at: iso(atMs), ...rest })),
    ...(status === 'pending' && notBeforeMs !== undefined && { nextAttemptAt: iso(notBeforeMs) }),
    createdAt: iso(createdAtMs),
  };
}
