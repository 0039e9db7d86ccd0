import { expect, test } from 'vitest';
import { readSources } from './support/sources.ts';

// Each requirement on connections and webhooks is cited by the name of a test, so that its loss is noticed; or stands here with a reason.

const exceptions: Readonly<Record<string, string>> = {
  'A-39': 'the owner adds providers in the source, where the conformance tests read them; there are no custom ones',
  'D-20': 'no address is believed or refused for where it comes from',
};

const range = (letter: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `${letter}-${String(from + at).padStart(2, '0')}`);
const required = [
  ...[...range('A', 1, 19), ...range('A', 20, 24), ...range('A', 30, 40), ...range('A', 50, 55)],
  ...[...range('B', 1, 16), ...range('C', 1, 12), ...range('D', 1, 20)],
];

/** The ids in the names of tests: the text after `test(`, `describe(`, or `test.each(…)(`; `C-01 … C-12` stands for all between. */
function cited(): Set<string> {
  const sources = readSources('test').filter(
    ({ file }) => file.endsWith('.test.ts') && file !== 'test/requirements.test.ts',
  );
  const names = sources.flatMap(({ code }) => [...code.matchAll(/(?:\b(?:test|describe|it)|\))\(\s*(['"`])(.*?)\1/g)]);
  return new Set(
    names.flatMap(([, , name = '']) => [
      ...[...name.matchAll(/\b([A-D])-(\d\d) … \1-(\d\d)/g)].flatMap(([, letter = '', from, to]) =>
        range(letter, Number(from), Number(to)),
      ),
      ...(name.match(/\b[A-D]-\d\d\b/g) ?? []),
    ]),
  );
}

test('every requirement A-01 … A-55, B-01 … B-16, C-01 … C-12, D-01 … D-20 has a test that names it, or a reason', () => {
  const ids = cited();
  expect(required.filter((id) => !ids.has(id) && !Object.hasOwn(exceptions, id))).toEqual([]);
  expect(Object.keys(exceptions).filter((id) => ids.has(id))).toEqual([]); // a reason that is no longer one goes
});
