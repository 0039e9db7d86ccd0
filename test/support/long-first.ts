import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** These wait for a hub, a browser or many rounds of a simulation: begun last, they would be waited for by all the others. */
const LONG = /\/test\/(integration|browser|simulate|infra\/local)\//;

/** Runs the long ones first. Vitest remembers how long each took, but a clean checkout remembers nothing. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => (LONG.test(moduleId) ? 0 : 1);
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}
