/** `npm start`. */
import { startFleet } from "../demo/fleet.ts";
import { runScenario } from "../demo/scenario.ts";
import { storyTable } from "../demo/table.ts";
import { announce } from "./announce.ts";
import { ENVIRONMENT_HELP, readEnvironment } from "./environment.ts";
import { untilAborted } from "./stop-signal.ts";
import { keptStack, progress, withStack } from "./with-stack.ts";

export const help = `
npm start

Brings up the whole of Vigie on this machine and keeps it up until Ctrl-C: Postgres, the Worker, the staging runner, the
dashboard, and a demo fleet of real plugin processes with real faults. Everything listens on 127.0.0.1 only; all data is
under .data/, and a second start finds it again. Remove .data/ to start afresh.
${ENVIRONMENT_HELP}
`;

export async function run(): Promise<number> {
  const environment = readEnvironment();
  const log = progress();
  return withStack(keptStack(environment, log), async (stack, signal) => {
    // With a real identity provider nobody here can log in, so nobody can publish the demo's releases.
    const hasDevelopmentLogin = environment.bindings.MOLAM_ID_JWT_PUBLIC === undefined;
    if (!hasDevelopmentLogin) {
      await announce(stack, { login: false, next: ["no demo fleet: MOLAM_ID_JWT_PUBLIC is set"] });
      await untilAborted(signal);
      return 0;
    }
    await announce(stack, {
      login: true,
      next: [
        "Twelve shops open now; in a minute three of them begin to fail. Within some five minutes one is",
        "healed by itself, one gets a bad patch and is rolled back, one gets a patch that does not boot and",
        "restores itself. What an earlier start has shown is not repeated; the shops go on living.",
      ],
    });
    const fleet = await startFleet(stack, { signal, log });
    try {
      const stories = runScenario(fleet, { api: stack.api, signal, log: (line) => log(`demo: ${line}`) });
      await Promise.race([stories.then((results) => tell(results, log)), untilAborted(signal)]).catch(
        (error) => {
          if (!signal.aborted) log(`demo: ${error}`);
        },
      );
      await untilAborted(signal);
    } finally {
      await fleet.stop();
    }
    return 0;
  });
}

function tell(results: Awaited<ReturnType<typeof runScenario>>, log: (line: string) => void): void {
  if (results.length === 0) log("demo: all stories were told in an earlier start; the fleet goes on");
  else console.log(`\n${storyTable(results)}\n`);
}
