import { runIsolation, runLimits, runOutage } from './calls-campaigns.ts';
import { runCalls } from './calls-load.ts';

/** Runs every campaign of calls at full size and ends the process: with 1 where a budget was not kept. */
export async function report(calls: number, seed: number): Promise<never> {
  const faults: string[] = [];
  const check = (name: string, held: boolean) => {
    if (!held) faults.push(name);
  };
  for (const broken of [false, true]) {
    const { violations, open, doubled, lost, used, receives, counts, crashed } = await timed(
      `${calls} calls of 50 tenants${broken ? ', instances that die' : ''}`,
      () => runLimits(seed, calls, 50, broken),
    );
    check(`limits: ${violations.length} violations, ${violations[0]}`, violations.length === 0);
    check(
      `calls that never ended: ${open.length}; lost: ${lost}; done twice: ${doubled}`,
      open.length + lost + doubled === 0,
    );
    check(`${(used * 100).toFixed(1)} % of the limits used`, used >= 0.95);
    check(`a message was received ${receives.toFixed(2)} times`, receives <= 2.1);
    console.log(
      `  ${JSON.stringify({ counts, crashed, used: Number(used.toFixed(3)), receives: Number(receives.toFixed(2)) })}`,
    );
  }
  const outage = await timed('an outage of an hour, 1,000 calls a minute', () => runOutage(seed, 60, 1_000));
  console.log(`  ${JSON.stringify({ ...outage, open: outage.open.length })}`);
  check(`amplification ${outage.amplification}`, outage.amplification <= 1.1);
  check(`spike ${outage.spike}`, outage.spike <= 2);
  check(`calls that never ended: ${outage.open.length}`, outage.open.length === 0);
  for (const trouble of ['load', 'slow', 'failing'] as const) {
    const one = await timed(`one tenant: ${trouble}`, () => runIsolation(seed, 10, trouble));
    console.log(`  ${JSON.stringify(one)}`);
    check(`${trouble}: ${JSON.stringify(one)}`, one.errors === 0 && one.p99Ms.beset <= 2 * one.p99Ms.quiet);
  }
  for (const fault of faults) console.log(`FAILED ${fault}`);
  process.exit(faults.length > 0 ? 1 : 0);
}

/** `count` calls on the running hub, 64 requests at a time, while providers fail and workers are killed. */
export async function reportLoad(count: number, seed: number): Promise<never> {
  const { faults, counts, attempts, seconds, p50Ms, p99Ms, killed, again, endedAfterS } = await runCalls(
    count,
    seed,
    (text) => console.log(`  ${text}`),
  );
  for (const fault of faults.slice(0, 20)) console.log(`FAILED ${fault}`);
  console.log(
    `seed ${seed}: ${count} calls in ${seconds.toFixed(1)} s, ${killed} kills, ${again} requests sent again; made at once: ` +
      `${p50Ms.toFixed(0)} ms (median), ${p99Ms.toFixed(0)} ms (p99)`,
  );
  console.log(`  ${attempts} attempts: ${JSON.stringify(counts)}`);
  console.log(`  all had ended ${endedAfterS.toFixed(1)} s after the last answer; ${faults.length} faults`);
  process.exit(faults.length > 0 ? 1 : 0);
}

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const value = await work();
  console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return value;
}
