/** What the gate was held against, as it is stored, and back again. Pure. */
import type { GateSnapshot } from "../../contract/gate-snapshot.ts";
import type { Admission } from "../../contract/rpc/release.ts";
import type { GateSubject } from "./gate.ts";

export function snapshotOf(subject: GateSubject): GateSnapshot {
  const { admission, guard } = subject;
  return {
    at: new Date(subject.now).toISOString(),
    type: subject.type,
    flapping: subject.flapping,
    severity: subject.severity,
    action: subject.action,
    step: subject.step,
    confidence: subject.confidence,
    automatic: subject.automatic,
    takes_back: subject.takesBack ?? false,
    approvals: subject.approvals,
    excluded: subject.excluded,
    attempts_today: subject.attemptsToday,
    since_failure_ms: subject.sinceFailureMs,
    admission:
      admission === null
        ? null
        : {
            admitted: admission.admitted,
            status: admission.status,
            stage: admission.stage.slice(0, 200),
            observed: admission.observed.slice(0, 200),
            bound: admission.bound.slice(0, 200),
          },
    guard: {
      storm: guard.storm,
      autonomy: guard.autonomy,
      actions_last_hour: guard.actions_last_hour,
    },
  };
}

/** Whose attempt it was: kept beside the snapshot, in the attempt's own row. */
export interface SnapshotOwner {
  pluginId: string;
  merchantId: string;
  product: string;
}

export function subjectOf(snapshot: GateSnapshot, owner: SnapshotOwner): GateSubject {
  const { admission, guard } = snapshot;
  return {
    ...owner,
    type: snapshot.type,
    flapping: snapshot.flapping,
    now: Date.parse(snapshot.at),
    severity: snapshot.severity,
    action: snapshot.action,
    step: snapshot.step,
    confidence: snapshot.confidence,
    automatic: snapshot.automatic,
    takesBack: snapshot.takes_back,
    approvals: snapshot.approvals,
    excluded: snapshot.excluded,
    attemptsToday: snapshot.attempts_today,
    sinceFailureMs: snapshot.since_failure_ms,
    // A standing that this version does not know is none that lets a release out.
    admission: admission === null ? null : { ...admission, status: admission.status as Admission["status"] },
    guard: { ...guard, explanation: "" },
  };
}
