/** What the stack and the worker host say to each other over IPC. */
/**
 * The bindings that are not in wrangler.toml: secrets, and addresses known only at start. Their meaning is in `src/env.ts`,
 * which the Worker's own types keep out of reach of Node code; a test holds the two lists together.
 */
export const WORKER_BINDINGS = [
  "DATABASE_URL",
  "NEON_PROXY_URL",
  "MOLAM_ID_JWT_PUBLIC",
  "OPS_ROLES",
  "SIRA_API_URL",
  "SIRA_API_TOKEN",
  "SIRA_INBOUND_TOKEN",
  "STAGING_RUNNER_URL",
  "STAGING_RUNNER_TOKEN",
  "PUBLIC_URL",
  "LOG_LEVEL",
  "SITE_PROBE_ALLOW_PRIVATE",
  "PLUGIN_ID_KEY",
  "VAULT_KEY",
  "CONTROL_SIGNING_KEY",
  "PUBLISHER_KEYS",
  "NOTIFY_URL",
  "NOTIFY_SECRET",
  "NOTIFY_FORMAT",
] as const;
export type WorkerBindings = Partial<Record<(typeof WORKER_BINDINGS)[number], string>>;

export interface WorkerHostConfig {
  /** Module that workerd runs. */
  bundle: string;
  /** Folder of the static assets; overrides wrangler.toml's when given. */
  assetsDir?: string;
  port: number;
  /** Durable Objects, KV and R2 live below this folder. */
  persistDir: string;
  /** Holds the pid of the running workerd. */
  pidFile: string;
  bindings: WorkerBindings;
}

export type ToHost = { type: "start"; config: WorkerHostConfig } | { type: "reload" } | { type: "stop" };

export type FromHost =
  /** `vars`: the plain variables of wrangler.toml, so that nobody has to read it twice. */
  | { type: "ready"; url: string; vars: Record<string, string> }
  | { type: "reloaded" }
  | { type: "failed"; reason: "address_in_use" | "runtime"; message: string };
