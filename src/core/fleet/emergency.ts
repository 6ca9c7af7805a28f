/**
 * Pure: the life of an emergency action. planned -> running -> done, stopped (too many failed) or aborted (by a person). A plan
 * is confirmed by sending back its digest and its number of targets within ten minutes: whoever does has seen what it touches.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type {
  ConfirmEmergencyRequest,
  Emergency,
  EmergencyCounts,
  EmergencyKind,
  EmergencyScope,
} from "../../contract/emergency.ts";
import { ok, type Refusal, type Result, refuse } from "../../contract/refusal.ts";

/** A plan is of the fleet as it was: older than this, it is made anew. */
export const CONFIRM_WITHIN_MS = 600_000;

/** What is stored of one action, beside its targets. Persisted; times are ISO 8601, or milliseconds since the epoch where they are numbers. */
export interface EmergencyRow extends Omit<Emergency, "counts" | "changes" | "warnings" | "held"> {
  /** When the present wave began. */
  waveAt: number;
  held: string | null;
  /** Changes that nothing can take back (ways back, subscriptions), and that it leaves alone. */
  leftOut: number;
}

export interface EmergencyPlan {
  kind: EmergencyKind;
  scope: EmergencyScope;
  minutes: number | null;
  wave_size: number;
  wave_growth: number;
  pause_s: number;
  stop_failed_percent: number;
  reason: string;
}

export function planned(
  number: number,
  plan: EmergencyPlan,
  attemptIds: readonly string[],
  leftOut: number,
  by: string,
  now: number,
): EmergencyRow {
  return {
    id: `emg_${number}`,
    status: "planned",
    ...plan,
    planned_by: by,
    planned_at: iso(now),
    expires_at: iso(now + CONFIRM_WITHIN_MS),
    digest: digestOf(plan, attemptIds),
    confirmed_by: null,
    confirmed_at: null,
    ended_at: null,
    ended_because: null,
    wave: 0,
    waveAt: 0,
    held: null,
    leftOut,
  };
}

/** Over everything that decides what happens; the reason is not part of it. */
export function digestOf(plan: EmergencyPlan, attemptIds: readonly string[]): string {
  const { product, version, merchant_id } = plan.scope;
  const what = [
    plan.kind,
    [product ?? null, version ?? null, merchant_id ?? null],
    plan.minutes,
    [plan.wave_size, plan.wave_growth, plan.pause_s, plan.stop_failed_percent],
    attemptIds,
  ];
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(what))));
}

/** The status to show and to act on: a plan that nobody confirmed has expired without anybody writing so. */
export function statusAt(row: EmergencyRow, now: number): EmergencyRow["status"] {
  return row.status === "planned" && now > Date.parse(row.expires_at) ? "expired" : row.status;
}

/** `running`: another action of the same kind that runs, if one does. */
export function confirmed(
  row: EmergencyRow,
  input: ConfirmEmergencyRequest,
  targets: number,
  running: EmergencyRow | null,
  by: string,
  now: number,
): Result<EmergencyRow> {
  const status = statusAt(row, now);
  if (status === "expired") return conflict(`the plan was good until ${row.expires_at}: make a new one`);
  if (status !== "planned") return conflict(`it is ${status}, and no plan any more`);
  if (targets === 0) return conflict("the plan touches nothing");
  if (input.digest !== row.digest || input.targets !== targets)
    return conflict(`the plan has ${targets} target(s) and another digest than you sent: read it again`);
  if (running !== null) return conflict(`${running.id} is running: wait for its end, or abort it`);
  return ok(begun(row, by, now));
}

export function begun(row: EmergencyRow, by: string, now: number): EmergencyRow {
  return { ...row, status: "running", confirmed_by: by, confirmed_at: iso(now) };
}

export function aborted(row: EmergencyRow, by: string, reason: string, now: number): Result<EmergencyRow> {
  const status = statusAt(row, now);
  if (status !== "running" && status !== "planned") return conflict(`it is ${status} already`);
  return ok(ended(row, "aborted", `${by}: ${reason}`, now));
}

export function ended(
  row: EmergencyRow,
  status: "done" | "stopped" | "aborted",
  why: string | null,
  now: number,
): EmergencyRow {
  return {
    ...row,
    status,
    held: null,
    ended_at: iso(now),
    ended_because: why === null ? null : why.slice(0, 600),
  };
}

/** What whoever confirms should know. */
export function warningsOf(row: EmergencyRow, counts: EmergencyCounts, hold: string | null): string[] {
  const warnings: string[] = [];
  if (row.kind === "rollback_since") {
    if (hold !== null) warnings.push(hold);
    if (row.leftOut > 0)
      warnings.push(
        `${row.leftOut} more change(s) of that time are left as they are: ways back to an earlier version and subscriptions switched on cannot be taken back.`,
      );
    if (counts.targets > 0 && row.status === "planned")
      warnings.push(
        "A release that stays active can be chosen again, also for other shops: halt it as well, or set the mode to approve-only.",
      );
  }
  if (counts.targets === 0) warnings.push("Nothing matches: it would touch nobody.");
  return warnings;
}

function conflict(message: string): { ok: false; refusal: Refusal } {
  return refuse({ reason: "conflict", message });
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** The number in its id. */
export function numberOf({ id }: Pick<EmergencyRow, "id">): number {
  return Number(id.slice("emg_".length));
}
