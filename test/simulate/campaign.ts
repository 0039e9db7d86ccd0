/** What one plan came to. */
export interface Report<Plan> {
  readonly plan: Plan;
  readonly violations: readonly string[];
  /** How it ended, in a few words. */
  readonly ending: string;
  readonly trace: number;
}

export interface Summary<Plan> {
  readonly schedules: number;
  readonly failures: readonly Report<Plan>[];
  /** How often each ending came. */
  readonly endings: Readonly<Record<string, number>>;
  /** Plans whose second run differed from the first (C-12). */
  readonly unsteady: readonly Plan[];
  /** Of all traces, in order: two campaigns of the same seeds have the same. */
  readonly trace: string;
}

/** Runs the given plans, every `again`-th of them twice. */
export async function campaign<Plan>(
  run: (plan: Plan) => Promise<Report<Plan>>,
  plans: Iterable<Plan>,
  again = 100,
): Promise<Summary<Plan>> {
  const endings: Record<string, number> = {};
  const failures: Report<Plan>[] = [];
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

/** Returns what broke in a campaign, its plans included, ready to be compared with nothing. */
export function faultsOf<Plan>({ failures, unsteady }: Summary<Plan>): string[] {
  const broken = failures.map(({ plan, violations }) => `${violations.join('; ')} in ${JSON.stringify(plan)}`);
  return [...broken, ...unsteady.map((plan) => `C-12 in ${JSON.stringify(plan)}`)].slice(0, 20);
}

/** Returns `count` seeds that one seed stands for. */
export function* seedsFrom(seed: number, count: number): Generator<number> {
  for (let at = 0; at < count; at++) yield (Math.imul(seed, 0x9e3779b1) + at) >>> 0;
}
