import { beforeAll, expect, test } from 'vitest';
import { campaign, faultsOf, seedsFrom } from './campaign.ts';
import { regressionsOf } from './regressions.ts';

/** What fits well into the time that the suite may take; `npm run simulate` runs as many as wanted. */
const SCHEDULES = 800;
const SEED = 20_261_120;

let schedule: typeof import('./schedule.ts');

beforeAll(async () => {
  // Failed refreshes are what is simulated: their log lines say nothing new here.
  Object.assign(process.env, { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' });
  schedule = await import('./schedule.ts');
});

const runSeeds = (seeds: Iterable<number>) => campaign(schedule.run, [...seeds].map(schedule.planOf));

test('schedules that once failed do not fail again', async () => {
  expect(faultsOf(await runSeeds(regressionsOf('refresh')))).toEqual([]);
});

test('one fault of any kind, at any request of a refresh, breaks no invariant (C-01 … C-12)', {
  timeout: 120_000,
}, async () => {
  const summary = await campaign(schedule.run, schedule.singleFaults());
  expect(faultsOf(summary)).toEqual([]);
  expect(summary.schedules).toBeGreaterThan(2_000);
});

test(`${SCHEDULES} random schedules of up to five faults break no invariant (C-01 … C-12)`, {
  timeout: 120_000,
}, async () => {
  const summary = await runSeeds(seedsFrom(SEED, SCHEDULES));
  expect(faultsOf(summary)).toEqual([]);
  expect(summary.schedules).toBe(SCHEDULES);
  const endings = Object.keys(summary.endings).sort(); // the simulation reaches what it is about
  expect(endings).toEqual(['active', 'gone', 'needs_reauth: grant_revoked', 'needs_reauth: rotation_lost']);
});

test('the same seed gives the same trace, another seed another one (C-12)', async () => {
  const trace = async (seed: number) => (await runSeeds(seedsFrom(seed, 50))).trace;
  expect(await trace(1)).toBe(await trace(1));
  expect(await trace(1)).not.toBe(await trace(2));
});
