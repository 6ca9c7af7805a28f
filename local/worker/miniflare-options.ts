/** wrangler.toml, read by wrangler's own code, turned into Miniflare's options: nothing is said twice. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, type MiniflareOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { z } from "zod";
import { ROOT, WRANGLER_TOML } from "../paths.ts";
import type { WorkerHostConfig } from "./host-messages.ts";

/** @returns the options, and the plain variables that wrangler.toml declares. */
export function miniflareOptions(config: WorkerHostConfig): {
  options: MiniflareOptions;
  vars: Record<string, string>;
} {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(
    WRANGLER_TOML,
    undefined,
    config.assetsDir ? { overrides: { assets: { directory: config.assetsDir } } } : {},
  );
  // The bundle is one module, so wrangler's rules for further modules do not apply (Miniflare 5 refuses them).
  const { modulesRules: _modulesRules, bindings: declared, ...rest } = workerOptions;
  const vars = Object.fromEntries(
    Object.entries(z.record(z.string(), z.unknown()).parse(declared ?? {})).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );
  const options = convertV4MiniflareOptions({
    ...rest,
    name: "vigie",
    modules: true,
    scriptPath: config.bundle,
    modulesRoot: dirname(config.bundle),
    bindings: { ...vars, ...config.bindings },
    host: "127.0.0.1",
    port: config.port,
    // Without this Miniflare would fetch a sample `request.cf` from the internet.
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    log: new Log(LogLevel.WARN),
    resourcePersistencePath: config.persistDir,
    // Out of `.wrangler/`, which other tools share.
    resourceTmpPath: join(config.persistDir, "tmp"),
    handleStructuredLogs: ({ message }: { message: string }) => console.log(message),
  });
  return { options, vars };
}

/** Puts the guard in front of the workerd that Miniflare would start, for this process. */
export function guardWorkerd(pidFile: string): void {
  // Resolved from miniflare, the package that pins it.
  const fromMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  // workerd's CommonJS entry exports the path of its binary as `default`; it ships no types for it.
  const { default: binary } = fromMiniflare("workerd") as { default: string };
  process.env.VIGIE_WORKERD = binary;
  process.env.VIGIE_WORKERD_PID_FILE = pidFile;
  process.env.MINIFLARE_WORKERD_PATH = join(ROOT, "local", "workerd-guard.sh");
}
