import { describe, expect, test, vi } from 'vitest';
import { runIsolation, runLimits, runOutage } from './calls-campaigns.ts';

vi.mock('../../shared/core/metrics.ts', () => ({ measure: () => {} }));

// What fits into the time that the suite may take; `npm run simulate -- calls` runs them at full size.
const SEED = 20_261_120;

describe('calls of many tenants at once against providers that enforce each declared limit in any window', () => {
  test('0 violations, 95 % of what is allowed is used, nothing is lost, and a message is received about twice', async () => {
    const report = await runLimits(SEED, 1_000, 20, false);
    expect(report).toMatchObject({ violations: [], open: [], lost: 0, doubled: 0, counts: { succeeded: 1_000 } });
    expect(report.used).toBeGreaterThanOrEqual(0.95);
    expect(report.receives).toBeLessThanOrEqual(2.1);
  });

  test("a limit of the owner's app, which its tenants together would break, is not, and 95 % of it is used", async () => {
    const report = await runLimits(SEED, 500, 10, false, ['google']);
    expect(report).toMatchObject({ violations: [], open: [], lost: 0, doubled: 0, counts: { succeeded: 500 } });
    expect(report.used).toBeGreaterThanOrEqual(0.95);
  });

  test('G3, E-25, E-26: with instances that die, replies that are lost and messages that come twice, one effect at most', async () => {
    const report = await runLimits(SEED, 1_000, 25, true);
    expect(report).toMatchObject({ violations: [], open: [], lost: 0, doubled: 0 });
    expect(report.crashed).toBeGreaterThan(0);
    expect((report.counts.succeeded ?? 0) + (report.counts.outcome_unknown ?? 0)).toBe(1_000);
  });
});

test('G10, E-23, E-30: an outage adds next to nothing, its backlog comes back at less than twice the steady load, and is gone in time', async () => {
  const report = await runOutage(SEED, 10, 40);
  expect(report.open).toEqual([]);
  expect(report.amplification).toBeLessThanOrEqual(1.1);
  expect(report.spike).toBeLessThanOrEqual(2);
  expect(report.drainedMin).toBeLessThanOrEqual(20);
  expect((report.counts.succeeded ?? 0) / report.asked).toBeGreaterThan(0.995);
});

describe('G11, E-24, E-29: one tenant', () => {
  test.each(['load', 'slow', 'failing'] as const)(
    '%s: the others wait at most twice as long, and none in vain',
    async (trouble) => {
      const { p99Ms, errors } = await runIsolation(SEED, 1, trouble);
      expect(errors).toBe(0);
      expect(p99Ms.beset).toBeLessThanOrEqual(2 * p99Ms.quiet);
    },
  );
});
