import { flows, runLoad, runStrikes } from './deliveries.ts';
import { runDeliveries } from './deliveries-load.ts';

const EVENTS = 100;

/** A hundred events to `count` subscriptions on the running hub; ends the process, with 1 where one was lost. */
export async function reportLoad(count: number): Promise<never> {
  const say = (text: string) => console.log(`  ${text}`);
  const { faults, seconds, perS, requests, refused } = await runDeliveries(count, EVENTS, say);
  for (const fault of faults.slice(0, 20)) console.log(`FAILED ${fault}`);
  console.log(
    `${count} subscriptions × ${EVENTS} events in ${seconds.toFixed(1)} s (${perS.toFixed(0)} a second): ` +
      `${requests} requests, ${refused} refused, ${faults.length} faults`,
  );
  process.exit(faults.length > 0 ? 1 : 0);
}

/** Runs a hundred events through `count` subscriptions, and every single fault; ends the process, with 1 where something
 *  was lost. */
export async function report(count: number, seed: number): Promise<never> {
  const began = performance.now();
  const { faults, ...summary } = await runLoad({ seed, subscriptions: count, events: EVENTS });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`seed ${seed}: ${count} subscriptions × ${EVENTS} events in ${seconds} s: ${JSON.stringify(summary)}`);
  const found = [...faults];
  for (const flow of flows) {
    const strikes = await runStrikes(flow);
    console.log(`${flow}: ${strikes.runs} single faults`);
    found.push(...strikes.faults);
  }
  for (const fault of found.slice(0, 20)) console.log(`FAILED ${fault}`);
  process.exit(found.length > 0 ? 1 : 0);
}
