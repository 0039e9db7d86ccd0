import { runSyncLoad } from './sync-load.ts';

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
