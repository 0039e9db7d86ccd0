import { mergeConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import standard from '../vitest.config.ts';
import { groups } from './mutant-groups.ts';

const { tests = [] } = groups[process.env.MUTANTS_OF ?? ''] ?? {};
const place = ({ moduleId }: TestSpecification) => tests.findIndex((file) => moduleId.endsWith(file));

/** Vitest runs the longest first, as its reader waits for all of them; for a mutant the first that fails is enough. */
class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((one, other) => place(one) - place(other));
  }
}

/** What Vitest is told where it runs for a mutant: the tests of one group. Stryker's own choice of files (`testFiles`) would
 *  leave a mutant that acts while its module is loaded without effect. */
const { include: _, ...rest } = standard.test ?? {};
export default mergeConfig(
  { ...standard, test: rest },
  { test: { include: [...tests], sequence: { sequencer: QuickestFirst } } },
);
