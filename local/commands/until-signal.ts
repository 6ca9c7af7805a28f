/** Waits for the end of a long-running command: Ctrl-C, SIGTERM, or the death of the process that started us. */

/** Resolves once, at the first sign; later ones are ignored, so that Ctrl-C arriving twice (terminal and npm) does no harm. */
export function untilSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(signal));
    process.on("disconnect", () => resolve("the parent's end"));
  });
}
