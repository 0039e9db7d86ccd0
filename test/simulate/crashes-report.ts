import { runPairs, steps } from './crashes.ts';

/** Runs every pair of faults in every step, prints what was found, and ends the process: with 1 where a state was not meant to be. */
export async function report(): Promise<never> {
  const began = performance.now();
  const faults: string[] = [];
  let runs = 0;
  for (const step of steps) {
    const found = await runPairs(step);
    console.log(`${step}: ${found.runs} pairs of faults, ${found.faults.length} failed`);
    for (const fault of found.faults.slice(0, 20)) console.log(`FAILED ${fault}`);
    faults.push(...found.faults);
    runs += found.runs;
  }
  console.log(`${runs} runs in ${((performance.now() - began) / 1000).toFixed(1)} s, ${faults.length} failed`);
  process.exit(faults.length > 0 ? 1 : 0);
}
