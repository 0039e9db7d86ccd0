import { verify } from '../../shared/webhooks/verify.ts';
import { campaign as forge } from '../shared/webhooks/campaign.ts';
import { forms, sizeOf } from '../shared/webhooks/forms.ts';
import { campaign } from './campaign.ts';
import { print } from './campaign-report.ts';
import { runLoad } from './webhook-load.ts';
import { faultsIn, situations } from './webhook-outages.ts';
import { pairsOfFaults, run, singleFaults } from './webhooks.ts';

// Each prints what it found and ends the process: with 1 where something was not as it must be.

/** Every single fault, and every two of them. */
export async function reportFaults(): Promise<never> {
  let failed = 0;
  for (const [title, plans] of Object.entries({ single: singleFaults(), pairs: pairsOfFaults() })) {
    const began = performance.now();
    failed += print(title, await campaign(run, plans), performance.now() - began).length;
  }
  process.exit(failed > 0 ? 1 : 0);
}

/** Every service, and every two, down for five minutes, with `count` webhooks meanwhile. */
export async function reportOutages(count: number, seed: number): Promise<never> {
  const found: string[] = [];
  for (const situation of situations) {
    const faults = await faultsIn(situation, count, seed);
    console.log(
      `${situation.down.join(' and ')} down, ${situation.instances}: ${faults.length === 0 ? 'ok' : 'FAILED'}`,
    );
    found.push(...faults);
  }
  for (const fault of found.slice(0, 20)) console.log(`FAILED ${fault}`);
  console.log(`seed ${seed}: ${situations.length} situations of ${count} webhooks, ${found.length} faults`);
  process.exit(found.length > 0 ? 1 : 0);
}

/** At least `count` forgeries of requests of every sender, and genuine ones. */
export function reportForgeries(count: number, seed: number): never {
  const scale = Math.ceil(count / 100_000);
  const total = { mutants: 0, genuine: 0, failed: 0 };
  const began = performance.now();
  for (const { sender, form } of forms) {
    const size = sizeOf(form, scale);
    const { accepted, refused, crashed } = forge(form, verify, { seed, ...size });
    const about = `${sender}, form ${form.index} (${form.signature.kind})`;
    if (Object.keys(accepted).length > 0) console.log(`FAILED ${about}: accepted ${JSON.stringify(accepted)}`);
    if (refused.length > 0) console.log(`FAILED ${about}: ${refused.length} genuine requests refused`);
    if (crashed.length > 0) console.log(`FAILED ${about}: threw at ${[...new Set(crashed)].join(', ')}`);
    total.mutants += size.mutants;
    total.genuine += size.genuine;
    total.failed += Object.keys(accepted).length + refused.length + crashed.length;
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `seed ${seed}: ${total.mutants} forgeries, ${total.genuine} genuine, ${total.failed} failed, ${seconds} s`,
  );
  process.exit(total.failed > 0 ? 1 : 0);
}

/** `count` webhooks on the running hub, 64 at a time, while its workers are killed. */
export async function reportLoad(count: number, seed: number): Promise<never> {
  const { faults, seconds, perS, p50Ms, p99Ms, killed, again, drainedAfterS } = await runLoad(count, seed);
  for (const fault of faults.slice(0, 20)) console.log(`FAILED ${fault}`);
  console.log(
    `seed ${seed}: ${count} webhooks in ${seconds.toFixed(1)} s (${perS.toFixed(0)} a second), ${killed} kills`,
  );
  console.log(
    `  acknowledged after ${p50Ms.toFixed(0)} ms (median), ${p99Ms.toFixed(0)} ms (p99); ${again} sent again`,
  );
  console.log(`  drained ${drainedAfterS.toFixed(1)} s after the last; ${faults.length} faults`);
  process.exit(faults.length > 0 ? 1 : 0);
}
