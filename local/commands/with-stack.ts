/** The frame of start, dev and demo: a stack around a body, taken down whatever happens. */
import { DATA_DIR } from "../paths.ts";
import { type Stack, type StackOptions, startStack } from "../stack.ts";
import type { LocalEnvironment } from "./environment.ts";
import { stopSignal } from "./stop-signal.ts";

/** Runs `body` with a started stack; `signal` aborts when the command shall end. */
export async function withStack(
  options: StackOptions,
  body: (stack: Stack, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const signal = stopSignal();
  const stack = await startStack(options);
  try {
    return signal.aborted ? 0 : await body(stack, signal);
  } finally {
    options.log("stopping ...");
    await stack.stop();
    options.log("stopped");
  }
}

/** The stack whose data is kept under `.data/`, as the environment asks for it. */
export function keptStack(environment: LocalEnvironment, log: StackOptions["log"]): StackOptions {
  const { port, databaseUrl, bindings } = environment;
  return {
    dataDir: DATA_DIR,
    port,
    ...(databaseUrl ? { databaseUrl } : {}),
    staging: bindings.STAGING_RUNNER_URL === undefined,
    env: bindings,
    log,
  };
}

/** Progress lines with the seconds since the start. */
export function progress(): (line: string) => void {
  const startedAt = performance.now();
  return (line) =>
    console.log(`[${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s] ${line}`);
}
