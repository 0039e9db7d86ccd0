import { beforeAll, expect, test } from 'vitest';
import { campaign, faultsOf, seedsFrom } from './campaign.ts';
import { regressionsOf } from './regressions.ts';

/** What fits into the time that the suite may take; `npm run simulate -- webhooks` runs as many as wanted. */
const SCHEDULES = 25;
const SEED = 20_261_120;

let webhooks: typeof import('./webhooks.ts');
let outages: typeof import('./webhook-outages.ts');

beforeAll(async () => {
  // Failures are what is simulated: their log lines say nothing new here. Read by the logger as it loads.
  Object.assign(process.env, { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' });
  [webhooks, outages] = await Promise.all([import('./webhooks.ts'), import('./webhook-outages.ts')]);
});

const runSeeds = (seeds: Iterable<number>) => campaign(webhooks.run, [...seeds].map(webhooks.planOf));

test('schedules of webhooks that once failed do not fail again', async () => {
  expect(faultsOf(await runSeeds(regressionsOf('webhooks')))).toEqual([]);
});

test('one fault of any kind, at any request of receive, process and handle, loses nothing and doubles nothing (D-16, G2)', async () => {
  const summary = await campaign(webhooks.run, webhooks.singleFaults());
  expect(faultsOf(summary)).toEqual([]);
  expect(summary.schedules).toBeGreaterThan(300);
});

test(`${SCHEDULES * 25} webhooks through a queue that repeats, reorders and forgets, with up to five faults each 25: what was acknowledged is processed, once (D-08, D-16, G3)`, async () => {
  const summary = await runSeeds(seedsFrom(SEED, SCHEDULES));
  expect(faultsOf(summary)).toEqual([]);
  expect(summary.schedules).toBe(SCHEDULES);
  expect(Object.keys(summary.endings)).toEqual(expect.arrayContaining(['drained', 'drained, some verified late']));
});

test('the same seed gives the same trace, another seed another one', async () => {
  const trace = async (seed: number) => (await runSeeds(seedsFrom(seed, 5))).trace;
  expect(await trace(1)).toBe(await trace(1));
  expect(await trace(1)).not.toBe(await trace(2));
});

test('with Secrets Manager, KMS, a table, S3 or EventBridge down for five minutes, and each pair, warm and cold: all is acknowledged, and drained ten minutes later (G12)', async () => {
  const found: string[] = [];
  for (const situation of outages.situations) found.push(...(await outages.faultsIn(situation, 12)));
  expect(found).toEqual([]);
  expect(outages.situations).toHaveLength(56);
});

test('with SQS down nothing is acknowledged, whatever the instances know', async () => {
  const { answers } = await outages.runOutage(['send'], 'warm', 20);
  expect(answers).toEqual({ 503: 20 });
});
