import { describe, expect, it, vi } from 'vitest';
import { play } from './history.ts';

vi.mock('../../../shared/core/metrics.ts', () => ({ measure: () => {} })); // thousands of runs, a line each
vi.mock('../../../shared/core/log.ts', () => ({ log: { info: () => {}, warn: () => {}, bug: () => {} } }));

// PATCHBAY_HISTORIES=10000 plays more of them, PATCHBAY_SEED=7 others; a failure names its seed.
const histories = Number(process.env.PATCHBAY_HISTORIES ?? 800);
const base = Number(process.env.PATCHBAY_SEED ?? 1);

describe('syncs over random histories', () => {
  it('E-31: whatever happens on the way, the copy ends equal to upstream and every change was told before it was written', async () => {
    const sum = { changes: 0, runs: 0, crashes: 0, events: 0 };
    for (let seed = base; seed < base + histories; seed++) {
      const { faults, counts } = await play(seed);
      expect(faults, `seed ${seed}`).toEqual([]);
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counts[key];
    }
    // A simulation that does not do what it says would pass as well.
    expect(sum.crashes).toBeGreaterThan(histories);
    expect(sum.runs).toBeGreaterThan(histories * 2);
    expect(sum.events).toBeGreaterThan(histories);
    if (process.env.PATCHBAY_HISTORIES) console.log(sum);
  }, 120_000);
});
