import type { Pace, Slot } from '../calls/admit.ts';
import { afterAnswer, afterFault } from '../calls/circuit.ts';
import type { Admission, LimitRows } from '../calls/limit-row.ts';
import type { Moment } from '../core/clock.ts';
import { deliveriesKey } from '../core/keys.ts';
import type { Verdict } from './judge.ts';
import type { Subscription } from './subscription.ts';

export interface Gate {
  /** Whether one more may go there now; else after which wait, with the turn that is kept for it. */
  readonly enter: (
    subscription: Pick<Subscription, 'id' | 'perSecond'>,
    slot: Slot | undefined,
    moment: Moment,
  ) => Promise<Admission>;
  /** Takes note of how it went. */
  readonly note: (id: string, verdict: Verdict, probe: boolean | undefined, moment: Moment) => Promise<void>;
}

/** Returns what stands before each subscription: its rate, the time it asked to be left alone, and a circuit that keeps
 *  what is dead from costing more than a probe now and then. One row of the limits for each. */
export function openGate(rows: LimitRows): Gate {
  return {
    enter({ id, perSecond }, slot, moment) {
      const everyMs = Math.ceil(1_000 / perSecond);
      const pace: Pace = { name: 't0', everyMs, aheadMs: (perSecond - 1) * everyMs };
      return rows.pass(deliveriesKey(id), { paces: [pace], slot, believedMs: 0 }, moment);
    },

    async note(id, verdict, probe = false, moment) {
      const { nowMs } = moment;
      const key = deliveriesKey(id);
      if (verdict.kind === 'accepted') {
        if (probe) await rows.change(key, (it) => afterAnswer(it, nowMs), nowMs);
        return;
      }
      const fault = { source: id, probe, mostOfOne: Number.POSITIVE_INFINITY }; // there is one receiver, and it is this
      await rows.change(key, (it) => afterFault(it, fault, moment), nowMs);
      if (verdict.retryAfterMs > 0) await rows.block(key, nowMs + verdict.retryAfterMs, nowMs);
    },
  };
}
