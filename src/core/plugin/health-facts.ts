/** All that the health check looks at. Times are milliseconds since the epoch. */
import type { IncidentType } from "../../contract/incident.ts";
import type { Finding } from "../detect/finding.ts";
import type { HealthEvidence } from "./health-evidence.ts";
import type { Millis } from "./state.ts";
import type { Baseline } from "./yardstick.ts";

export interface HealthFacts {
  now: Millis;
  startedAt: Millis;
  checkAt: Millis;
  limitAt: Millis;
  /** From then on silence counts; null while nobody knows how long the shop is quiet when all is well. */
  silentAt: Millis | null;
  /** It beats by a timer: no beat at all by the deadline is news. */
  resident: boolean;
  lastBeatAt: Millis | null;
  /** Beats of the new version since the change. */
  beats: number;
  probesOk: number;
  probesFailed: number;
  totals: { errors: number; requests: number; webhooks_sent: number; webhooks_failed: number };
  baseline: Baseline;
  evidence: HealthEvidence;
  /** What speaks for the change beforehand, in nats: how it did in other shops (health-prior.ts). */
  elsewhere: number;
  /** Detectors start afresh at the change, so what fires now is the new version's doing. */
  findings: readonly Finding[];
  original: IncidentType;
  /** Signals that another open incident is about: the change did not promise to mend them, and did not bring them. */
  known: readonly IncidentType[];
}
