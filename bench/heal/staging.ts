/** The staging runner of the simulated company: finds what does not boot, and nothing that only real traffic shows. */
import { SMOKE_CHECKS, type SmokeReply, SmokeRequest } from "../../src/contract/staging.ts";
import { releaseOf } from "./world.ts";

/** `looks`: false for a runner that passes everything. */
export function stagingAnswer(body: string, looks: boolean): Response {
  const request = SmokeRequest.parse(JSON.parse(body));
  const { version } = JSON.parse(request.release.manifest) as { version: string }; // our own catalogue's
  const fails = looks && releaseOf(version)?.nature === "no_boot";
  const checks = SMOKE_CHECKS.filter((name) => !fails || name !== "webhook").map((name) => ({
    name,
    ok: !(fails && name === "boot"),
    ms: 500,
    log: "",
    ...(fails && name === "boot" ? { reason: "exit-code" } : {}),
  }));
  const reply: SmokeReply = {
    ok: !fails,
    attempt_id: request.attempt_id,
    checks,
    total_ms: 4000,
    runner: "simulated",
  };
  return Response.json(reply);
}
