/** The order of test files: what mostly waits starts first, so that the others run while it does. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that wait for deadlines of minutes. */
const WAITING = ["test/journey/silence.test.ts"];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const waits = ({ moduleId }: TestSpecification) => WAITING.some((file) => moduleId.endsWith(file));
    return [...sorted.filter(waits), ...sorted.filter((file) => !waits(file))];
  }
}
