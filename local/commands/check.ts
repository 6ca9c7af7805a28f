/** `npm run check`. */
import { runStaticChecks } from "../checks.ts";

export const help = `
npm run check

Lint, format and types of everything, without running a test.
`;

export async function run(): Promise<number> {
  const { passed, failed } = await runStaticChecks();
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
