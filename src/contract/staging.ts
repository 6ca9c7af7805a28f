/** The staging runner: `POST /api/staging/smoke`, bearer token. */
import { z } from "zod";
import { AttemptId } from "./ids.ts";
import { PublisherKeys, SignedRelease } from "./release.ts";

export const SmokeRequest = z.object({
  attempt_id: AttemptId,
  release: SignedRelease,
  publisher_keys: PublisherKeys,
  /** Absolute URL of the release file. */
  artifact_url: z.url({ protocol: /^https?$/ }).max(512),
});
export type SmokeRequest = z.infer<typeof SmokeRequest>;

export const SMOKE_CHECKS = [
  "signatures",
  "download",
  "digest",
  "unpack",
  "smoke",
  "boot",
  "webhook",
] as const;

export const SmokeCheck = z.object({
  name: z.enum(SMOKE_CHECKS),
  ok: z.boolean(),
  ms: z.number().nonnegative(),
  /** A short reason when the check failed: denied-read, denied-net, denied-run, time-limit, memory-limit, output-limit, exit-code, ... */
  reason: z.string().max(200).optional(),
  /** The last of what it printed. */
  log: z.string().max(8192),
});
export type SmokeCheck = z.infer<typeof SmokeCheck>;

export const SmokeReply = z.object({
  ok: z.boolean(),
  attempt_id: AttemptId,
  checks: z.array(SmokeCheck).max(16),
  total_ms: z.number().nonnegative(),
  runner: z.string().max(64),
});
export type SmokeReply = z.infer<typeof SmokeReply>;
