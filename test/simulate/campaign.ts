import { type Plan, type Report, run } from './schedule.ts';

export interface Summary {
  readonly schedules: number;
  readonly failures: readonly Report[];
  /** How often each ending came. */
  readonly endings: Readonly<Record<string, number>>;
  /** Plans whose second run differed from the first (C-12). */
  readonly unsteady: readonly Plan[];
  /** Of all traces, in order: two campaigns of the same seeds have the same. */
  readonly trace: string;
}

/** Runs the given plans, every `again`-th of them twice. */
export async function campaign(plans: Iterable<Plan>, again = 100): Promise<Summary> {
  const endings: Record<string, number> = {};
  const failures: Report[] = [];
  const unsteady: Plan[] = [];
  let schedules = 0;
  let trace = 0;
  for (const plan of plans) {
    const report = await run(plan);
    schedules += 1;
    endings[report.ending] = (endings[report.ending] ?? 0) + 1;
    trace = (Math.imul(trace, 31) + report.trace) >>> 0;
    if (report.violations.length > 0) failures.push(report);
    if (schedules % again === 0 && (await run(plan)).trace !== report.trace) unsteady.push(plan);
  }
  return { schedules, failures, endings, unsteady, trace: trace.toString(16).padStart(8, '0') };
}

/** Returns `count` seeds that one seed stands for. */
export function* seedsFrom(seed: number, count: number): Generator<number> {
  for (let at = 0; at < count; at++) yield (Math.imul(seed, 0x9e3779b1) + at) >>> 0;
}
