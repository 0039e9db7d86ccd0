import { Stryker } from '@stryker-mutator/core';
import { groups } from './mutant-groups.ts';

/** Per cent. */
const LEAST = 85;

/** Changes each module in every small way, one at a time and in a copy of the tree, and asks its group's tests; prints the
 *  share that they noticed, and what they did not. `only`: a group, a module, or lines of one. Ends the process: with 1
 *  where a module has less than 85 %. */
export async function report(only?: string): Promise<never> {
  const scores: number[] = [];
  for (const [name, group] of Object.entries(groups)) {
    const modules = group.modules.filter((file) => [undefined, name, file].includes(only?.replace(/:.*/, '')));
    if (modules.length === 0) continue;
    process.env.MUTANTS_OF = name; // for mutants.config.ts, in Stryker's own processes
    const mutants = await new Stryker({
      mutate: only?.includes(':') ? [only] : modules,
      testRunner: 'vitest',
      plugins: ['@stryker-mutator/vitest-runner'],
      vitest: { configFile: 'test/simulate/mutants.config.ts', related: false },
      ignorePatterns: ['/*', '!/package.json', '!/events', '!/functions', '!/infra', '!/shared', '!/test'],
      tempDirName: 'test-artifacts/mutants',
      cleanTempDir: 'always',
      disableTypeChecks: false,
      concurrency: 2,
      timeoutMS: 30_000, // a busy machine is no fault of the code
      reporters: ['dots'],
    }).runMutationTest();
    for (const module of modules) {
      const own = mutants.filter(({ fileName }) => fileName.endsWith(module));
      scores.push(printScore(module, own));
    }
  }
  if (scores.length === 0) console.error(`${only} is none of ${Object.keys(groups).join(', ')}, nor a module of them`);
  process.exit(scores.length > 0 && scores.every((score) => score >= LEAST) ? 0 : 1);
}

function printScore(module: string, mutants: Awaited<ReturnType<Stryker['runMutationTest']>>): number {
  const late = mutants.filter(({ status }) => status === 'Timeout');
  const noticed = [...mutants.filter(({ status }) => status === 'Killed'), ...late];
  const alive = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  const score = (100 * noticed.length) / (noticed.length + alive.length);
  const of = `${noticed.length} of ${noticed.length + alive.length} noticed, ${late.length} of them by running on`;
  console.log(`${score.toFixed(1)} %  ${module}: ${of}`);
  for (const { location, mutatorName, replacement = '' } of alive)
    console.log(`  ${location.start.line}:${location.start.column} ${mutatorName} ${replacement.slice(0, 80)}`);
  return score;
}
