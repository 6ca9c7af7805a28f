/** What a plugin says of itself, and what it is told back. */
import { z } from "zod";
import { SignedCommand, SignedCommit } from "./command.ts";
import { CommandId, Instant, PluginId, Version } from "./ids.ts";

export const MAX_BODY_BYTES = 64 * 1024;

export const PluginState = z.enum(["running", "probation", "goodbye"]);
export const Cadence = z.enum(["resident", "page-view"]);
export type Cadence = z.infer<typeof Cadence>;
export const WebhookSubscription = z.enum(["active", "disabled", "unknown"]);

const Count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

/** Cumulative since `boot_id`: a lost or repeated beat loses nothing. */
export const Counters = z.object({
  errors: Count,
  requests: Count,
  webhooks_sent: Count,
  webhooks_failed: Count,
});
export type Counters = z.infer<typeof Counters>;

/** Short strings only: platform, platform_version, runtime, runtime_version, region, ... */
export const Environment = z
  .record(z.string().regex(/^[a-z][a-z0-9_]{0,31}$/), z.string().max(64))
  .refine((env) => Object.keys(env).length <= 16, "at most 16 entries");
export type Environment = z.infer<typeof Environment>;

export const ErrorReport = z.object({
  fingerprint: z.string().min(1).max(64),
  message: z.string().max(300),
  count: z.number().int().positive().max(1_000_000_000),
});
export type ErrorReport = z.infer<typeof ErrorReport>;

export const ProbeReport = z.object({
  name: z.string().min(1).max(64),
  ok: z.boolean(),
  ms: z.number().nonnegative(),
});
export type ProbeReport = z.infer<typeof ProbeReport>;

export const COMMAND_OUTCOMES = [
  "applied",
  "committed",
  "failed",
  "rejected",
  "restored",
  "rolled_back",
] as const;
export const LastCommand = z.object({ id: CommandId, outcome: z.enum(COMMAND_OUTCOMES) });
export type LastCommand = z.infer<typeof LastCommand>;

/** Plain gauges, for clients that keep no counters; trusted less than counters. */
export const Telemetry = z.object({
  errors_last_24h: z.number().nonnegative().max(1e9).optional(),
  webhook_fail_rate: z.number().min(0).max(1).optional(),
});
export type Telemetry = z.infer<typeof Telemetry>;

export const HeartbeatData = z.object({
  plugin_id: PluginId,
  /** Strictly rising per plugin, across boots. */
  seq: z.number().int().positive().max(Number.MAX_SAFE_INTEGER),
  boot_id: z.string().min(1).max(64),
  version: Version,
  state: PluginState,
  cadence: Cadence,
  env: Environment.optional(),
  counters: Counters.optional(),
  errors: z.array(ErrorReport).max(5).optional(),
  webhook_subscription: WebhookSubscription.optional(),
  probes: z.array(ProbeReport).max(16).optional(),
  last_command: LastCommand.optional(),
  telemetry: Telemetry.optional(),
});
export type HeartbeatData = z.infer<typeof HeartbeatData>;

export const HeartbeatReply = z.object({
  next_heartbeat_s: z.number().int().min(5).max(3600),
  commands: z.array(SignedCommand).max(8),
  commit: SignedCommit.optional(),
  server_time: Instant,
});
export type HeartbeatReply = z.infer<typeof HeartbeatReply>;
