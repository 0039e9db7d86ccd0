import { createHash } from 'node:crypto';
import type { Moment } from '../../shared/core/clock.ts';

/** Returns a moment whose clock is moved by hand and whose chance repeats; sleeping moves the clock. */
export function testMoment(startMs = Date.parse('2026-11-20T10:00:00.000Z')): Moment & { nowMs: number } {
  let count = 0;
  const moment = {
    nowMs: startMs,
    token: (bytes = 32) => {
      count += 1;
      const blocks = Array.from({ length: Math.ceil(bytes / 32) }, (_, at) =>
        createHash('sha256').update(`${count}.${at}`).digest(),
      );
      return Buffer.concat(blocks).subarray(0, bytes).toString('base64url');
    },
    chance: () => 0.5,
    async sleep(ms: number) {
      moment.nowMs += ms;
    },
  };
  return moment;
}
