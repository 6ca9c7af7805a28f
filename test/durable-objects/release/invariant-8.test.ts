/**
 * Invariant 8: a canary never exceeds its stage or its limit in flight; a halted release is never handed out again. Random lives
 * of a release through the object's own desks and SQL, held against a second, simpler account of what has happened.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Person } from "../../../src/contract/ops.ts";
import { defaultPolicyDocument, type PolicyDocument } from "../../../src/contract/policy.ts";
import { placeOf } from "../../../src/core/rollout/wave-reach.ts";
import { aRelease } from "../../builders/release.ts";
import { PRODUCT, releaseDesks } from "./release-desks.ts";

const VERSION = "1.2.3";
const T0 = Date.parse("2026-11-22T10:00:00.000Z");
const ada: Person = { id: "ada", name: "Ada", roles: ["admin"] };
const ENVIRONMENTS = ["woocommerce 9.1", "woocommerce 8.9", "magento 2.4"] as const;
const envOf = (attempt: number) => {
  const [platform = "", platform_version = ""] = (ENVIRONMENTS[attempt % 3] ?? "").split(" ");
  return { platform, platform_version };
};

type Op =
  | { do: "admit" | "check"; attempt: number }
  | {
      do: "finish";
      attempt: number;
      outcome: "success" | "rolled_back" | "failed" | "inconclusive" | "cancelled";
    }
  | { do: "relapse"; attempt: number }
  | { do: "status"; status: "active" | "paused" | "halted" | "blocked" }
  | { do: "hold"; environment: number; held: boolean }
  | { do: "plan"; plan: number }
  | { do: "blame" | "revert" }
  | { do: "wait"; minutes: number };

const attempt = fc.integer({ min: 0, max: 60 });
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant("admit" as const), attempt }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("check" as const), attempt }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("finish" as const),
      attempt,
      outcome: fc.constantFrom(
        "success",
        "success",
        "success",
        "rolled_back",
        "failed",
        "inconclusive",
        "cancelled",
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("relapse" as const), attempt }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("status" as const),
      status: fc.constantFrom("active", "active", "active", "paused", "halted", "blocked"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("hold" as const),
      environment: fc.nat({ max: 2 }),
      held: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("plan" as const), plan: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("blame" as const, "revert" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), minutes: fc.nat({ max: 20 }) }) },
);

const PLANS = [
  null,
  { waves: [{ merchants: ["merchant-1"] }, { shops: 4 }, { percent: 100 }] },
  {
    waves: [
      { shops: 3, not_before: new Date(T0 + 600_000).toISOString() },
      { percent: 40, bake_s: 0 },
    ],
  },
];

const canaries = fc.record({
  shops: fc.integer({ min: 1, max: 6 }),
  percent: fc.integer({ min: 5, max: 60 }),
  in_flight: fc.integer({ min: 1, max: 8 }),
  bake_s: fc.constantFrom(0, 300, 600),
  on_breach: fc.constantFrom("keep" as const, "revert" as const),
});

/** What the test knows of one attempt that took a slot. */
interface Seen {
  outcome: "open" | "success" | "failure" | "inconclusive" | "cancelled";
  acknowledged: boolean;
  environment: string;
}

it("Invariant 8: a canary never exceeds its stage or its limit in flight, and what is halted is handed to nobody", async () => {
  await fc.assert(
    fc.asyncProperty(canaries, fc.array(op, { minLength: 10, maxLength: 90 }), async (shape, ops) => {
      const canary: PolicyDocument["canary"] = {
        ...defaultPolicyDocument().canary,
        stages: [{ shops: shape.shops }, { percent: shape.percent }, { percent: 100 }],
        in_flight: shape.in_flight,
        bake_s: shape.bake_s,
        on_breach: shape.on_breach,
        abort: [{ failure: "any", percent: 40, min_finished: 3 }],
      };
      const desks = releaseDesks();
      desks.catalogue.publish(
        aRelease({ product: PRODUCT, version: VERSION, expires: "2099-01-01T00:00:00Z" }),
        T0,
      );
      const seen = new Map<number, Seen>();
      const state = () => {
        const found = desks.catalogue.rollouts(canary, VERSION, now)[VERSION];
        if (!found) throw new Error("no rollout");
        return found;
      };
      const held = () =>
        new Set(
          state()
            .holds.filter(({ lifted }) => lifted === null)
            .map((h) => h.environment),
        );
      let now = T0;
      let stage = 0;

      for (const step of ops) {
        const before = state();
        switch (step.do) {
          case "admit":
          case "check": {
            const request = {
              version: VERSION,
              plugin_id: `plg_${step.attempt}`,
              attempt_id: `att_${step.attempt}`,
              canary,
              env: envOf(step.attempt),
              merchant_id: `merchant-${step.attempt % 4}`,
            };
            const verdict = desks.rollouts[step.do](request, now);
            const known = seen.get(step.attempt);
            const environment = ENVIRONMENTS[step.attempt % 3] ?? "";
            if (verdict.admitted) {
              expect(before.status).not.toBe("halted");
              expect(before.status).not.toBe("blocked");
              expect(held()).not.toContain(environment);
              if (known) expect(known.outcome).toBe("open");
            }
            if (verdict.admitted && !known) {
              expect(before.status).toBe("active");
              expect([...seen.values()].filter(({ outcome }) => outcome === "open").length).toBeLessThan(
                shape.in_flight,
              );
              expectInside(before, step.attempt);
              if (step.do === "admit")
                seen.set(step.attempt, { outcome: "open", acknowledged: false, environment });
            }
            break;
          }
          case "finish": {
            desks.rollouts.finish(VERSION, `att_${step.attempt}`, step.outcome, now);
            const known = seen.get(step.attempt);
            // The end of an attempt that never asked marks it as over.
            if (!known) seen.set(step.attempt, { outcome: "cancelled", acknowledged: true, environment: "" });
            else if (known.outcome === "open")
              known.outcome =
                step.outcome === "rolled_back" || step.outcome === "failed" ? "failure" : step.outcome;
            break;
          }
          case "relapse": {
            desks.rollouts.relapse(VERSION, `att_${step.attempt}`, now);
            const known = seen.get(step.attempt);
            if (known?.outcome === "success")
              Object.assign(known, { outcome: "failure", acknowledged: false });
            break;
          }
          case "status": {
            const moved = desks.standing.setStatus(VERSION, step.status, "because", ada, now);
            if (moved.ok && step.status === "active" && before.status !== "active")
              for (const one of seen.values()) if (one.outcome !== "open") one.acknowledged = true;
            break;
          }
          case "hold": {
            const environment = ENVIRONMENTS[step.environment] ?? "";
            desks.standing.hold(VERSION, { environment, held: step.held, reason: "because" }, ada, now);
            break;
          }
          case "plan":
            if (desks.standing.plan(VERSION, PLANS[step.plan] ?? null, "because", ada, now).ok) stage = 0;
            break;
          case "blame":
            desks.rollouts.blame(VERSION, "cohort", "fin_1", now);
            break;
          case "revert":
            desks.standing.revert(VERSION, { reason: "because", dry_run: false, canary }, ada, now);
            break;
          case "wait":
            now += step.minutes * 60_000;
            await desks.reverts.tick(() => now);
            break;
          default:
            step satisfies never;
        }
        const after = state();
        expect(after.in_flight).toBe([...seen.values()].filter(({ outcome }) => outcome === "open").length);
        expect(after.in_flight).toBeLessThanOrEqual(shape.in_flight);
        // A stage is open once somebody has asked for it; nothing closes it again.
        expect(after.stage).toBeGreaterThanOrEqual(stage);
        if (step.do === "admit" || step.do === "check") stage = after.stage;
      }

      function expectInside(rollout: ReturnType<typeof state>, number: number): void {
        const waves = rollout.plan?.plan.waves ?? canary.stages;
        const open = waves.slice(0, rollout.stage + 1);
        const stable = open.some(
          (wave) =>
            ("percent" in wave &&
              wave.percent !== undefined &&
              placeOf(`plg_${number}`, VERSION) < wave.percent) ||
            ("merchants" in wave && wave.merchants?.includes(`merchant-${number % 4}`)),
        );
        if (stable) return;
        const wave = waves[rollout.stage];
        const places = wave && "shops" in wave ? (wave.shops ?? 0) : 0;
        const holds = held();
        const taken = [...seen.values()].filter(
          ({ outcome, acknowledged, environment }) =>
            outcome === "open" ||
            outcome === "success" ||
            ((outcome === "failure" || outcome === "inconclusive") &&
              !acknowledged &&
              !holds.has(environment)),
        ).length;
        expect(taken).toBeLessThan(places);
      }
    }),
    { numRuns: 150, seed: 8 },
  );
}, 60_000);
