import { iso, type Moment } from '../core/clock.ts';
import type { HubEvent } from '../core/event.ts';
import { covers } from './contract.ts';
import type { DeliveryStatus } from './delivery.ts';
import type { KeyPair } from './signing-key.ts';

/** `paused`: by the owner; `gone`: it answered 410; `failing`: nothing was accepted for five days. */
export type DisabledReason = 'paused' | 'gone' | 'failing';

/** A walk over what was delivered, or was not, to send it again. */
export interface Resend {
  /** What was attempted after this, its own work among it, is left alone. */
  readonly startedAtMs: number;
  readonly sinceMs: number;
  /** Of these alone; absent: whatever is not under way. */
  readonly status?: DeliveryStatus;
  readonly cursor?: string;
}

/** What the owner wants to be told, and where; how it fares. Times in ms since the epoch. */
export interface Subscription {
  readonly id: string;
  readonly url: string;
  readonly types: readonly string[];
  /** Events of these alone; absent: of all. */
  readonly tenants?: readonly string[];
  readonly perSecond: number;
  readonly enabled: boolean;
  readonly reason?: DisabledReason;
  /** The newest last. */
  readonly keys: readonly KeyPair[];
  /** Since then nothing was accepted. */
  readonly failingSinceMs?: number;
  readonly resend?: Resend;
  /** When the tick goes on with `resend`. */
  readonly dueAtMs?: number;
  readonly enabledAtMs: number;
  readonly createdAtMs: number;
  /** Grows with each write. */
  readonly version: number;
}

/** After this long without one success a subscription is disabled. */
export const FAILING_MS = 5 * 24 * 60 * 60_000;
/** The tick goes on with a walk whose request or tick did not come to its end. */
const WALK_PATIENCE_MS = 60_000;

/** Returns whether the event is to be sent there. */
export function wants({ types, tenants }: Subscription, event: Pick<HubEvent, 'type' | 'tenant'>): boolean {
  // A test goes to the subscription that it is made for, and no other.
  if (event.type === 'subscription.test') return false;
  return (!tenants || tenants.includes(event.tenant)) && types.some((pattern) => covers(pattern, event.type));
}

/** Returns a new subscription, enabled. */
export function created(
  wishes: Pick<Subscription, 'id' | 'url' | 'types' | 'tenants' | 'perSecond'>,
  keys: KeyPair,
  { nowMs }: Pick<Moment, 'nowMs'>,
): Subscription {
  const times = { enabledAtMs: nowMs, createdAtMs: nowMs };
  return { ...wishes, enabled: true, keys: [keys], ...times, version: 1 };
}

/** Returns the subscription as its owner wants it. Enabling it forgets that it failed, and sends what was held. */
export function changed(
  subscription: Subscription,
  wishes: Partial<Pick<Subscription, 'url' | 'types' | 'perSecond' | 'enabled'>> & {
    readonly tenants?: readonly string[] | null;
  },
  nowMs: number,
): Subscription {
  const { enabled = subscription.enabled, tenants = subscription.tenants, ...rest } = wishes;
  const wished = { ...rest, tenants: tenants ?? undefined };
  if (enabled === subscription.enabled) return after(subscription, wished);
  if (!enabled) return after(subscription, { ...wished, ...off('paused') });
  const held = walk({ startedAtMs: nowMs, sinceMs: 0, status: 'held' }, nowMs);
  const on = { enabled, reason: undefined, failingSinceMs: undefined, enabledAtMs: nowMs };
  return after(subscription, { ...wished, ...on, ...held });
}

/** Returns the subscription to which nothing is sent until its owner enables it. */
export function disabled(subscription: Subscription, reason: DisabledReason): Subscription {
  return subscription.enabled ? after(subscription, off(reason)) : subscription;
}

function off(reason: DisabledReason): Partial<Subscription> {
  return { enabled: false, reason, ...walk(undefined, 0) };
}

/** Returns the subscription with a key more; the others sign until `untilMs`, and go when that is over. */
export function rotated(subscription: Subscription, key: KeyPair, nowMs: number, untilMs: number): Subscription {
  const old = subscription.keys.filter((one) => isLive(one, nowMs));
  const ending = old.map((one) => ({ ...one, untilMs: Math.min(one.untilMs ?? untilMs, untilMs) }));
  return after(subscription, { keys: [...ending.filter((one) => isLive(one, nowMs)), key] });
}

export function isLive({ untilMs }: KeyPair, nowMs: number): boolean {
  return untilMs === undefined || untilMs > nowMs;
}

/** Returns the subscription after an attempt that failed; the same where others have before. */
export function worse(subscription: Subscription, nowMs: number): Subscription {
  return subscription.failingSinceMs === undefined ? after(subscription, { failingSinceMs: nowMs }) : subscription;
}

/** Returns whether nothing has been accepted for so long that nobody seems to be there. */
export function isLost({ failingSinceMs }: Subscription, nowMs: number): boolean {
  return failingSinceMs !== undefined && nowMs - failingSinceMs >= FAILING_MS;
}

/** Returns the subscription after an attempt that succeeded; the same where there was nothing to mend. */
export function better(subscription: Subscription): Subscription {
  return subscription.failingSinceMs === undefined ? subscription : after(subscription, { failingSinceMs: undefined });
}

/** Returns the subscription with a walk ahead of it, or further on; without one it is done. */
export function walking(subscription: Subscription, resend: Resend | undefined, nowMs: number): Subscription {
  return after(subscription, walk(resend, nowMs));
}

function walk(resend: Resend | undefined, nowMs: number): Pick<Subscription, 'resend' | 'dueAtMs'> {
  return { resend, dueAtMs: resend && nowMs + WALK_PATIENCE_MS };
}

function after(subscription: Subscription, changes: Partial<Subscription>): Subscription {
  return { ...subscription, ...changes, version: subscription.version + 1 };
}

/** A subscription as the API shows it: its secrets never. */
export function toView(subscription: Subscription, nowMs: number) {
  const { id, url, types, tenants, perSecond, enabled, reason, keys, failingSinceMs, createdAtMs } = subscription;
  return {
    ...{ id, url, types },
    ...(tenants && { tenants }),
    ...{ perSecond, enabled },
    ...(reason && { reason }),
    ...(failingSinceMs !== undefined && { failingSince: iso(failingSinceMs) }),
    keys: keys
      .filter((one) => isLive(one, nowMs))
      .map(({ publicKey, untilMs }) => ({ publicKey, ...(untilMs !== undefined && { until: iso(untilMs) }) })),
    createdAt: iso(createdAtMs),
  };
}
