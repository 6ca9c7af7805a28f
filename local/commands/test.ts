/** `npm test`: every check there is. */
import { buildAll } from "../build/build.ts";
import { runStaticChecks } from "../checks.ts";
import { runVitest } from "../vitest-run.ts";

export const help = `
npm test [-- <file name part> ...]

Lint, types, then every test: pure and local ones (node), the objects in real workerd, and the journeys through the whole
stack, which run last and alone. With file name parts only the matching tests run, without lint and types.
The last line is "N passed, N failed"; each static check counts as one.
`;

/** The journeys start whole stacks: they must not share the machine with anything else. */
const ROUNDS = [["node", "workerd"], ["journey"]];

export async function run(filters: string[]): Promise<number> {
  const total = { passed: 0, failed: 0, skipped: 0 };
  if (filters.length === 0) {
    const checks = await runStaticChecks();
    total.passed += checks.passed;
    total.failed += checks.failed;
  }
  if (!(await build())) total.failed += 1;
  for (const projects of ROUNDS) {
    const counts = await runVitest(projects, filters);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
  return total.failed === 0 ? 0 : 1;
}

/** The journeys need the bundle and the dashboard. */
async function build(): Promise<boolean> {
  try {
    await buildAll(console.log);
    return true;
  } catch (error) {
    console.error("FAILED build:", error);
    return false;
  }
}
