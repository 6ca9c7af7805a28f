/**
 * The part of the state that is about one attempt: its phase, what it is made of, and what is remembered of those before it.
 * PERSISTED CONTRACT, as `state.ts` is, which hands all of it on.
 */
import type { Attempt } from "../../contract/attempt.ts";
import type { ReleaseRecord } from "../../contract/ops.ts";
import type { Sums } from "../detect/rolling-window.ts";
import type { HealthEvidence } from "./health-evidence.ts";
import type { IncidentState, Millis } from "./incident-state.ts";
import type { Baseline } from "./yardstick.ts";

/** A change that succeeded, and is in place as far as anybody here knows: what an order may take back. */
export interface InPlace {
  attemptId: string;
  incidentId: string;
  action: Attempt["action"];
  from: string;
  /** Null when the change is one of settings. */
  to: string | null;
  remedy?: string;
  reversible: boolean;
  commandId: string | null;
  /** The product's object knows its version or remedy. */
  listed?: boolean;
  /** What the decision was believed to be worth. */
  confidence?: number;
  at: Millis;
  /** The incident that it healed, from when the rest of the state forgets it. */
  incident?: IncidentState;
}

/** The release an attempt would apply, as frozen when the attempt was made. */
export type ChosenRelease = Pick<ReleaseRecord, "version" | "sha256" | "reversible" | "signed">;

export type KeptBackBy = "slot" | "stop" | "rising";

export type Phase =
  | { name: "pending"; until: Millis }
  | { name: "awaiting_approval"; until: Millis }
  | { name: "staging"; until: Millis }
  | {
      name: "applying";
      commandId: string;
      handedOver: boolean;
      until: Millis;
      tries: number;
      /** A beat said that the command failed; its report, which says why, is awaited until then. */
      reportBy?: Millis;
      /** Since then only a slot is missing at its turns, its release is paused, nothing may leave at all, or a storm may be rising: it waits on. */
      waitsSince?: Millis;
      /** What kept it back at its last turn. */
      keptBackBy?: KeptBackBy;
    }
  | {
      name: "verifying";
      startedAt: Millis;
      /** The health check's deadline, and the last moment an inconclusive one may be watched. */
      checkAt: Millis;
      limitAt: Millis;
      /** Judged at the deadline, or since: what comes next is no matter of `checkAt` any more. */
      checked?: true;
      /** A person has been asked because the evidence stayed inconclusive; without an answer by then it is rolled back. */
      askedUntil: Millis | null;
      /** What the new version has reported since it was first seen. */
      beats: number;
      totals: Sums;
      probesOk: number;
      probesFailed: number;
      /** Probes asked for by command; `mute`: asking is no use. */
      probing?: { asked: number; askedAt?: Millis; mute?: true };
      /** What it weighs against the baseline; absent in phases stored before it was kept. */
      evidence?: HealthEvidence;
    }
  | {
      name: "rolling_back";
      commandId: string | null;
      until: Millis;
      why: string;
      /** Rollback commands queued so far; 1 when absent. */
      tries?: number;
      /** An order, not what was seen here. */
      ordered?: true;
      /** Since this moment the way back is ordered for a change of which the shop has not said that it was carried out. */
      unheardSince?: Millis;
      /** Silence is all that speaks against the change: the storm guard is asked whether many fell silent with it. */
      silent?: true;
      /** Whatever comes of it, it says nothing about the fix. */
      blameless?: true;
    };

export interface AttemptState {
  row: Attempt;
  phase: Phase;
  release: ChosenRelease | null;
  /** Settings of a config action. */
  config: Record<string, string | number | boolean> | null;
  /** The command whose settings are to be taken back; of a taking-back only. */
  restores?: string;
  /** The shop keeps the former settings until the commit, as it does with an update. */
  provisional?: true;
  automatic: boolean;
  /** An order that nobody may give again: what stops every command puts it off, and does not end it. */
  waitsOutStop?: true;
  /** The plugin's figures before the fault; absent in attempts stored before they were frozen. */
  baseline?: Baseline;
  /** The dead-man's moment in the shop: without a commit the client restores its snapshot then. Null until applied. */
  deadManAt: Millis | null;
}

/** What a release or remedy is known by to its product's object; null for a change that is in no catalogue. */
export function subjectOf(row: Pick<Attempt, "target_version" | "remedy">): string | null {
  return row.target_version ?? row.remedy ?? null;
}

/** It is a release or a remedy that its product's object knows. */
export function isListed(attempt: Pick<AttemptState, "release" | "row">): boolean {
  return attempt.release !== null || Boolean(attempt.row.remedy);
}

/** The change is in the shop's hands: it may be applying, under watch, or on its way back. */
export function inShopsHands(attempt: AttemptState | null): boolean {
  if (attempt === null) return false;
  const { phase } = attempt;
  if (phase.name === "applying") return phase.handedOver;
  return phase.name === "verifying" || phase.name === "rolling_back";
}

export interface PastAttempt {
  attemptId: string;
  at: Millis;
  automatic: boolean;
  outcome: Attempt["status"];
  /** False when it ended before the shop was told. */
  reached?: boolean;
  /** A success that an order has taken back since. */
  takenBack?: true;
}
