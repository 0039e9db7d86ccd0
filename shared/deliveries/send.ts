import type { Vault } from '../connections/vault.ts';
import type { Bus } from '../core/bus.ts';
import type { Moment } from '../core/clock.ts';
import type { Send } from '../core/fetch.ts';
import { log } from '../core/log.ts';
import { measure } from '../core/metrics.ts';
import { amend } from './amend.ts';
import type { DeliveryMessage } from './contract.ts';
import {
  type Attempt,
  claimed,
  type Delivery,
  delivered,
  failed,
  held,
  parked,
  reopened,
  waiting,
} from './delivery.ts';
import { disable } from './disable.ts';
import type { Gate } from './gate.ts';
import { attemptOf, judge } from './judge.ts';
import { requestOf } from './request.ts';
import type { DeliveryStore } from './store.ts';
import { better, isLost, worse } from './subscription.ts';

export interface SendPorts {
  readonly store: DeliveryStore;
  readonly vault: Pick<Vault, 'open'>;
  readonly gate: Gate;
  readonly send: Send;
  readonly bus: Pick<Bus, 'publish'>;
}

/** What becomes of the message: it is done with, or comes back in `waitMs`. */
export type Fate = 'settle' | { readonly waitMs: number };

/** Standard Webhooks asks for 15 to 30 s. */
const TIMEOUT_MS = 20_000;
/** With less than this an attempt does not begin. */
const LEAST_MS = 1_000;
/** Kept of the function's time for writing down what came of it. */
const CLOSING_MS = 5_000;
/** After the function's end nobody works on the delivery: the claim ends a little later. */
const CLAIM_MARGIN_MS = 1_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
/** A message that is this early is not a second one: its clock is not ours. */
const EARLY_MS = 5_000;
/** Shorter waits are slept. */
const NAP_MS = 1_000;
/** A message waits hidden for at most this long; a longer wait is the tick's. */
const LONGEST_HIDE_MS = 15 * 60_000;
/** Each wait is a receive, and the queue gives up on a message after ten: from here on the tick brings a new one. */
const MOST_RECEIVES = 7;

/** Returns what becomes of the message, after the delivery that it names was attempted if it was time. Received any number
 *  of times, the event is sent until it is accepted once, or every attempt has failed. */
export async function send(
  message: DeliveryMessage,
  { receives, remainingMs }: { readonly receives: number; readonly remainingMs: number },
  ports: SendPorts,
  moment: Moment,
): Promise<Fate> {
  const { store } = ports;
  const deliveries = store.deliveriesOf(message.subscription);
  const delivery = await deliveries.get(message.event);
  if (delivery?.status !== 'pending' || (delivery.claimedUntilMs ?? 0) > moment.nowMs) return 'settle';
  const earlyMs = (delivery.notBeforeMs ?? 0) - moment.nowMs;
  if (earlyMs > 0) return earlyMs <= EARLY_MS ? { waitMs: earlyMs } : 'settle';
  const timeoutMs = Math.min(TIMEOUT_MS, remainingMs - CLOSING_MS);
  if (timeoutMs < LEAST_MS) return { waitMs: 0 };
  // Whoever had it may have sent it, and did not live to say so: that counts, or it could go on for ever.
  if (delivery.claimedUntilMs !== undefined)
    return fail(delivery, { atMs: moment.nowMs, ms: 0, error: 'interrupted' }, 0);

  const [subscription, event] = await Promise.all([
    store.subscriptions.get(message.subscription),
    store.eventsOf(delivery.tenant).get(message.event),
  ]);
  if (!subscription || !event) {
    await deliveries.remove(message.event); // deleted, or its tenant erased: nothing to send, or nowhere
    return 'settle';
  }
  if (!subscription.enabled) return hold(held(delivery));

  const admission = await ports.gate.enter(subscription, delivery.slot, moment);
  if (admission.waitMs > NAP_MS) return rest(waiting(delivery, moment.nowMs + admission.waitMs, admission.slot));
  if (admission.waitMs > 0) await moment.sleep(admission.waitMs);
  const mine = claimed(delivery, moment.nowMs + remainingMs + CLAIM_MARGIN_MS);
  const request = await requestOf(event, subscription, ports.vault, moment);
  if (!(await deliveries.save(mine))) return 'settle';

  const startMs = moment.nowMs;
  const verdict = judge(await ports.send({ ...request, timeoutMs, maxBytes: MAX_ANSWER_BYTES }), moment.nowMs);
  const attempt = attemptOf(verdict, startMs, moment.nowMs);
  measure('Delivery', { outcome: verdict.kind });
  measure('DeliveryLatency', {}, attempt.ms, 'Milliseconds');

  if (verdict.kind === 'accepted') {
    await deliveries.save(delivered(mine, attempt));
    await ports.gate.note(subscription.id, verdict, admission.probe, moment);
    if (better(subscription) !== subscription) await amend(store.subscriptions, subscription.id, better);
    return 'settle';
  }
  await ports.gate.note(subscription.id, verdict, admission.probe, moment);
  const fares = await amend(store.subscriptions, subscription.id, (it) => worse(it, moment.nowMs));
  const reason = verdict.kind === 'gone' ? 'gone' : fares && isLost(fares, moment.nowMs) ? 'failing' : undefined;
  if (reason) {
    await disable(subscription, reason, ports, moment);
    return hold(held(mine, attempt));
  }
  return fail(mine, attempt, verdict.retryAfterMs);

  function fail(from: Delivery, attempt: Attempt, retryAfterMs: number): Promise<Fate> {
    const next = failed(from, attempt, retryAfterMs, moment);
    if (next.status === 'exhausted') {
      measure('Delivery', { outcome: 'exhausted' });
      log.warn('an event was not delivered', { ...message, tenant: next.tenant });
    }
    return rest(next);
  }

  /** Writes the delivery down; its message waits hidden where that is short, else the tick brings another. */
  async function rest(next: Delivery): Promise<Fate> {
    const ended = next.status !== 'pending';
    const waitMs = Math.max(0, (next.notBeforeMs ?? 0) - moment.nowMs);
    const hides = !ended && waitMs <= LONGEST_HIDE_MS && receives < MOST_RECEIVES;
    const saved = await deliveries.save(ended || hides ? next : parked(next));
    return saved && hides ? { waitMs } : 'settle';
  }

  /** Whoever enables the subscription walks over what is held: this row may have come behind its back. */
  async function hold(next: Delivery): Promise<Fate> {
    if (!(await deliveries.save(next))) return 'settle';
    const now = await store.subscriptions.get(next.subscriptionId);
    return now?.enabled ? rest(reopened(next, moment.nowMs)) : 'settle';
  }
}
