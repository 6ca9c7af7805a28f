/** What speaks for a change after a fault of each kind: how much of it there is, and how much is enough. Pure. */

import { percent } from "../detect/finding.ts";
import type { HealthEvidence } from "./health-evidence.ts";
import type { HealthFacts } from "./health-facts.ts";
import { HEALTH } from "./tuning.ts";
import { yardstickOf } from "./yardstick.ts";

export interface Proof {
  enough: boolean;
  rule: string;
  metric: string;
  value: number;
  bound: number;
  /** For people, a sentence. */
  text: string;
}

/** The strongest evidence that the original signal has gone. */
export function provenWell(facts: HealthFacts): Proof {
  switch (facts.original) {
    case "webhook_fail_rate":
      return facts.evidence.gaugeLow > 0 ? byGauge(facts) : byRate(facts, "webhooks");
    case "error_spike":
      return byRate(facts, "errors");
    case "new_error":
      return byAbsence(facts);
    case "webhook_disabled":
    case "heartbeat_missed":
      return byState(facts);
    default:
      return facts.original satisfies never;
  }
}

/** Sequential evidence against "as during the fault": what was counted, and the probes, which try the same plugin. */
function byRate(facts: HealthFacts, figure: "webhooks" | "errors"): Proof {
  const { evidence, baseline, totals, probesOk, probesFailed } = facts;
  const idle = figure === "webhooks" ? 0 : (evidence.errorsIdle ?? 0);
  const counted = (figure === "webhooks" ? evidence.webhooksWell : evidence.errorsWell) - idle;
  const probed = natsOfProbes(evidence, idle);
  const elsewhere = elsewhereOf(facts);
  // Probes see what they look at: what customers have met since the change weighs against them.
  const met = evidence[figure].sum;
  const nats = Math.max(0, counted + Math.min(probed, HEALTH.well) + elsewhere - met);
  const bound = boundOf(facts, counted);
  const { failing } = yardstickOf(baseline, figure).fault;
  const what =
    figure === "webhooks"
      ? `${Math.max(0, totals.webhooks_sent - totals.webhooks_failed)} of ${totals.webhooks_sent} webhooks delivered`
      : baseline.per === "request"
        ? `${totals.errors} errors in ${totals.requests} requests`
        : `${totals.errors} errors`;
  const probes = `${probesOk} of ${probesOk + probesFailed} probes passed`;
  const against =
    figure === "webhooks" || baseline.per === "request"
      ? `${percent(failing)} failing, as during the fault`
      : `${Math.round(failing * 3600)} errors an hour, as during the fault`;
  return {
    enough: nats >= bound,
    rule: counted >= probed ? RULE[figure] : "probes",
    metric: `evidence against ${against}`.slice(0, 64),
    value: Math.round(nats * 100) / 100,
    bound,
    text: `${what}, ${probes}: evidence ${nats.toFixed(1)} against ${against}, enough at ${bound}.${elsewhereText(elsewhere)}${capOf(evidence, idle)}`,
  };
}

/** A busy shop speaks for itself: how others did counts where the first windows have not settled it. */
function elsewhereOf({ now, startedAt, checkAt, elsewhere }: HealthFacts): number {
  return now - startedAt >= HEALTH.elsewhereAfter * (checkAt - startedAt) ? elsewhere : 0;
}

/**
 * A sequential test is cut off at its last moment, and decided for the likelier side (Wald 1947, section 3.8): to go back is no safer
 * then, for the fault was there before. Only where somebody was served, and nobody met the fault.
 */
function boundOf({ now, limitAt }: HealthFacts, counted: number): number {
  return now >= limitAt && counted > 0 ? HEALTH.wellAtLimit : HEALTH.well;
}

function elsewhereText(nats: number): string {
  return nats === 0 ? "" : ` How it did in other shops adds ${nats.toFixed(1)}.`;
}

/** What passes as well while the fault goes on speaks for little; a probe that failed before, and passes, for all that it says. */
function natsOfProbes({ probesWell, probesMended = 0 }: HealthEvidence, idle = 0): number {
  return Math.min(HEALTH.idle, probesWell + idle) + probesMended;
}

function capOf({ probesWell }: HealthEvidence, idle = 0): string {
  if (probesWell + idle <= HEALTH.idle) return "";
  const what = [
    ...(probesWell > 0 ? ["Probes that did not fail before the change"] : []),
    ...(idle > 0 ? [probesWell > 0 ? "time without traffic" : "Time without traffic"] : []),
  ].join(" and ");
  return ` ${what} can add ${HEALTH.idle} at most.`;
}

const RULE = { webhooks: "webhooks_delivered", errors: "errors_gone" } as const;

/**
 * Its error stayed away for so long that it would have shown itself five times over (`NEW_ERROR.absence`) while somebody was served, or
 * probes pass that failed with it.
 */
function byAbsence(facts: HealthFacts): Proof {
  const served = facts.totals.requests > 0 || facts.totals.webhooks_sent > 0;
  const absent = facts.findings.some(({ type, cleared }) => type === "new_error" && cleared);
  if (!absent || !served) return byProbes(facts);
  return {
    enough: true,
    rule: "error_stayed_away",
    metric: "errors of that kind",
    value: 0,
    bound: 1,
    text: "The new error stayed away for longer than chance allows.",
  };
}

function byProbes({ evidence, probesOk, probesFailed }: HealthFacts): Proof {
  const nats = natsOfProbes(evidence);
  return {
    enough: nats >= HEALTH.well,
    rule: "probes",
    metric: "evidence by probes",
    value: Math.round(nats * 100) / 100,
    bound: HEALTH.well,
    text: `${probesOk} of ${probesOk + probesFailed} probes passed: evidence ${nats.toFixed(1)}, enough at ${HEALTH.well}.${capOf(evidence)}`,
  };
}

/** A gauge has no sample size: a few beats in a row must agree. */
function byGauge({ evidence }: HealthFacts): Proof {
  return {
    enough: evidence.gaugeLow >= HEALTH.beats,
    rule: "gauge_fell",
    metric: "beats with few failing webhooks",
    value: evidence.gaugeLow,
    bound: HEALTH.beats,
    text: `The plugin itself reports that few webhooks fail, in ${evidence.gaugeLow} beats in a row.`,
  };
}

/** The plugin says it: that it beats again, or that its webhook is switched on again. Certain, once it is steady. */
function byState({ original, beats, findings }: HealthFacts): Proof {
  const said =
    original === "heartbeat_missed" ||
    findings.some((finding) => finding.type === "webhook_disabled" && finding.cleared);
  const value = said ? beats : 0;
  return {
    enough: value >= HEALTH.beats,
    rule: "state_restored",
    metric: "beats",
    value,
    bound: HEALTH.beats,
    text: said
      ? `The reported state is sound in ${beats} beats.`
      : "The plugin does not say that its webhook is switched on again.",
  };
}
