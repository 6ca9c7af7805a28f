import { describe, expect, it } from "vitest";
import { elsewhereNats } from "../../../src/core/plugin/health-prior.ts";
import { HEALTH } from "../../../src/core/plugin/tuning.ts";
import { type SeenBeat, watch } from "./watched-shop.ts";

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

  it("is no proof by itself, not even with probes that always pass", () => {
    expect(watch(beats(110, 0), { elsewhere: HEALTH.elsewhere }).verdict).toBeNull();
  });

  it("does not hurry a busy shop: before, it needs the whole proof", () => {
    const busy = beats(6, 6);
    expect(watch(busy, { elsewhere: HEALTH.elsewhere })).toEqual(watch(busy));
  });
});
