import { isDeepStrictEqual } from 'node:util';
import { playRecords } from './records.ts';

/** Plays this many histories of records and ends the process: with 1, and their seeds, where a record was not the newest. */
export async function report(count: number, seed: number): Promise<never> {
  const began = performance.now();
  const failed: number[] = [];
  for (let at = seed; at < seed + count; at++) {
    const { kept, truth } = await playRecords(at);
    if (!isDeepStrictEqual(kept, truth)) failed.push(at);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`seed ${seed}: ${count} histories in ${seconds} s`);
  if (failed.length > 0) console.log(`FAILED ${failed.length}: ${failed.slice(0, 20).join(' ')}`);
  process.exit(failed.length > 0 ? 1 : 0);
}
