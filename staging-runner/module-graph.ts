/**
 * Refuses a release whose modules import anything outside its folder. Deno loads what an entry module imports by a
 * literal name without asking for leave, so this is checked before anything runs; imports made up at run time are
 * checked by Deno itself.
 */
import { startProcess } from "./bounded-process.ts";
import { PROCESS, SMOKE_TIMEOUT_MS } from "./limits.ts";
import { OFFLINE_FLAGS, runtimeEnvironment } from "./sandbox.ts";
import { fail, pass, type Verdict } from "./verdict.ts";

/** `entry` is relative to the folder `release`; `area` is scratch space of this check. */
export async function checkModuleGraph(release: string, entry: string, area: string): Promise<Verdict<null>> {
  await Deno.mkdir(area, { recursive: true });
  const process = startProcess({
    args: ["info", "--quiet", "--json", ...OFFLINE_FLAGS, `${release}/${entry}`],
    env: runtimeEnvironment(area),
    cwd: release,
    diskFolder: area,
    // A graph of a thousand modules is about a megabyte.
    bounds: { ...PROCESS, outputBytes: 4 * 1024 * 1024, timeMs: SMOKE_TIMEOUT_MS },
  });
  const exit = await process.exited;
  if (exit.limit) return fail(exit.limit, `module graph of ${entry}`);
  const specifiers = exit.code === 0 ? specifiersOf(process.output()) : null;
  if (specifiers === null) return fail("bad-module", process.output());
  const inside = `${new URL(`file://${release}/`)}`;
  for (const specifier of specifiers) {
    if (specifier.startsWith("node:") || specifier.startsWith("data:") || specifier.startsWith(inside))
      continue;
    const reason = specifier.startsWith("file:") ? "denied-read" : "denied-net";
    return fail(reason, `${entry} imports ${specifier}`);
  }
  return pass(null);
}

/** Every module of a `deno info --json` answer, also the ones that it could not load; null when it is none. */
function specifiersOf(output: string): string[] | null {
  try {
    const { modules } = JSON.parse(output.slice(output.indexOf("{")));
    if (!Array.isArray(modules)) return null;
    return modules.map((module) => String(module?.specifier));
  } catch {
    return null;
  }
}
