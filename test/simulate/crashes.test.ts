import { beforeAll, expect, test } from 'vitest';

let crashes: typeof import('./crashes.ts');

beforeAll(async () => {
  // Failures are what is simulated: their log lines say nothing new here. Read by the logger as it loads.
  Object.assign(process.env, { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' });
  crashes = await import('./crashes.ts');
});

test.each(['start', 'callback', 'confirm', 'refresh', 'disconnect', 'erase'] as const)(
  'a fault at any request of %s ends in a state that is meant to be (G2)',
  async (step) => {
    const faults: string[] = [];
    let count = 0;
    for (const kind of crashes.kinds) {
      for (let at = 1; ; at++) {
        const run = await crashes.runStep(step, { at, kind });
        if (run.struck === 0) {
          expect(run, 'nothing was in its way').toMatchObject({ acknowledged: true, faults: [] });
          break;
        }
        count += 1;
        faults.push(...run.faults);
      }
    }
    expect(faults).toEqual([]);
    expect(count).toBeGreaterThan(12);
  },
);
