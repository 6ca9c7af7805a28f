/** Rebuilds the Worker's bundle whenever one of its sources changes. */
import { context } from "esbuild";
import { workerBuildOptions } from "./worker-bundle.ts";

/** `onBuilt` runs after each rebuild that succeeded, the first build excepted. @returns the function that stops watching */
export async function watchWorker(onBuilt: () => Promise<void>): Promise<() => Promise<void>> {
  let isFirst = true;
  const watcher = await context({
    ...workerBuildOptions(),
    plugins: [
      {
        name: "on-built",
        setup(build) {
          build.onEnd(async ({ errors }) => {
            // esbuild has printed the errors itself; the Worker goes on with the last good bundle.
            if (errors.length === 0 && !isFirst) await onBuilt();
            isFirst = false;
          });
        },
      },
    ],
  });
  await watcher.watch();
  return () => watcher.dispose();
}
