/** Work with a time limit whose timer ends with the work: a timer left behind keeps a Durable Object awake, and billed. */

/** Runs `work` with a signal that aborts after `timeoutMs`. */
export async function withDeadline<T>(
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DOMException("timed out", "TimeoutError")), timeoutMs);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}
