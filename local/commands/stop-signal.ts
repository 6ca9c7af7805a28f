/** The one sign that a long-running command shall end: Ctrl-C, SIGTERM, or the death of the process that started us. */

/** Aborts at the first sign; later ones are ignored, so that a Ctrl-C that arrives twice (terminal and npm) does no harm. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  process.on("disconnect", stop);
  return controller.signal;
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
