import { campaign, faultsOf, type Report, type Summary, seedsFrom } from './campaign.ts';
import { keepRegressions, regressionsOf } from './regressions.ts';

/** Runs this many schedules, those that once failed first, or one alone, and ends the process: with 1 where an invariant
 *  was broken. */
export async function reportCampaign<Plan extends { readonly seed: number }>(
  what: Parameters<typeof keepRegressions>[0],
  { planOf, run }: { planOf(seed: number): Plan; run(plan: Plan): Promise<Report<Plan>> },
  { count, seed, only }: { readonly count: number; readonly seed: number; readonly only?: number },
): Promise<never> {
  const seeds = only === undefined ? [...regressionsOf(what), ...seedsFrom(seed, count)] : [only];
  const began = performance.now();
  const summary = await campaign(run, seeds.map(planOf));
  const failed = print(`seed ${seed}`, summary, performance.now() - began);
  if (failed.length > 0 && only === undefined) {
    keepRegressions(
      what,
      failed.map((plan) => plan.seed),
    );
  }
  process.exit(failed.length > 0 ? 1 : 0);
}

/** Prints what a campaign came to and returns the plans that broke an invariant. */
export function print<Plan>(title: string, summary: Summary<Plan>, tookMs: number): readonly Plan[] {
  const { schedules, trace, endings, failures, unsteady } = summary;
  console.log(`${title}: ${schedules} schedules in ${(tookMs / 1000).toFixed(1)} s, trace ${trace}`);
  for (const [ending, times] of Object.entries(endings).sort()) console.log(`  ${times} × ${ending}`);
  for (const fault of faultsOf(summary)) console.log(`FAILED ${fault}`);
  return [...failures.map(({ plan }) => plan), ...unsteady];
}
