/** Pure. What there is to say of a silence: why, as far as it is known, and whether the detector can judge one at all. */
import { type Incident, OPEN_INCIDENT_STATUSES, type SilenceCause } from "../../../src/contract/incident.ts";
import type { DetectorView } from "../../../src/contract/ops.ts";

/** `sought`: nobody knows yet. Null for other incidents, and for one that ended before its cause was known. */
export function causeOf(
  incident: Pick<Incident, "type" | "status" | "cause">,
): SilenceCause | "sought" | null {
  if (incident.type !== "heartbeat_missed") return null;
  if (incident.cause) return incident.cause;
  const open: readonly string[] = OPEN_INCIDENT_STATUSES;
  return open.includes(incident.status) ? "sought" : null;
}

/** Why there is no deadline: "learning" and "not enough data" are no "all is well". Null when the detector does judge. */
export function noDeadlineBecause(detectors: readonly DetectorView[]): DetectorView["state"] | null {
  const silence = detectors.find((detector) => detector.type === "heartbeat_missed");
  const judges = silence === undefined || silence.state === "normal" || silence.state === "firing";
  return judges ? null : silence.state;
}
