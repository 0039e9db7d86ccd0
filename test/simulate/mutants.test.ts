import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { groups } from './mutant-groups.ts';

test('what a mutation score is asked of is there, and so are the tests, each of which imports some of it (G15)', () => {
  expect(Object.keys(groups).sort()).toEqual(['de-duplication', 'refresh', 'session', 'vault', 'verify']);
  for (const { modules, tests } of Object.values(groups)) {
    for (const file of [...modules, ...tests]) expect(existsSync(file), file).toBe(true);
    for (const file of tests)
      expect(
        modules.some((module) => readFileSync(file, 'utf8').includes(`/${module}'`)),
        file,
      ).toBe(true);
  }
});
