/** A shop under watch after a change, judged as the reducer judges it: beats every 15 s of the traffic and the faults that a test names. */
import { binomial, geometric, poisson, type Random } from "../../../sim/random.ts";
import type { HealthVerdict } from "../../../src/contract/attempt.ts";
import type { IncidentType } from "../../../src/contract/incident.ts";
import { defaultPolicyDocument } from "../../../src/contract/policy.ts";
import type { Sums } from "../../../src/core/detect/rolling-window.ts";
import { healthVerdict } from "../../../src/core/plugin/health-check.ts";
import { newHealthEvidence, observeHealth } from "../../../src/core/plugin/health-evidence.ts";
import type { HealthFacts } from "../../../src/core/plugin/health-facts.ts";
import type { Baseline } from "../../../src/core/plugin/yardstick.ts";
import { T0 } from "../../builders/heartbeat.ts";

export const CHECK_MS = 90_000;
export const LIMIT_MS = defaultPolicyDocument().intervals.verify_limit_s * 1000;

/** A well-known shop: 1 % of its webhooks and 0.1 % of its requests fail, independently. */
export function aBaseline(overrides: Partial<Baseline> = {}): Baseline {
  return {
    until: T0 - 600_000,
    webhooks: { failures: 20, trials: 2_000, usual: 0.01 },
    errors: { failures: 20, trials: 20_000, usual: 0.001 },
    per: "request",
    spread: 1,
    fault: { webhooks: 0.6 },
    ...overrides,
  };
}

/** Just after the 90 s deadline, beating every 15 s, with nothing to judge by. */
export function healthFacts(overrides: Partial<HealthFacts> = {}): HealthFacts {
  const now = overrides.now ?? T0 + CHECK_MS + 5_000;
  return {
    now,
    startedAt: T0,
    checkAt: T0 + CHECK_MS,
    limitAt: T0 + LIMIT_MS,
    silentAt: (overrides.lastBeatAt ?? now - 5_000) + 45_000,
    resident: true,
    lastBeatAt: now - 5_000,
    beats: 6,
    probesOk: 0,
    probesFailed: 0,
    totals: { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 },
    baseline: aBaseline(),
    evidence: newHealthEvidence(T0),
    elsewhere: 0,
    findings: [],
    original: "webhook_fail_rate",
    known: [],
    ...overrides,
  };
}

export interface SeenBeat extends Partial<Sums> {
  /** Probes that passed, and that failed. */
  ok?: number;
  bad?: number;
  /** A client without counters says so. */
  rate?: number;
  errors24h?: number;
}

/** `beats`, 15 s apart, from the change on. The verdict of the first beat that has one, else that of the last. */
export function watch(
  beats: readonly SeenBeat[],
  overrides: Partial<HealthFacts> = {},
): { verdict: HealthVerdict | null; beats: number } {
  const facts = healthFacts(overrides);
  let verdict: HealthVerdict | null = null;
  for (const [i, beat] of beats.entries()) {
    const now = T0 + (i + 1) * 15_000;
    const gauge = beat.rate !== undefined || beat.errors24h !== undefined;
    const delta = {
      errors: beat.errors ?? 0,
      requests: beat.requests ?? 0,
      webhooks_sent: beat.webhooks_sent ?? 0,
      webhooks_failed: beat.webhooks_failed ?? 0,
    };
    const probe = (ok: boolean) => ({ name: "checkout", ok, ms: 3 });
    const probes = [
      ...Array.from({ length: beat.ok ?? 0 }, () => probe(true)),
      ...Array.from({ length: beat.bad ?? 0 }, () => probe(false)),
    ];
    facts.evidence = observeHealth(
      facts.evidence,
      facts.baseline,
      {
        delta: gauge ? null : delta,
        probes,
        gauges: gauge ? { webhook_fail_rate: beat.rate, errors_last_24h: beat.errors24h } : null,
      },
      now,
    );
    for (const name of ["errors", "requests", "webhooks_sent", "webhooks_failed"] as const)
      facts.totals = { ...facts.totals, [name]: facts.totals[name] + delta[name] };
    facts.probesOk += beat.ok ?? 0;
    facts.probesFailed += beat.bad ?? 0;
    verdict = healthVerdict({ ...facts, now, beats: i + 1, lastBeatAt: now, silentAt: now + 45_000 });
    if (verdict !== null) return { verdict, beats: i + 1 };
  }
  return { verdict, beats: beats.length };
}

export interface Conditions {
  original: IncidentType;
  baseline: Baseline;
  webhooksPerHour: number;
  /** Share of webhooks that fail since the change. */
  webhooksFail: number;
  requestsPerHour: number;
  /** Share of requests that log an error since the change; they come in clumps of this mean size. */
  requestsFail: number;
  clump: number;
  /** Probes that pass with every beat, as they did before the change, or not. */
  probes: number;
  probesFailedBefore?: boolean;
  /** What its success in other shops adds, in nats; nothing when absent. */
  elsewhere?: number;
}

/** One watched change from beginning to verdict, drawn at random. */
export function drawnVerdict(given: Conditions, random: Random): HealthVerdict["verdict"] {
  const beats = Array.from({ length: LIMIT_MS / 15_000 }, (): SeenBeat => {
    const webhooks_sent = poisson(given.webhooksPerHour / 240, random);
    const requests = poisson(given.requestsPerHour / 240, random);
    const clumps = binomial(requests, given.requestsFail / given.clump, random);
    let errors = 0;
    for (let i = 0; i < clumps; i++) errors += geometric(given.clump, random);
    return {
      webhooks_sent,
      webhooks_failed: binomial(webhooks_sent, given.webhooksFail, random),
      requests,
      errors: Math.min(errors, requests),
      ok: given.probes,
    };
  });
  const { original, baseline, probesFailedBefore, elsewhere = 0 } = given;
  const evidence = newHealthEvidence(T0, probesFailedBefore ? ["checkout"] : []);
  const { verdict } = watch(beats, { original, baseline, evidence, elsewhere });
  if (verdict === null) throw new Error("no verdict at the limit");
  return verdict.verdict;
}
