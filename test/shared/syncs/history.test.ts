import { describe, expect, it, vi } from 'vitest';
import { regressionsOf } from '../../simulate/regressions.ts';
import { play } from './history.ts';

vi.mock('../../../shared/core/metrics.ts', () => ({ measure: () => {} })); // thousands of runs, a line each

/** What fits into the time that the suite may take; `npm run simulate -- syncs` plays as many as wanted. */
const HISTORIES = 250;

describe('syncs over random histories', () => {
  it('that once failed do not fail again', async () => {
    for (const seed of regressionsOf('syncs')) expect((await play(seed)).faults, `seed ${seed}`).toEqual([]);
  });

  it('E-31: whatever happens on the way, the copy ends equal to upstream and every change was told before it was written', async () => {
    const sum = { changes: 0, runs: 0, crashes: 0, events: 0, webhooks: 0, sweeps: 0, refused: 0, removals: 0 };
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const { faults, counts } = await play(seed);
      expect(faults, `seed ${seed}`).toEqual([]);
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counts[key];
    }
    // A simulation that does not do what it says would pass as well.
    expect(sum.crashes).toBeGreaterThan(HISTORIES);
    expect(sum.runs).toBeGreaterThan(HISTORIES * 2);
    expect(sum.events).toBeGreaterThan(HISTORIES);
    expect(sum.webhooks).toBeGreaterThan(HISTORIES);
    expect(sum.sweeps).toBeGreaterThan(HISTORIES);
    expect(sum.refused).toBeGreaterThan(HISTORIES / 5);
    expect(sum.removals).toBeGreaterThan(HISTORIES / 2);
  }, 120_000);

  it('are the same for the same seed, and others for another', async () => {
    const trace = async (seed: number) => (await play(seed)).trace;
    expect(await trace(1)).toBe(await trace(1));
    expect(await trace(1)).not.toBe(await trace(2));
  });
});
