/** `npm run build`. */
import { buildAll } from "../build/build.ts";

export const help = `
npm run build

Builds the dashboard and heartbeat.js into dist/dashboard and the Worker into dist/worker.
Steps whose inputs have not changed are skipped.
`;

export async function run(): Promise<number> {
  await buildAll(console.log);
  console.log("build: up to date");
  return 0;
}
