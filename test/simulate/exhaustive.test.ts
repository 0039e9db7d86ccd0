import { beforeAll, expect, test } from 'vitest';
import type { Searched } from './exhaustive.ts';

let exhaustive: typeof import('./exhaustive.ts');

beforeAll(async () => {
  // Failed refreshes are what is searched: their log lines say nothing new here. Read by the logger as it loads.
  Object.assign(process.env, { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' });
  exhaustive = await import('./exhaustive.ts');
});

const counted = ({ failures, ...rest }: Searched) => ({ ...rest, failures: failures.slice(0, 10) });

test('two callers at expiry: every order of their requests ends well, with one call to the provider (C-01, C-09, C.5)', async () => {
  const found = exhaustive.newSearch();
  await exhaustive.search(found, exhaustive.strictest);
  expect(counted(found)).toMatchObject({ failures: [], struck: 0, endings: { active: found.runs } });
  expect(found.runs).toBeGreaterThan(3_000);
});

test('two callers at expiry: a crash after any one request, in every order, leaves nothing stuck (C-03 … C-07)', {
  timeout: 120_000,
}, async () => {
  const found = exhaustive.newSearch();
  await exhaustive.searchAll(found, exhaustive.strictest, 'crash after');
  expect(counted(found)).toMatchObject({ failures: [] });
  expect(found.struck).toBeGreaterThan(20_000);
  expect(Object.keys(found.endings).sort()).toEqual(['active', 'needs_reauth: rotation_lost']);
});
