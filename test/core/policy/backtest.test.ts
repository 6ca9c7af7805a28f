import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BACKTEST_MAX_ITEMS, BacktestReply } from "../../../src/contract/backtest.ts";
import type { GateSnapshot } from "../../../src/contract/gate-snapshot.ts";
import { backtest, type Past, type PastJudgement } from "../../../src/core/policy/backtest.ts";
import { gate } from "../../../src/core/policy/gate.ts";
import { subjectOf } from "../../../src/core/policy/gate-snapshot.ts";
import { at, attemptId, incidentId, pluginId } from "../../builders/ledger.ts";
import { aPolicy } from "../../builders/release.ts";

function someFacts(over: Partial<GateSnapshot> = {}): GateSnapshot {
  return {
    at: at(0),
    type: "webhook_fail_rate",
    flapping: false,
    severity: "medium",
    action: "patch",
    step: "patch",
    confidence: 0.8,
    automatic: true,
    takes_back: false,
    approvals: 0,
    excluded: false,
    attempts_today: 0,
    since_failure_ms: null,
    admission: { admitted: true, status: "active", stage: "5 shops", observed: "1", bound: "5" },
    guard: { storm: false, autonomy: "normal", actions_last_hour: 0 },
    ...over,
  };
}
function aJudgement(number: number, over: Partial<PastJudgement> = {}): PastJudgement {
  return {
    kind: "attempt",
    id: attemptId(number),
    incident_id: incidentId(number),
    plugin_id: pluginId(number),
    merchant_id: `m${number}`,
    product: "molam-pay",
    action: "patch",
    target_version: "1.2.4",
    severity: "medium",
    automatic: true,
    ended: "success",
    approvals_needed: 0,
    forbidden_by: [],
    facts: someFacts(),
    at: at(number),
    ...over,
  };
}
function aPast(...judgements: PastJudgement[]): Past {
  return {
    from: at(0),
    until: at(86_400),
    days: 1,
    incidents: judgements.length,
    truncated: false,
    without_attempt: 0,
    judgements,
  };
}
const AUTO = aPolicy();

describe("a back-test", () => {
  it("finds nothing changed under the policy that was in force", () => {
    const past = aPast(
      aJudgement(1),
      aJudgement(2, { approvals_needed: 1, facts: someFacts({ confidence: 0.1 }) }),
      aJudgement(3, {
        forbidden_by: ["storm"],
        facts: someFacts({ guard: { storm: true, autonomy: "normal", actions_last_hour: 0 } }),
      }),
    );
    const reply = backtest(past, AUTO, AUTO);
    expect(BacktestReply.safeParse(reply).error).toBeUndefined();
    expect(reply).toMatchObject({
      replayed: 3,
      changed: 0,
      was: { automatic: 1, approval: 1, forbidden: 1 },
      would: { automatic: 1, approval: 1, forbidden: 1 },
      moves: [],
      items: [],
      by_rule: [
        { rule: "min_confidence", forbids: 0, asks: 1 },
        { rule: "approvals", forbids: 0, asks: 1 },
        { rule: "storm", forbids: 1, asks: 0 },
      ],
    });
  });

  it("says of each incident what would have changed, by which rule, and how it ended then", () => {
    const draft = aPolicy({ max_severity: "low", allowed_actions: ["patch"] });
    const reply = backtest(
      aPast(
        aJudgement(1, { ended: "rolled_back" }),
        aJudgement(2, { facts: someFacts({ severity: "low" }) }),
        aJudgement(3, { action: "rollback", facts: someFacts({ severity: "low", action: "rollback" }) }),
      ),
      draft,
      AUTO,
    );
    expect(reply.changed).toBe(2);
    expect(reply.items).toEqual([
      {
        incident_id: incidentId(3),
        id: attemptId(3),
        merchant_id: "m3",
        at: at(3),
        severity: "medium",
        action: "rollback",
        target_version: "1.2.4",
        was: "automatic",
        would: "forbidden",
        rule: "action_allowed",
        why: "action allowed: rollback (allowed: patch)",
        approvals_needed: 0,
        ended: "success",
      },
      expect.objectContaining({
        id: attemptId(1),
        was: "automatic",
        would: "approval",
        rule: "max_severity",
        approvals_needed: 1,
        ended: "rolled_back",
      }),
    ]);
    expect(reply.moves).toEqual([
      { was: "automatic", would: "approval", count: 1, ended: { rolled_back: 1 } },
      { was: "automatic", would: "forbidden", count: 1, ended: { success: 1 } },
    ]);
  });

  it("counts how those ended that would go by themselves, and says that the others' end is not known", () => {
    const asked = { approvals_needed: 1, facts: someFacts({ confidence: 0.5 }) };
    const past = aPast(
      aJudgement(1),
      aJudgement(2, asked),
      aJudgement(3, { ...asked, ended: "rolled_back" }),
      aJudgement(4, { ...asked, ended: "rejected" }),
    );
    const reply = backtest(past, aPolicy({ min_confidence: 0.4 }), AUTO);
    expect(reply.would_be_automatic_ended).toEqual({ success: 2, rolled_back: 1, rejected: 1 });
    expect(reply.unknown.join()).toContain("not carried out then is not known");
    expect(backtest(past, AUTO, AUTO).unknown.join()).not.toContain("not carried out");
  });

  it("does not take approvals given then for granted", () => {
    const facts = someFacts({ approvals: 2, confidence: 0.1 });
    const reply = backtest(aPast(aJudgement(1, { approvals_needed: 1, facts })), AUTO, AUTO);
    expect(reply.would).toEqual({ approval: 1 });
  });

  it("puts mode shadow's decisions before the draft too, with what became of their incidents", () => {
    const past = aPast(
      aJudgement(1, { kind: "shadow", ended: "same_fix" }),
      aJudgement(2, { kind: "shadow", ended: null, facts: someFacts({ excluded: true }) }),
    );
    const reply = backtest(past, AUTO, aPolicy({ mode: "shadow" }));
    expect(reply).toMatchObject({
      was: { shadow: 2 },
      would: { automatic: 1, forbidden: 1 },
      would_be_automatic_ended: { same_fix: 1 },
    });
    expect(reply.items[0]).toMatchObject({
      was: "shadow",
      would: "forbidden",
      rule: "excluded_fix",
      ended: "open",
    });
  });

  it("replays a draft in mode shadow as in mode auto, beside what was recorded, and says so", () => {
    const past = aPast(
      aJudgement(1, { kind: "shadow", ended: "same_fix" }),
      aJudgement(2, { kind: "shadow", approvals_needed: 1, facts: someFacts({ confidence: 0.5 }) }),
      aJudgement(3, { facts: someFacts({ confidence: 0.5 }), approvals_needed: 1 }),
    );
    const shadow = aPolicy({ mode: "shadow" });
    const same = backtest(past, shadow, shadow);
    expect(same).toMatchObject({ changed: 0, would: { automatic: 1, approval: 2 } });
    expect(same.unknown.join()).toContain("replayed as in mode auto");
    const bolder = backtest(past, aPolicy({ mode: "shadow", min_confidence: 0.4 }), shadow);
    expect(bolder).toMatchObject({
      was: { automatic: 1, approval: 2 },
      would: { automatic: 3 },
      by_rule: [],
      moves: [{ was: "approval", would: "automatic", count: 2 }],
    });
    expect(backtest(past, AUTO, shadow).unknown.join()).not.toContain("mode shadow");
  });

  it("changes nothing under the very policy that judged, whatever the policy and the facts", () => {
    const facts = fc.record({
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      severity: fc.constantFrom("low" as const, "medium" as const, "high" as const, "critical" as const),
      flapping: fc.boolean(),
      excluded: fc.boolean(),
      approvals: fc.nat(2),
      attempts_today: fc.nat(5),
      since_failure_ms: fc.option(fc.nat(10_000_000)),
      admission: fc.option(
        fc.record({
          admitted: fc.boolean(),
          status: fc.constantFrom("active", "paused", "halted"),
          stage: fc.constant("5 shops"),
          observed: fc.constant("1"),
          bound: fc.constant("5"),
        }),
      ),
      guard: fc.record({
        storm: fc.boolean(),
        autonomy: fc.constantFrom("normal" as const, "degraded" as const),
        actions_last_hour: fc.nat(100),
      }),
    });
    const policy = fc.record({
      mode: fc.constantFrom("off", "shadow", "approve-only", "auto"),
      kill_switch: fc.boolean(),
      min_confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      max_severity: fc.constantFrom("low", "high", "critical"),
      allowed_actions: fc.constantFrom(["patch"], ["rollback"]),
      whitelist: fc.constantFrom({ all: true }, { all: false, merchants: ["m1"] }),
    });
    fc.assert(
      fc.property(policy, fc.array(facts, { minLength: 1, maxLength: 20 }), (input, all) => {
        const inForce = aPolicy(input);
        const kind = inForce.mode === "shadow" ? ("shadow" as const) : ("attempt" as const);
        const judgedBy = kind === "shadow" ? { ...inForce, mode: "auto" as const } : inForce;
        const judgements = all.map((over, i) => {
          const one = aJudgement(i, { kind, facts: someFacts(over) });
          const owner = { pluginId: one.plugin_id, merchantId: one.merchant_id, product: one.product };
          const { verdicts, approvalsNeeded } = gate(judgedBy, subjectOf(someFacts(over), owner));
          const forbidden_by = verdicts.filter(({ outcome }) => outcome === "forbid").map(({ rule }) => rule);
          return { ...one, forbidden_by, approvals_needed: approvalsNeeded };
        });
        const reply = backtest(aPast(...judgements), inForce, inForce);
        expect(reply).toMatchObject({ replayed: all.length, changed: 0, moves: [], items: [] });
      }),
    );
  });

  it("judges mutes and windows of the draft by the time of the attempt, not by today", () => {
    const mute = { merchant_id: "m1", until: at(3600), reason: "their own tests", by: "ada" };
    const late = aJudgement(2, { merchant_id: "m1", facts: someFacts({ at: at(7200) }) });
    const reply = backtest(aPast(aJudgement(1), late), aPolicy({ mutes: [mute] }), AUTO);
    expect(reply.items).toMatchObject([{ id: attemptId(1), would: "forbidden", rule: "mute" }]);
    expect(reply.would).toEqual({ forbidden: 1, automatic: 1 });
  });

  it("counts what cannot be replayed: rows without facts, and what people ordered", () => {
    const past = aPast(aJudgement(1, { facts: null }), aJudgement(2, { automatic: false }), aJudgement(3));
    expect(backtest(past, AUTO, AUTO)).toMatchObject({
      replayed: 1,
      not_replayable: { without_facts: 1, by_people: 1 },
      would: { automatic: 1 },
    });
  });

  it("says what it cannot know of canary stages and intervals that differ", () => {
    const draft = aPolicy({ canary: { in_flight: 1 }, intervals: { bake_s: 60 } });
    const unknown = backtest(aPast(aJudgement(1)), draft, AUTO).unknown.join("\n");
    expect(unknown).toContain("the draft's stages and limits are not replayed");
    expect(unknown).toContain("intervals change how attempts end");
    expect(backtest(aPast(aJudgement(1)), AUTO, AUTO).unknown).toHaveLength(2);
  });

  it("counts everything, lists the newest, and adds up, whatever the past", () => {
    const judgement = fc.record({
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      severity: fc.constantFrom("low" as const, "medium" as const, "high" as const, "critical" as const),
      admitted: fc.boolean(),
      storm: fc.boolean(),
      attempts: fc.nat(5),
      known: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(judgement, { maxLength: 400 }), (all) => {
        const past = aPast(
          ...all.map((one, i) =>
            aJudgement(i, {
              facts: one.known
                ? someFacts({
                    confidence: one.confidence,
                    severity: one.severity,
                    attempts_today: one.attempts,
                    admission: {
                      admitted: one.admitted,
                      status: "active",
                      stage: "s",
                      observed: "o",
                      bound: "b",
                    },
                    guard: { storm: one.storm, autonomy: "normal", actions_last_hour: 0 },
                  })
                : null,
            }),
          ),
        );
        const reply = backtest(past, aPolicy({ mode: "approve-only" }), AUTO);
        const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
        expect(reply.replayed + reply.not_replayable.without_facts).toBe(all.length);
        expect([sum(reply.was), sum(reply.would)]).toEqual([reply.replayed, reply.replayed]);
        expect(reply.moves.reduce((total, { count }) => total + count, 0)).toBe(reply.changed);
        expect(reply.items).toHaveLength(Math.min(reply.changed, BACKTEST_MAX_ITEMS));
        // Nothing goes by itself in mode approve-only.
        expect(reply.would.automatic).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });
});
