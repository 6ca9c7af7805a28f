/** Waits for the Worker to say that everything behind it answers. */
import { setTimeout as delay } from "node:timers/promises";
import { CommandError } from "../command-error.ts";

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 200;

/** @throws CommandError with the last answer when /readyz does not turn 200 in time. */
export async function waitUntilReady(url: string, describeFailure: () => string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let last = "no answer";
  while (Date.now() < deadline) {
    try {
      const response = await fetch(new URL("/readyz", url), { signal: AbortSignal.timeout(5000) });
      const body = await response.text();
      if (response.ok) return;
      last = `${response.status} ${body.slice(0, 500)}`;
    } catch (error) {
      last = String(error);
    }
    await delay(POLL_MS);
  }
  throw new CommandError(`the Worker is up but not ready; /readyz says: ${last}\n${describeFailure()}`);
}
