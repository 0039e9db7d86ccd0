import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fakeKms } from '../support/kms.ts';
import { runRotation, sequences } from './rotation.ts';

/** What fits into the time that the suite may take; `npm run simulate -- rotate` runs as many as wanted. */
const SEQUENCES = 250;

test(`${SEQUENCES} sequences of refreshes, reads and rotations that crash and go on lose no token and leave no old key (B-11, G13)`, {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(sequences, async (steps) => {
      fakeKms();
      expect(await runRotation(steps)).toEqual([]);
    }),
    { numRuns: SEQUENCES, seed: 20_261_120 },
  );
});
