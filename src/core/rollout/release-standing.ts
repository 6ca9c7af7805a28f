/** Pure: who may bring a release, or a remedy, from one status to another. */
import type { Person } from "../../contract/ops.ts";
import { ok, type Result, refuse } from "../../contract/refusal.ts";
import type { ReleaseStatus } from "../../contract/release.ts";
import { mayLetGo } from "../policy/let-go.ts";

export interface Move {
  /** It goes on: what has failed so far is acknowledged. */
  resumes: boolean;
  /** It stops being handed out to anybody. */
  stops: boolean;
}

/**
 * Whoever may stop things may pause, halt and end a pause. Refuses as `forbidden` what takes another role: to block for good
 * (operator, admin) and to undo that (admin), to resume what was halted (approver, admin). Refuses as `conflict` a pause of
 * what is stopped anyway: it would disarm the stop.
 */
export function moveStatus(from: ReleaseStatus, to: ReleaseStatus, by: Person): Result<Move> {
  if (from === "blocked" && to !== "blocked" && !by.roles.includes("admin"))
    return refuse({ reason: "forbidden", message: "it is blocked for good: only an admin may undo that" });
  if (to === "blocked" && !by.roles.includes("operator") && !by.roles.includes("admin"))
    return refuse({ reason: "forbidden", message: "only an operator or an admin may block for good" });
  if (from === "halted" && to === "active" && !mayLetGo(by))
    return refuse({
      reason: "forbidden",
      message: "it is halted: only an approver or an admin may resume it",
    });
  if (to === "paused" && (from === "halted" || from === "blocked"))
    return refuse({
      reason: "conflict",
      message: `it is ${from}, which already stops more than a pause; resume it first`,
    });
  const runs = from === "active" || from === "paused";
  return ok({
    resumes: to === "active" && from !== "active",
    stops: runs && (to === "halted" || to === "blocked"),
  });
}

/** A breach, or a cohort's blame, halts what is active, and what is paused too: waiting for a person disarms no guard. */
export function mayBeHalted(status: ReleaseStatus): boolean {
  return status === "active" || status === "paused";
}
