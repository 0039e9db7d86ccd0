import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import type { Summary } from './campaign.ts';
import type { Plan } from './schedule.ts';

/** What fits well into the time that the suite may take; `npm run simulate` runs as many as wanted. */
const SCHEDULES = 20_000;
const SEED = 20_261_120;

let campaign: typeof import('./campaign.ts');
let schedule: typeof import('./schedule.ts');

beforeAll(async () => {
  // Failed refreshes are what is simulated: their log lines say nothing new here.
  Object.assign(process.env, { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' });
  campaign = await import('./campaign.ts');
  schedule = await import('./schedule.ts');
});

function faultsOf({ failures, unsteady }: Summary): string[] {
  const broken = failures.map(({ plan, violations }) => `${violations.join('; ')} in ${describePlan(plan)}`);
  return [...broken, ...unsteady.map((plan) => `C-12 in ${describePlan(plan)}`)].slice(0, 20);
}

function describePlan({ seed, behaviour, faults, ...rest }: Plan): string {
  return JSON.stringify({ seed, behaviour: behaviour.name, ...rest, faults });
}

test('schedules that once failed do not fail again', async () => {
  const seeds: number[] = JSON.parse(readFileSync(new URL('regressions.json', import.meta.url), 'utf8'));
  expect(faultsOf(await campaign.campaign(seeds.map(schedule.planOf)))).toEqual([]);
});

test('one fault of any kind, at any request of a refresh, breaks no invariant (C-01 … C-12)', {
  timeout: 120_000,
}, async () => {
  const summary = await campaign.campaign(schedule.singleFaults());
  expect(faultsOf(summary)).toEqual([]);
  expect(summary.schedules).toBeGreaterThan(2_000);
});

test(`${SCHEDULES} random schedules of up to five faults break no invariant (C-01 … C-12)`, {
  timeout: 120_000,
}, async () => {
  const summary = await campaign.campaign([...campaign.seedsFrom(SEED, SCHEDULES)].map(schedule.planOf));
  expect(faultsOf(summary)).toEqual([]);
  expect(summary.schedules).toBe(SCHEDULES);
  const endings = Object.keys(summary.endings).sort(); // the simulation reaches what it is about
  expect(endings).toEqual(['active', 'gone', 'needs_reauth: grant_revoked', 'needs_reauth: rotation_lost']);
});

test('the same seed gives the same trace, another seed another one (C-12)', async () => {
  const trace = async (seed: number) =>
    (await campaign.campaign([...campaign.seedsFrom(seed, 50)].map(schedule.planOf))).trace;
  expect(await trace(1)).toBe(await trace(1));
  expect(await trace(1)).not.toBe(await trace(2));
});
