/** The staging runner: tries a release in its sandbox before any shop gets it. */
import { SmokeReply, type SmokeRequest } from "../contract/staging.ts";
import type { Env } from "../env.ts";
import { type CallResult, callJson } from "./http-call.ts";

/** 16 checks with 8 KiB of log each, escaped. */
const MAX_REPLY_BYTES = 1024 * 1024;

/**
 * Runs the smoke test. `ok: true` means that the runner answered; whether the release is sound is `value.ok`. Any other
 * result says nothing about the release.
 */
export async function smoke(
  request: SmokeRequest,
  env: Pick<Env, "STAGING_RUNNER_URL" | "STAGING_RUNNER_TOKEN">,
  timeoutMs: number,
): Promise<CallResult<SmokeReply>> {
  const result = await callJson({
    url: `${env.STAGING_RUNNER_URL.replace(/\/+$/, "")}/api/staging/smoke`,
    headers: { authorization: `Bearer ${env.STAGING_RUNNER_TOKEN}` },
    body: JSON.stringify(request),
    timeoutMs,
    maxBytes: MAX_REPLY_BYTES,
    reply: SmokeReply,
  });
  if (result.ok && result.value.attempt_id !== request.attempt_id) {
    return { ok: false, reason: "invalid", detail: "the answer is for another attempt", retryable: false };
  }
  return result;
}
