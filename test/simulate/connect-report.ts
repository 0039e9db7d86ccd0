import { attackAll } from './connect-attacks.ts';
import { agreesWithModel } from './connect-model.ts';
import { consumedOnce } from './connect-races.ts';
import { connectLab } from './connect-world.ts';

/** Runs this many attacks (G5), half as many orders of events against the model, as many orders of 5 callbacks and a
 *  twentieth of 50 (G6), and ends the process: with 1 where one came to what must not be. */
export async function report(count: number, seed: number): Promise<never> {
  const began = performance.now();
  const attacked = await attackAll(Array.from({ length: count }, (_, at) => (seed + at) >>> 0));
  const failures = attacked.failures.map((failure) => JSON.stringify(failure));
  for (const [ending, times] of Object.entries(attacked.outcomes).sort()) console.log(`  ${times} × ${ending}`);

  const lab = connectLab();
  const share = (part: number) => Math.max(1, Math.round(count / part));
  const trials = [
    () => agreesWithModel(lab, () => lab.moment.nowMs, share(2), seed),
    () => consumedOnce(5, count, seed),
    () => consumedOnce(50, share(20), seed),
  ];
  for (const trial of trials) await trial().catch((error: Error) => failures.push(error.message));
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const sizes = `${count} attacks, ${share(2)} orders of events, ${count} of 5 callbacks, ${share(20)} of 50`;
  console.log(`seed ${seed}: ${sizes} in ${seconds} s, ${failures.length} failed`);
  for (const failure of failures.slice(0, 20)) console.log(`FAILED ${failure}`);
  process.exit(failures.length > 0 ? 1 : 0);
}
