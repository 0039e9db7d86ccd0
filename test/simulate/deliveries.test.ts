import { beforeAll, expect, test } from 'vitest';

let deliveries: typeof import('./deliveries.ts');

beforeAll(async () => {
  // Failures are what is simulated: their log lines say nothing new here. Read by the logger as it loads.
  Object.assign(process.env, { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' });
  deliveries = await import('./deliveries.ts');
});

test.each(['refused once', 'gone and enabled', 'silent, then taken'] as const)(
  'G2: a fault of any kind at any request loses no event and tells of no disabling twice: %s',
  async (flow) => {
    const { runs, faults } = await deliveries.runStrikes(flow);
    expect(faults).toEqual([]);
    expect(runs).toBeGreaterThan(40);
  },
);

test('G.3: of a tenant that is erased while its event is on its way nothing stays, whatever fails beside that', async () => {
  const { runs, faults } = await deliveries.runErasures();
  expect(faults).toEqual([]);
  expect(runs).toBeGreaterThan(100);
});

test('G3: every event of every subscription is accepted, or exhausted, under faults, duplicates and redelivery', async () => {
  const summary = await deliveries.runLoad({ seed: 7, subscriptions: 20, events: 30 });
  expect(summary.faults).toEqual([]);
  expect(summary.deliveries).toBe(600);
  expect(summary.statuses.exhausted).toBeGreaterThan(50);
  expect(summary.struck).toBeGreaterThan(50);
});
