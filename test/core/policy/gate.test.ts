import { describe, expect, it } from "vitest";
import { GATE_RULES, type GateVerdict } from "../../../src/contract/attempt.ts";
import type { FleetGuard } from "../../../src/contract/rpc/fleet.ts";
import type { Admission } from "../../../src/contract/rpc/release.ts";
import { approvalsCounted } from "../../../src/core/plugin/gate-subject.ts";
import { type GateSubject, gate } from "../../../src/core/policy/gate.ts";
import { A_PLUGIN_ID, T0 } from "../../builders/heartbeat.ts";
import { aPolicy } from "../../builders/release.ts";
import { PluginStory } from "../plugin/story.ts";

const CALM: FleetGuard = { storm: false, autonomy: "normal", actions_last_hour: 0, explanation: "calm" };
const ADMITTED: Admission = {
  admitted: true,
  status: "active",
  stage: "5 shops",
  observed: "1 in flight",
  bound: "5",
};

function aSubject(overrides: Partial<GateSubject> = {}): GateSubject {
  return {
    pluginId: A_PLUGIN_ID,
    merchantId: "shop-1",
    product: "molam-woocommerce",
    type: "webhook_fail_rate",
    flapping: false,
    now: T0,
    severity: "medium",
    action: "patch",
    step: "patch",
    confidence: 0.8,
    automatic: true,
    approvals: 0,
    excluded: false,
    attemptsToday: 0,
    sinceFailureMs: null,
    admission: ADMITTED,
    guard: CALM,
    ...overrides,
  };
}

type Outcome = GateVerdict["outcome"];
interface Row {
  rule: GateVerdict["rule"];
  when: string;
  policy?: Record<string, unknown>;
  subject?: Partial<GateSubject>;
  automatic: Outcome;
  manual: Outcome;
}

const IN_AN_HOUR = new Date(T0 + 3_600_000).toISOString();
const aWindow = (overrides: Record<string, unknown>) => ({
  scope: "all",
  from: new Date(T0).toISOString(),
  until: IN_AN_HOUR,
  reason: "migration",
  ...overrides,
});

const ROWS: Row[] = [
  { rule: "kill_switch", when: "released", automatic: "allow", manual: "allow" },
  {
    rule: "kill_switch",
    when: "engaged",
    policy: { kill_switch: true },
    automatic: "forbid",
    manual: "forbid",
  },
  { rule: "mode", when: "auto", automatic: "allow", manual: "allow" },
  {
    rule: "mode",
    when: "approve-only",
    policy: { mode: "approve-only" },
    automatic: "needs_approval",
    manual: "needs_approval",
  },
  { rule: "mode", when: "off", policy: { mode: "off" }, automatic: "forbid", manual: "forbid" },
  {
    rule: "mode",
    when: "shadow",
    policy: { mode: "shadow" },
    automatic: "forbid",
    manual: "needs_approval",
  },
  { rule: "whitelist", when: "every merchant", automatic: "allow", manual: "allow" },
  {
    rule: "whitelist",
    when: "named",
    policy: { whitelist: { merchants: ["shop-1"] } },
    automatic: "allow",
    manual: "allow",
  },
  {
    rule: "whitelist",
    when: "not named",
    policy: { whitelist: { merchants: ["shop-2"] } },
    automatic: "needs_approval",
    manual: "allow",
  },
  { rule: "max_severity", when: "at the maximum", automatic: "allow", manual: "allow" },
  {
    rule: "max_severity",
    when: "above it",
    subject: { severity: "high" },
    automatic: "needs_approval",
    manual: "allow",
  },
  {
    rule: "min_confidence",
    when: "exactly the minimum",
    subject: { confidence: 0.6 },
    automatic: "allow",
    manual: "allow",
  },
  {
    rule: "min_confidence",
    when: "below it",
    subject: { confidence: 0.59 },
    automatic: "needs_approval",
    manual: "allow",
  },
  { rule: "action_allowed", when: "listed", automatic: "allow", manual: "allow" },
  {
    rule: "action_allowed",
    when: "not listed",
    policy: { allowed_actions: ["resubscribe"] },
    automatic: "forbid",
    manual: "forbid",
  },
  { rule: "release", when: "active", automatic: "allow", manual: "allow" },
  {
    rule: "release",
    when: "not needed",
    subject: { admission: null },
    automatic: "allow",
    manual: "allow",
  },
  {
    rule: "release",
    when: "halted",
    subject: { admission: { ...ADMITTED, status: "halted" } },
    automatic: "forbid",
    manual: "forbid",
  },
  {
    rule: "release",
    when: "unknown",
    subject: { admission: { ...ADMITTED, status: "unknown" } },
    automatic: "forbid",
    manual: "forbid",
  },
  { rule: "excluded_fix", when: "not tried", automatic: "allow", manual: "allow" },
  {
    rule: "excluded_fix",
    when: "failed before",
    subject: { excluded: true },
    automatic: "forbid",
    manual: "needs_approval",
  },
  { rule: "canary", when: "a slot is free", automatic: "allow", manual: "allow" },
  { rule: "canary", when: "no release", subject: { admission: null }, automatic: "allow", manual: "allow" },
  {
    rule: "canary",
    when: "it is full",
    subject: { admission: { ...ADMITTED, admitted: false } },
    automatic: "forbid",
    manual: "forbid",
  },
  {
    rule: "attempt_budget",
    when: "below every limit",
    subject: { attemptsToday: 2, sinceFailureMs: 3_600_000, guard: { ...CALM, actions_last_hour: 199 } },
    automatic: "allow",
    manual: "allow",
  },
  {
    rule: "attempt_budget",
    when: "the plugin's day is used up",
    subject: { attemptsToday: 3 },
    automatic: "needs_approval",
    manual: "allow",
  },
  {
    rule: "attempt_budget",
    when: "in the penalty box",
    subject: { sinceFailureMs: 3_599_999 },
    automatic: "needs_approval",
    manual: "allow",
  },
  {
    rule: "attempt_budget",
    when: "the fleet's hour is used up",
    subject: { guard: { ...CALM, actions_last_hour: 200 } },
    automatic: "needs_approval",
    manual: "allow",
  },
  { rule: "storm", when: "calm", automatic: "allow", manual: "allow" },
  {
    rule: "storm",
    when: "a storm",
    subject: { guard: { ...CALM, storm: true } },
    automatic: "forbid",
    manual: "needs_approval",
  },
  { rule: "autonomy_budget", when: "normal", automatic: "allow", manual: "allow" },
  {
    rule: "autonomy_budget",
    when: "degraded",
    subject: { guard: { ...CALM, autonomy: "degraded" } },
    automatic: "needs_approval",
    manual: "allow",
  },
  { rule: "approvals", when: "none needed", automatic: "allow", manual: "allow" },
  {
    rule: "approvals",
    when: "one needed, none given",
    policy: { approvals: { by_severity: { medium: 1 } } },
    automatic: "needs_approval",
    manual: "needs_approval",
  },
  {
    rule: "approvals",
    when: "one needed, one given",
    policy: { approvals: { by_severity: { medium: 1 } } },
    subject: { approvals: 1 },
    automatic: "allow",
    manual: "allow",
  },
  { rule: "maintenance_window", when: "there is none", automatic: "allow", manual: "allow" },
  {
    rule: "maintenance_window",
    when: "it covers the shop",
    policy: { maintenance: [aWindow({ scope: "merchant", id: "shop-1" })] },
    automatic: "forbid",
    manual: "allow",
  },
  {
    rule: "maintenance_window",
    when: "it covers another shop",
    policy: { maintenance: [aWindow({ scope: "merchant", id: "shop-2" })] },
    automatic: "allow",
    manual: "allow",
  },
  {
    rule: "maintenance_window",
    when: "it lets changes through",
    policy: { maintenance: [aWindow({ changes: "allow" })] },
    automatic: "allow",
    manual: "allow",
  },
  { rule: "mute", when: "there is none", automatic: "allow", manual: "allow" },
  {
    rule: "mute",
    when: "it matches",
    policy: { mutes: [{ product: "molam-woocommerce", until: IN_AN_HOUR, reason: "known" }] },
    automatic: "forbid",
    manual: "allow",
  },
  { rule: "flapping", when: "steady", automatic: "allow", manual: "allow" },
  { rule: "flapping", when: "flapping", subject: { flapping: true }, automatic: "forbid", manual: "allow" },
];

const cases = ROWS.flatMap((row) => [
  { ...row, who: "Vigie", isAutomatic: true, expected: row.automatic },
  { ...row, who: "a person", isAutomatic: false, expected: row.manual },
]);

describe("each rule of the gate", () => {
  it.each(cases)(
    "$rule, $when, asked for by $who: $expected",
    ({ rule, policy, subject, isAutomatic, expected }) => {
      const { verdicts } = gate(aPolicy(policy), aSubject({ ...subject, automatic: isAutomatic }));
      expect(verdicts.find((verdict) => verdict.rule === rule)?.outcome).toBe(expected);
    },
  );

  it.each(cases)(
    "$rule, $when, asked for by $who: the outcome follows",
    ({ policy, subject, isAutomatic }) => {
      const { verdicts, outcome, why } = gate(
        aPolicy(policy),
        aSubject({ ...subject, automatic: isAutomatic }),
      );
      const forbids = verdicts
        .filter((verdict) => verdict.outcome === "forbid")
        .map((verdict) => verdict.rule);
      const asks = verdicts.some(
        (verdict) => verdict.rule === "approvals" && verdict.outcome === "needs_approval",
      );
      if (forbids.some((rule) => rule !== "canary")) expect(outcome).toBe("forbid");
      else if (asks) expect(outcome).toBe("wait_approval");
      else if (forbids.length > 0) expect(outcome).toBe("wait_canary");
      else expect(outcome).toBe("go");
      expect(why === null).toBe(outcome === "go" || outcome === "wait_approval");
    },
  );

  it("is covered by this table with each of its outcomes", () => {
    expect(new Set(ROWS.map((row) => row.rule))).toEqual(new Set(GATE_RULES));
  });
});

describe("the gate as a whole", () => {
  it("evaluates every rule even when the first forbids, so that the record says what else stood in the way", () => {
    const { verdicts, why } = gate(
      aPolicy({ kill_switch: true, mode: "off", allowed_actions: [] }),
      aSubject({ guard: { storm: true, autonomy: "degraded", actions_last_hour: 0, explanation: "" } }),
    );
    expect(verdicts.map((verdict) => verdict.rule).sort()).toEqual([...GATE_RULES].sort());
    expect(verdicts.filter((verdict) => verdict.outcome === "forbid").map((verdict) => verdict.rule)).toEqual(
      ["kill_switch", "mode", "action_allowed", "storm"],
    );
    expect(why).toBe("kill switch: engaged (allowed: released)");
  });

  it("says what it saw and what would have been allowed", () => {
    const { verdicts } = gate(aPolicy(), aSubject({ confidence: 0.555 }));
    expect(verdicts.find((verdict) => verdict.rule === "min_confidence")).toEqual({
      rule: "min_confidence",
      outcome: "needs_approval",
      observed: "0.56",
      bound: "at least 0.60",
    });
  });

  it("names every budget that is used up, not the first of them", () => {
    const { verdicts } = gate(
      aPolicy(),
      aSubject({ attemptsToday: 3, sinceFailureMs: 60_000, guard: { ...CALM, actions_last_hour: 200 } }),
    );
    expect(verdicts.find((verdict) => verdict.rule === "attempt_budget")).toEqual({
      rule: "attempt_budget",
      outcome: "needs_approval",
      observed: "3 attempts today; failed 60 s ago; 200 actions in the fleet's last hour",
      bound: "under 3; penalty box 3600 s; under 200",
    });
  });

  it("does not wait for a canary slot when people are missing too", () => {
    const full = { ...ADMITTED, admitted: false };
    const { outcome } = gate(aPolicy({ mode: "approve-only" }), aSubject({ admission: full }));
    expect(outcome).toBe("wait_approval");
  });

  it.each([
    { severity: 0, step: 0, asked: false, needed: 0 },
    { severity: 2, step: 1, asked: false, needed: 2 },
    { severity: 1, step: 2, asked: false, needed: 2 },
    { severity: 0, step: 0, asked: true, needed: 1 },
    { severity: 3, step: 0, asked: true, needed: 3 },
  ])("needs $needed people for $severity by severity, $step by step, asked by a rule: $asked", (row) => {
    const policy = aPolicy({
      mode: row.asked ? "approve-only" : "auto",
      approvals: { by_severity: { medium: row.severity }, by_step: { patch: row.step } },
    });
    expect(gate(policy, aSubject()).approvalsNeeded).toBe(row.needed);
    expect(gate(policy, aSubject({ approvals: row.needed })).outcome).toBe("go");
    if (row.needed > 0)
      expect(gate(policy, aSubject({ approvals: row.needed - 1 })).outcome).toBe("wait_approval");
  });

  it("waits for a paused release as it does for a slot", () => {
    const paused = { ...ADMITTED, admitted: false, paused: true, status: "paused" as const };
    const result = gate(aPolicy(), aSubject({ admission: paused }));
    expect(result).toMatchObject({ outcome: "wait_canary", forbiddenBy: "canary" });
  });

  it.each(["halted", "blocked", "held", "below_floor", "unknown"] as const)(
    "forbids a release that is %s",
    (status) => {
      const result = gate(aPolicy(), aSubject({ admission: { ...ADMITTED, admitted: false, status } }));
      expect(result).toMatchObject({ outcome: "forbid", forbiddenBy: "release" });
    },
  );

  describe("of what takes a change back by order", () => {
    const nothingAllowed = aPolicy({
      mode: "approve-only",
      min_confidence: 1,
      max_severity: "low",
      allowed_actions: [],
      whitelist: { all: false },
      approvals: { by_severity: { medium: 3 }, by_step: { downgrade: 3 } },
      limits: { attempts_per_plugin_per_day: 0 },
      maintenance: [aWindow({})],
    });
    const subject = aSubject({
      takesBack: true,
      automatic: false,
      confidence: 0,
      flapping: true,
      excluded: true,
      admission: { ...ADMITTED, admitted: false, status: "halted" },
      guard: { ...CALM, storm: true, autonomy: "degraded" },
    });

    it("asks nothing but whether commands may leave at all", () => {
      const result = gate(nothingAllowed, subject);
      expect(result).toMatchObject({ outcome: "go", approvalsNeeded: 0 });
      expect(result.verdicts).toHaveLength(GATE_RULES.length);
      expect(result.verdicts.filter((verdict) => verdict.outcome !== "allow")).toEqual([]);
      expect(result.verdicts.find((verdict) => verdict.rule === "storm")?.observed).toContain(
        "takes a change back",
      );
    });

    it.each([
      ["kill_switch", { kill_switch: true }],
      ["mode", { mode: "off" }],
    ])("is held by %s", (rule, stop) => {
      expect(gate({ ...nothingAllowed, ...aPolicy(stop) }, subject)).toMatchObject({
        outcome: "forbid",
        forbiddenBy: rule,
      });
    });
  });

  it("has no step to count for a change without a version", () => {
    const policy = aPolicy({ approvals: { by_step: { patch: 3 } } });
    expect(gate(policy, aSubject({ action: "resubscribe", step: null })).approvalsNeeded).toBe(0);
  });
});

describe("approvals that count", () => {
  function aWaitingAttempt() {
    const story = new PluginStory();
    story.policy = aPolicy({ approvals: { by_severity: { low: 3, medium: 3, high: 3, critical: 3 } } });
    story.breakWebhooks().decide().gate();
    const { attempt } = story.state;
    if (attempt === null) throw new Error("no attempt");
    return attempt;
  }
  const by = (person: string, evidence_hash: string, decision: "approve" | "reject" = "approve") => ({
    attempt_id: "att_1",
    person,
    decision,
    evidence_hash,
    reason: "seen",
    at: "2026-03-02T12:00:00.000Z",
  });

  it("are those of distinct people, never the requester's, and only for this evidence", () => {
    const attempt = aWaitingAttempt();
    const { evidence_hash } = attempt.row;
    attempt.row.requested_by = "test:ada";
    attempt.row.approvals = [
      by("test:ada", evidence_hash),
      by("test:grace", evidence_hash),
      by("test:grace", evidence_hash),
      by("test:linus", "0".repeat(64)),
      by("test:edsger", evidence_hash, "reject"),
    ];
    expect(approvalsCounted(attempt)).toBe(1);
  });
});
