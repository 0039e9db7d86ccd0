import { describe, expect, it } from 'vitest';
import { paceOf } from '../../../shared/syncs/pace.ts';

const since = { complete: false };

describe('the pace of a sync', () => {
  it('goes to a quarter of its own while runs find changes, and to twice its own while they find none', () => {
    const busy = [900, 450, 225, 225].map((everyS) => paceOf(everyS, { ...since, changes: 1 }, { everyS: 900 }));
    expect(busy).toEqual([450, 225, 225, 225]);
    const idle = [900, 1_125, 1_800].map((everyS) => paceOf(everyS, { ...since, changes: 0 }, { everyS: 900 }));
    expect(idle).toEqual([1_125, 1_406, 1_800]);
  });

  it('stays within what the provider wants, a minute, and a day', () => {
    expect(paceOf(300, { ...since, changes: 1 }, { everyS: 900, leastS: 240 })).toBe(240);
    expect(paceOf(60, { ...since, changes: 1 }, { everyS: 60 })).toBe(60);
    expect(paceOf(86_400, { ...since, changes: 0 }, { everyS: 50_000 })).toBe(86_400);
    expect(paceOf(200_000, { ...since, changes: 0 }, { everyS: 200_000 })).toBe(200_000);
  });

  it('is not quickened where each run reads everything', () => {
    expect(paceOf(3_600, { complete: true, changes: 1 }, { everyS: 3_600 })).toBe(3_600);
  });
});
