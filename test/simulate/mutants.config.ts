import { mergeConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import standard from '../vitest.config.ts';
import { groups } from './mutant-groups.ts';

const quickestFirst = Object.values(groups).flatMap(({ tests }) => tests);
const place = ({ moduleId }: TestSpecification) => quickestFirst.findIndex((file) => moduleId.endsWith(file));

/** Vitest runs the longest first, as its reader waits for all of them; for a mutant the first that fails is enough. */
class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((one, other) => place(one) - place(other));
  }
}

/** What Vitest is told where it runs for a mutant. */
export default mergeConfig(standard, { test: { sequence: { sequencer: QuickestFirst } } });
