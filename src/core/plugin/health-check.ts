/**
 * The health check after a change: has the original signal gone, and is nothing new wrong, against the same plugin before its fault?
 * Three verdicts. It ends at once on a clear failure, and calls a change healthy only on evidence against "still as
 * during the fault": no traffic is not health. Pure.
 */
import type { HealthVerdict } from "../../contract/attempt.ts";
import type { IncidentType } from "../../contract/incident.ts";
import { referenceShare } from "../detect/bernoulli-cusum.ts";
import type { Finding } from "../detect/finding.ts";
import { percent } from "../detect/finding.ts";
import { isGraver } from "../severity-rank.ts";
import type { HealthFacts } from "./health-facts.ts";
import { provenWell } from "./health-proof.ts";
import { iso, type Millis } from "./state.ts";
import { HEALTH } from "./tuning.ts";
import { type Baseline, isDrowned, type Yardstick, yardstickOf } from "./yardstick.ts";

type Verdict = Omit<HealthVerdict, "at">;

/** Null while it is too early to tell. */
export function healthVerdict(facts: HealthFacts): HealthVerdict | null {
  const verdict = judged(facts);
  if (verdict === null) return null;
  const excuse = excuseOf(facts);
  const explanation = `${verdict.explanation.slice(0, 500 - excuse.length)}${excuse}`;
  return { ...verdict, explanation, at: iso(facts.now) };
}

function excuseOf({ evidence: { failedBefore = [] } }: HealthFacts): string {
  if (failedBefore.length === 0) return "";
  const named = failedBefore.slice(0, 3).map((name) => name.slice(0, 40));
  const more = failedBefore.length > 3 ? ` and ${failedBefore.length - 3} more` : "";
  return ` Not held against it, failing before the change: ${named.join(", ")}${more}.`;
}

function judged(facts: HealthFacts): Verdict | null {
  const bad = condemned(facts);
  if (bad !== null) return bad;
  if (facts.now < facts.checkAt) return null;
  const silent = silence(facts);
  if (silent !== null) return silent;
  const doubt = doubted(facts);
  const proof = provenWell(facts);
  const window_s = secondsSince(facts.startedAt, facts.now);
  if (proof.enough && doubt === null)
    return {
      verdict: "healthy",
      rule: proof.rule,
      metric: proof.metric,
      value: proof.value,
      bound: proof.bound,
      window_s,
      explanation: `${proof.text} Nothing new is wrong.`.slice(0, 500),
    };
  if (facts.now < facts.limitAt) return null;
  return {
    verdict: "inconclusive",
    rule: doubt === null ? "not_enough_evidence" : "doubt",
    metric: doubt?.metric ?? proof.metric,
    value: doubt?.value ?? proof.value,
    bound: doubt?.bound ?? proof.bound,
    window_s,
    explanation: (doubt === null
      ? `Too little was seen since the change. ${proof.text}`
      : `Too few failures to condemn the change and too many to trust it. ${doubt.explanation}`
    ).slice(0, 500),
  };
}

/** A clear failure, at any moment: the figures against the baseline, the probes, and what only a detector can see. */
function condemned(facts: HealthFacts): Verdict | null {
  const { evidence, original } = facts;
  for (const figure of ["webhooks", "errors"] as const)
    if (isJudged(facts, TYPE_OF[figure]) && evidence[figure].sum >= HEALTH.worse)
      return { ...worse(facts, figure), verdict: "unhealthy" };
  if (isJudged(facts, "webhook_fail_rate") && evidence.gaugeHigher >= HEALTH.gauge.beats)
    return {
      verdict: "unhealthy",
      rule: ruleOf("webhook_fail_rate", original),
      metric: "webhook_fail_rate",
      value: evidence.gaugeHigher,
      bound: HEALTH.gauge.beats,
      window_s: secondsSince(facts.startedAt, facts.now),
      explanation: `The plugin itself reports more failing webhooks than before the change, in ${evidence.gaugeHigher} beats in a row.`,
    };
  if (evidence.probesBad >= HEALTH.worse)
    return {
      verdict: "unhealthy",
      rule: "probes",
      metric: "probes failed",
      value: facts.probesFailed,
      bound: HEALTH.probe.failures,
      window_s: secondsSince(facts.startedAt, facts.now),
      explanation: `${facts.probesFailed} of ${facts.probesFailed + facts.probesOk} probes failed since the change.`,
    };
  const firing = facts.findings.find((finding) => finding.firing && isDetectorsOwn(finding, facts));
  if (firing === undefined) return null;
  const { signal } = firing;
  return {
    verdict: "unhealthy",
    rule: ruleOf(firing.type, original),
    metric: signal.method,
    value: signal.value,
    bound: signal.bound,
    window_s: signal.window_s,
    explanation: signal.explanation,
  };
}

const TYPE_OF = { webhooks: "webhook_fail_rate", errors: "error_spike" } as const;

/** Of what another incident is about, only what is seen to be new or worse: a rate above its level, an error of another kind. */
function isJudged({ original, known, baseline }: HealthFacts, type: IncidentType): boolean {
  if (type === original || !known.includes(type)) return true;
  if (baseline.besides === undefined) return false;
  if (type === "new_error") return true;
  const figure = type === "webhook_fail_rate" ? "webhooks" : type === "error_spike" ? "errors" : null;
  return figure !== null && baseline.besides[figure] !== undefined && !isDrowned(baseline, figure);
}

/** Another incident's signal is up, as it was: it forbids nothing, unless it is graver than it was before the change. */
function isAsBefore({ original, known, baseline: { besides } }: HealthFacts, finding: Finding): boolean {
  const { type } = finding;
  if (type === original || !known.includes(type) || type === "new_error") return false;
  const before = besides?.severities[type];
  return before === undefined || !isGraver(finding.severity, before);
}

/** Rates are judged against the baseline and silence by its own rule; a subscription takes a moment to be switched on again. */
function isDetectorsOwn({ type }: Finding, facts: HealthFacts): boolean {
  if (!isJudged(facts, type)) return false;
  if (type === "new_error") return true;
  const early = facts.now < facts.checkAt;
  return type === "webhook_disabled" && !(early && facts.original === type);
}

function ruleOf(type: IncidentType, original: IncidentType): string {
  return `${type === original ? "original_signal_persists" : "new_signal"}:${type}`;
}

/** The figure's share since its failures began, against the share above which evidence grows. */
function worse(facts: HealthFacts, figure: "webhooks" | "errors"): Verdict {
  const { now, startedAt, baseline, evidence, original } = facts;
  const yardstick = yardstickOf(baseline, figure);
  const { sum, trials, failures, onsetAt } = evidence[figure];
  const what =
    figure === "webhooks"
      ? `${failures} of ${trials} webhooks failed`
      : baseline.per === "request"
        ? `${failures} of ${trials} requests had an error`
        : `${failures} errors in ${trials} s`;
  return {
    verdict: "inconclusive",
    rule: ruleOf(TYPE_OF[figure], original),
    metric: figure === "webhooks" ? "failed per webhook" : `errors per ${baseline.per}`,
    value: trials > 0 ? round(failures / trials) : null,
    bound: round(referenceShare(yardstick.worse)),
    window_s: secondsSince(onsetAt ?? startedAt, now),
    explanation: `${what} since the change; before the fault ${beforeText(yardstick, baseline, figure)}. Evidence that it is worse ${sum.toFixed(1)}, bound ${HEALTH.worse}.`,
  };
}

function beforeText(
  { before, worse: { healthy } }: Yardstick,
  baseline: Baseline,
  figure: "webhooks" | "errors",
): string {
  const { failures, trials } = baseline[figure];
  const assumed = `up to ${percent(healthy)} held for usual`;
  if (before === null) return `nothing was counted, ${assumed}`;
  const of = figure === "errors" && baseline.per === "second" ? `${trials} s` : `${trials}`;
  return `${failures} of ${of} (${percent(before)}), ${assumed}`;
}

function silence(facts: HealthFacts): Verdict | null {
  const { now, startedAt, silentAt, lastBeatAt } = facts;
  const mute = facts.resident && facts.beats === 0;
  if (!mute && (silentAt === null || now <= silentAt)) return null;
  const since = lastBeatAt ?? startedAt;
  const silentS = Math.round((now - since) / 1000);
  return {
    verdict: "unhealthy",
    rule: "no_beat",
    metric: "seconds without a heartbeat",
    value: silentS,
    bound: silentAt === null ? null : Math.round((silentAt - since) / 1000),
    window_s: secondsSince(startedAt, now),
    explanation:
      facts.beats === 0
        ? "No heartbeat since the change."
        : `No heartbeat for ${silentS} s after the change.`,
  };
}

/** What forbids to call it healthy, however much speaks for it: half the evidence against it, or a detector that is up. */
function doubted(facts: HealthFacts): Verdict | null {
  const { evidence } = facts;
  for (const figure of ["webhooks", "errors"] as const)
    if (isJudged(facts, TYPE_OF[figure]) && evidence[figure].sum >= HEALTH.doubt) return worse(facts, figure);
  const window_s = secondsSince(facts.startedAt, facts.now);
  if (evidence.probesBad > 0)
    return {
      verdict: "inconclusive",
      rule: "probes",
      metric: "probes failed",
      value: facts.probesFailed,
      bound: HEALTH.probe.failures,
      window_s,
      explanation: `${facts.probesFailed} of ${facts.probesFailed + facts.probesOk} probes failed since the change.`,
    };
  const up = facts.findings.find(
    (finding) => finding.type !== "heartbeat_missed" && isUp(finding) && !isAsBefore(facts, finding),
  );
  if (up === undefined) return null;
  const { method: metric, value, bound, explanation } = up.signal;
  return { verdict: "inconclusive", rule: up.type, metric, value, bound, window_s, explanation };
}

/** A rate that is half way up is weighed against the baseline already; a rate that is an alarm would be an incident again. */
function isUp({ type, firing, standing, signal }: Finding): boolean {
  const weighed = signal.method === "bernoulli-cusum" || (type === "error_spike" && !firing);
  return firing || (standing === "suspect" && !weighed);
}

export function secondsSince(from: Millis, now: Millis): number {
  return Math.max(0, Math.round((now - from) / 1000));
}

function round(share: number): number {
  return Math.round(share * 1e6) / 1e6;
}
