/**
 * Entry of the staging runner (Deno). Environment: STAGING_RUNNER_TOKEN, STAGING_ARTIFACT_ORIGIN (origins that release
 * files may come from, comma-separated), PORT (0 or absent: a free one). Listens on 127.0.0.1 only.
 * With `--with-parent` it ends when its stdin does, so that it never outlives whoever started it.
 */
import type { SmokeReply } from "../src/contract/staging.ts";
import { createApp } from "./app.ts";
import { killAll } from "./bounded-process.ts";
import { createSmokeQueue } from "./smoke-queue.ts";
import { smokeRelease } from "./smoke-release.ts";

const log = (event: Record<string, unknown>) => console.log(JSON.stringify(event));
const required = (name: string): string => {
  const value = Deno.env.get(name);
  if (value) return value;
  console.error(`${name} is not set`);
  Deno.exit(1);
};

const token = required("STAGING_RUNNER_TOKEN");
const origins = new Set(
  required("STAGING_ARTIFACT_ORIGIN")
    .split(",")
    .map((origin) => new URL(origin).origin),
);
const port = Number(Deno.env.get("PORT") ?? 0);
const ending = new AbortController();

const app = createApp({
  token,
  queue: createSmokeQueue<SmokeReply>(),
  smoke: (request) => smokeRelease(request, origins),
  isStopping: () => ending.signal.aborted,
  log,
});
const onListen = (address: { port: number }) => log({ event: "listening", port: address.port });
const server = Deno.serve({ hostname: "127.0.0.1", port, onListen }, app.fetch);

async function stop(): Promise<void> {
  if (ending.signal.aborted) return;
  ending.abort();
  // A test under way may start its next process while it ends.
  const kill = setInterval(killAll, 20);
  killAll();
  setTimeout(() => Deno.exit(0), 3000);
  await server.shutdown();
  clearInterval(kill);
  Deno.exit(0);
}

for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => void stop());
if (Deno.args.includes("--with-parent")) {
  for await (const _ of Deno.stdin.readable);
  await stop();
}
