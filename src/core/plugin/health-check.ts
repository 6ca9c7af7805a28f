/**
 * The health check after a change: has the original signal gone, and is nothing new wrong? Three verdicts. It ends at once
 * on a clear failure, and calls a release healthy only on enough evidence: no traffic is not health. Pure.
 */
import type { HealthVerdict, IncidentType } from "../../contract/incident.ts";
import type { Finding } from "../detection.ts";
import { iso } from "./state.ts";
import {
  HEALTHY_MIN_BEATS,
  HEALTHY_MIN_PROBES,
  HEALTHY_MIN_REQUESTS,
  HEALTHY_MIN_WEBHOOKS,
  PROBATION_SILENCE_BEATS,
  UNHEALTHY_PROBES,
  UNHEALTHY_SHARE,
} from "./tuning.ts";

export interface HealthFacts {
  now: number;
  startedAt: number;
  checkAt: number;
  limitAt: number;
  probationS: number;
  lastBeatAt: number | null;
  /** Beats of the new version since the change. */
  beats: number;
  probesOk: number;
  probesFailed: number;
  /** Detectors start afresh at the change, so what fires now is the new version's doing. */
  findings: readonly Finding[];
  suspect: boolean;
  totals: { errors: number; requests: number; webhooks_sent: number; webhooks_failed: number };
  original: IncidentType;
}

/** Null while it is too early to tell. */
export function healthVerdict(facts: HealthFacts): HealthVerdict | null {
  const windowS = Math.round((facts.now - facts.startedAt) / 1000);
  const verdict = (
    kind: HealthVerdict["verdict"],
    rule: string,
    value: number | null,
    bound: number | null,
    explanation: string,
  ): HealthVerdict => ({
    verdict: kind,
    rule,
    value,
    bound,
    window_s: windowS,
    explanation,
    at: iso(facts.now),
  });

  const early = facts.now < facts.checkAt;
  const firing = facts.findings.find((finding) => finding.firing && !awaited(finding, facts.original, early));
  if (firing) {
    const rule = firing.type === facts.original ? "original_signal_persists" : "new_signal";
    return verdict(
      "unhealthy",
      `${rule}:${firing.type}`,
      firing.signal.value,
      firing.signal.bound,
      firing.signal.explanation,
    );
  }
  if (facts.probesFailed >= UNHEALTHY_PROBES)
    return verdict(
      "unhealthy",
      "probes",
      facts.probesFailed,
      UNHEALTHY_PROBES,
      `${facts.probesFailed} probes failed after the change.`,
    );

  if (early) return null;

  const silentForMs = facts.now - (facts.lastBeatAt ?? facts.startedAt);
  const silenceMs = PROBATION_SILENCE_BEATS * facts.probationS * 1000;
  if (facts.beats === 0 || silentForMs > silenceMs)
    return verdict(
      "unhealthy",
      "no_beat",
      Math.round(silentForMs / 1000),
      Math.round(silenceMs / 1000),
      `No heartbeat for ${Math.round(silentForMs / 1000)} s after the change.`,
    );

  const mixed = facts.suspect || stillFailing(facts.totals);
  const evidence = enoughEvidence(facts);
  if (evidence && !mixed)
    return verdict("healthy", evidence.rule, evidence.value, evidence.bound, evidence.explanation);
  if (facts.now >= facts.limitAt)
    return verdict(
      "inconclusive",
      mixed ? "suspect" : "not_enough_evidence",
      facts.totals.webhooks_sent,
      HEALTHY_MIN_WEBHOOKS,
      mixed
        ? "Some failures, too few to condemn the change and too many to trust it."
        : `Only ${facts.totals.webhooks_sent} webhooks and ${facts.probesOk} good probes since the change.`,
    );
  return null;
}

/** A silent plugin has its own rule; a subscription takes a moment to be switched on again, and is judged at the deadline. */
function awaited(finding: Finding, original: IncidentType, early: boolean): boolean {
  if (finding.type === "heartbeat_missed") return true;
  return early && finding.type === "webhook_disabled" && original === "webhook_disabled";
}

/** So large a share of the webhooks fails that they are no sign of health, however few they are. */
function stillFailing({ webhooks_sent: sent, webhooks_failed: failed }: HealthFacts["totals"]): boolean {
  return failed > 0 && failed >= UNHEALTHY_SHARE * Math.max(sent, failed);
}

function enoughEvidence(facts: HealthFacts) {
  const { webhooks_sent: sent, webhooks_failed: failed, requests, errors } = facts.totals;
  if (sent >= HEALTHY_MIN_WEBHOOKS)
    return {
      rule: "webhooks_delivered",
      value: sent - failed,
      bound: HEALTHY_MIN_WEBHOOKS,
      explanation: `${sent - failed} of ${sent} webhooks delivered, nothing new wrong.`,
    };
  if (facts.probesOk >= HEALTHY_MIN_PROBES)
    return {
      rule: "probes",
      value: facts.probesOk,
      bound: HEALTHY_MIN_PROBES,
      explanation: `${facts.probesOk} probes passed, nothing new wrong.`,
    };
  const aboutErrors = facts.original === "error_spike" || facts.original === "new_error";
  if (aboutErrors && requests >= HEALTHY_MIN_REQUESTS)
    return {
      rule: "requests_served",
      value: requests - errors,
      bound: HEALTHY_MIN_REQUESTS,
      explanation: `${requests} requests with ${errors} errors, nothing new wrong.`,
    };
  const aboutState = facts.original === "webhook_disabled" || facts.original === "heartbeat_missed";
  if (aboutState && facts.beats >= HEALTHY_MIN_BEATS)
    return {
      rule: "state_restored",
      value: facts.beats,
      bound: HEALTHY_MIN_BEATS,
      explanation: `The reported state is sound in ${facts.beats} beats, nothing new wrong.`,
    };
  return null;
}
