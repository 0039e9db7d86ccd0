import fc from 'fast-check';
import { fakeKms } from '../support/kms.ts';
import { runRotation, sequences } from './rotation.ts';

/** Runs this many sequences and ends the process: with 1, and the shortest sequence, where an invariant was broken. */
export async function report(count: number, seed: number): Promise<never> {
  const began = performance.now();
  const sequence = fc.asyncProperty(sequences, async (steps) => {
    fakeKms();
    const faults = await runRotation(steps);
    if (faults.length > 0) throw new Error(faults.join('; '));
  });
  const result = await fc.check(sequence, { numRuns: count, seed });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`seed ${seed}: ${result.numRuns} sequences in ${seconds} s`);
  if (result.failed) console.log(`FAILED ${result.errorInstance}: ${JSON.stringify(result.counterexample)}`);
  process.exit(result.failed ? 1 : 0);
}
