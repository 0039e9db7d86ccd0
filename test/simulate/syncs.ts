import { type History, play } from '../shared/syncs/history.ts';
import type { Report } from './campaign.ts';

/** All of a random history follows from its seed. */
export interface HistoryPlan {
  readonly seed: number;
}

export const planOf = (seed: number): HistoryPlan => ({ seed });

/** Returns what one random history of a sync came to: after all faults the copy equals upstream, and each change was told
 *  before it was written (E-31). */
export async function run(plan: HistoryPlan): Promise<Report<HistoryPlan>> {
  const { faults, counts, trace } = await play(plan.seed);
  return { plan, violations: faults, ending: endingOf(counts), trace };
}

function endingOf({ webhooks, crashes }: History['counts']): string {
  return `${webhooks > 0 ? 'webhooks beside polls' : 'polls'}, ${crashes > 0 ? 'with' : 'without'} crashes`;
}
