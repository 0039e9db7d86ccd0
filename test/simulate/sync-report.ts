import { runSyncLoad } from './sync-load.ts';
import { runSyncRecords } from './sync-records.ts';

/** `count` syncs that are due at once, and the tick that hands them out. */
export async function reportLoad(count: number): Promise<never> {
  const { faults, seconds, limitS, requests } = await runSyncLoad(count);
  const total = Object.values(requests).reduce((sum, one) => sum + one, 0);
  const list = Object.entries(requests).map(([name, times]) => `${times} ${name}`);
  for (const fault of faults) console.log(`FAILED ${fault}`);
  console.log(`${count} due syncs handed out in ${seconds.toFixed(1)} of ${limitS} s with ${total} requests`);
  console.log(`  ${list.join(', ')}; ${faults.length} faults`);
  process.exit(faults.length > 0 ? 1 : 0);
}

/** An account of `count` contacts on the running hub, copied while it changes. */
export async function reportRecords(count: number, seed: number): Promise<never> {
  const { faults, backfillS, changes, lost, told, rewritten, rereadS } = await runSyncRecords(count, seed);
  for (const fault of faults.slice(0, 20)) console.log(`FAILED ${fault}`);
  console.log(`seed ${seed}: ${count} contacts copied in ${backfillS.toFixed(0)} s, ${changes} changes meanwhile`);
  console.log(`  ${lost} webhooks lost; ${told} events told; ${faults.length} faults`);
  console.log(`  all read again in ${rereadS.toFixed(0)} s, ${rewritten} records written`);
  process.exit(faults.length > 0 ? 1 : 0);
}
