/**
 * Pure: shops that are alike enough for what was seen in one to be expected in another. Coarse on purpose, a class of its own
 * for every patch level would never gather evidence. Known-issue holds of operating systems work on such classes too
 * (safeguard holds, learn.microsoft.com/windows/deployment/update/safeguard-holds).
 */
import type { Environment } from "../contract/heartbeat.ts";

/** The class of shops that say too little of themselves. */
export const UNKNOWN_ENVIRONMENT = "unknown";

/**
 * Platform and runtime, each with major and minor version, in lower case: `woocommerce 9.1 / php 8.2`. What is not known
 * is `?`; a shop that names neither platform nor runtime is in `unknown`. At most 160 characters.
 */
export function environmentClass(env: Environment): string {
  const platform = part(env.platform, env.platform_version);
  const runtime = part(env.runtime, env.runtime_version);
  if (platform === null && runtime === null) return UNKNOWN_ENVIRONMENT;
  return `${platform ?? "?"} / ${runtime ?? "?"}`;
}

function part(name: string | undefined, version: string | undefined): string | null {
  const text = name?.trim().toLowerCase() ?? "";
  if (text === "") return null;
  const numbers = /(\d{1,6})(?:\.(\d{1,6}))?/.exec(version ?? "");
  const short = numbers === null ? "?" : [numbers[1], numbers[2]].filter((n) => n !== undefined).join(".");
  return `${text} ${short}`;
}
