/** Where things are on disk. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const DATA_DIR = join(ROOT, ".data");
export const DIST_DIR = join(ROOT, "dist");
export const WORKER_BUNDLE = join(DIST_DIR, "worker", "index.js");
export const DASHBOARD_DIR = join(DIST_DIR, "dashboard");
export const WRANGLER_TOML = join(ROOT, "wrangler.toml");

/** Absolute path of a tool of `node_modules/.bin`: npm puts that folder into PATH only when it exists at start. */
export function tool(name: string): string {
  return join(ROOT, "node_modules", ".bin", name);
}
