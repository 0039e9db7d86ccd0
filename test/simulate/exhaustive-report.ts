import { kinds, newSearch, search, searchAll, strictest } from './exhaustive.ts';

/** Searches everything, prints what was found, and ends the process: with 1 where an invariant was broken. */
export async function report(): Promise<never> {
  let failures = 0;
  let runs = 0;
  const began = performance.now();
  for (const kind of [undefined, ...kinds]) {
    const found = newSearch();
    if (kind) await searchAll(found, strictest, kind);
    else await search(found, strictest);
    const endings = Object.entries(found.endings).map(([ending, count]) => `${count} × ${ending}`);
    console.log(`${kind ?? 'no fault'}: ${found.runs} orders, ${found.struck} with the fault: ${endings.join(', ')}`);
    for (const failure of found.failures.slice(0, 20)) console.log(`FAILED ${failure}`);
    failures += found.failures.length;
    runs += found.runs;
  }
  console.log(`${runs} runs in ${((performance.now() - began) / 1000).toFixed(1)} s, ${failures} failed`);
  process.exit(failures > 0 ? 1 : 0);
}
