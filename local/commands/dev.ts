/** `npm run dev`. */

import { watchDashboard } from "../build/watch-dashboard.ts";
import { watchWorker } from "../build/watch-worker.ts";
import { announce } from "./announce.ts";
import { ENVIRONMENT_HELP, readEnvironment } from "./environment.ts";
import { untilAborted } from "./stop-signal.ts";
import { keptStack, progress, withStack } from "./with-stack.ts";

export const help = `
npm run dev

The stack of npm start without the demo fleet, rebuilt as you save: a change below src/ or durable-objects/ reloads the
Worker (objects keep their storage), a change below dashboard/ rebuilds the dashboard (reload the page). Ctrl-C stops it.
${ENVIRONMENT_HELP}
`;

export async function run(): Promise<number> {
  const environment = readEnvironment();
  const log = progress();
  return withStack(keptStack(environment, log), async (stack, signal) => {
    const stopWorker = await watchWorker(async () => {
      await stack.worker.reload();
      log("Worker reloaded");
    });
    // The Worker's asset manifest is read at (re)load.
    const stopDashboard = await watchDashboard(async () => {
      await stack.worker.reload();
      log("dashboard rebuilt");
    });
    await announce(stack, {
      login: environment.bindings.MOLAM_ID_JWT_PUBLIC === undefined,
      next: ["Changes are built as you save: the Worker reloads, the dashboard wants a reload of the page."],
    });
    await untilAborted(signal);
    await Promise.all([stopWorker(), stopDashboard()]);
    return 0;
  });
}
