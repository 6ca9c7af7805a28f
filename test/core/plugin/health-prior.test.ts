import { describe, expect, it } from "vitest";
import { healthVerdict } from "../../../src/core/plugin/health-check.ts";
import { newHealthEvidence } from "../../../src/core/plugin/health-evidence.ts";
import { elsewhereNats } from "../../../src/core/plugin/health-prior.ts";
import { HEALTH } from "../../../src/core/plugin/tuning.ts";
import { T0 } from "../../builders/heartbeat.ts";
import { aBaseline, healthFacts, LIMIT_MS, type SeenBeat, watch } from "./watched-shop.ts";

const beats = (count: number, webhooks: number): SeenBeat[] =>
  Array.from({ length: count }, (_, i) => ({ ok: 1, webhooks_sent: i < webhooks ? 1 : 0 }));

describe("how a change did in other shops", () => {
  it.each([
    ["builtin", 0.5, 0],
    ["builtin", 0.7, 0.85],
    ["builtin", 0.98, HEALTH.elsewhere],
    ["builtin", 1, HEALTH.elsewhere],
    ["builtin", 0.2, 0],
    ["builtin", 0, 0],
    ["heuristic", 0.9, 0],
    ["sira", 0.99, 0],
    ["manual", 1, 0],
  ] as const)("speaks for it, by source %s and chance %d, with %d nats", (source, confidence, nats) => {
    expect(elsewhereNats({ source, confidence })).toBeCloseTo(nats, 2);
  });

  it("spares a quiet shop half of the proof, once the first windows have passed, and says so", () => {
    const two = beats(40, 2);
    expect(watch(two).verdict).toBeNull();
    const { verdict, beats: took } = watch(two, { elsewhere: HEALTH.elsewhere });
    expect(verdict).toMatchObject({ verdict: "healthy", rule: "probes" });
    expect(verdict?.explanation).toContain("How it did in other shops adds 1.8.");
    expect(took).toBe(24);
  });

  it("settles the last moment of the watch where somebody was served, on less than the whole proof", () => {
    const one = { elsewhere: 0.7, now: T0 + LIMIT_MS };
    const evidence = { ...newHealthEvidence(T0), probesWell: 9, webhooksWell: 1 };
    expect(healthVerdict(healthFacts({ ...one, evidence }))).toMatchObject({
      verdict: "healthy",
      value: 3.2,
      bound: HEALTH.wellAtLimit,
    });
    expect(
      healthVerdict(healthFacts({ ...one, evidence: { ...evidence, webhooksWell: 0, probesMended: 1 } })),
    ).toMatchObject({ verdict: "inconclusive", bound: HEALTH.well });
  });

  it("is no proof by itself, not even with probes that always pass", () => {
    expect(watch(beats(110, 0), { elsewhere: HEALTH.elsewhere }).verdict).toBeNull();
  });

  it("does not hurry a busy shop: before, it needs the whole proof", () => {
    const busy = beats(6, 6);
    expect(watch(busy, { elsewhere: HEALTH.elsewhere })).toEqual(watch(busy));
  });
});

describe("a probe that failed before the change, and passes since", () => {
  const facts = { original: "error_spike", baseline: aBaseline({ fault: { errors: 0.25 } }) } as const;
  const mended = () => newHealthEvidence(T0, ["checkout"]);
  const passing = (requests: number, errors: number): SeenBeat[] =>
    Array.from({ length: 20 }, (_, i) => (i === 1 ? { ok: 1, requests, errors } : { ok: 1 }));

  it("is proof where nobody met the fault, and none while somebody does", () => {
    expect(watch(passing(6, 0), { ...facts, evidence: mended() }).verdict).toMatchObject({
      verdict: "healthy",
    });
    expect(watch(passing(6, 1), { ...facts, evidence: mended() }).verdict).toBeNull();
  });
});
