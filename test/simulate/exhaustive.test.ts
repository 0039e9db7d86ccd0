import { beforeAll, expect, test } from 'vitest';
import type { Searched } from './exhaustive.ts';

let exhaustive: typeof import('./exhaustive.ts');

beforeAll(async () => {
  // Failed refreshes are what is searched: their log lines say nothing new here. Read by the logger as it loads.
  Object.assign(process.env, { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' });
  exhaustive = await import('./exhaustive.ts');
});

// Every single fault at every place, in every order, is a minute's work: `npm run simulate -- exhaustive`, which CI runs.
const counted = ({ failures, ...rest }: Searched) => ({ ...rest, failures: failures.slice(0, 10) });

test('two callers at expiry: every order of their requests ends well, with one call to the provider (C-01, C-09, C.5)', async () => {
  const found = exhaustive.newSearch();
  await exhaustive.search(found, exhaustive.strictest);
  expect(counted(found)).toMatchObject({ failures: [], struck: 0, endings: { active: found.runs } });
  expect(found.runs).toBeGreaterThan(3_000);
});
