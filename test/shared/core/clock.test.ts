import { expect, test, vi } from 'vitest';
import { within } from '../../../shared/core/clock.ts';

test('within gives what comes in time, passes a failure on, and throws when nothing comes; no timer is left behind', async () => {
  vi.useFakeTimers();
  try {
    expect(await within(Promise.resolve(1), 1_000)).toBe(1);
    await expect(within(Promise.reject(new Error('mine')), 1_000)).rejects.toThrow('mine');
    expect(vi.getTimerCount()).toBe(0);
    const late = expect(within(new Promise(() => undefined), 1_000)).rejects.toThrow('nothing within 1000 ms');
    await vi.advanceTimersByTimeAsync(1_000);
    await late;
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
