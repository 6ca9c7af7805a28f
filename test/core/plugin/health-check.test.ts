import { describe, expect, it } from "vitest";
import type { HealthVerdict, IncidentType } from "../../../src/contract/incident.ts";
import type { Finding } from "../../../src/core/finding.ts";
import { type HealthFacts, healthVerdict } from "../../../src/core/plugin/health-check.ts";
import { T0 } from "../../builders/heartbeat.ts";
import { PluginStory } from "./story.ts";

const NO_TRAFFIC = { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 };

/** Just after the 90 s deadline, beating every 15 s, with nothing to judge by. */
function facts(overrides: Partial<HealthFacts> = {}): HealthFacts {
  const now = overrides.now ?? T0 + 95_000;
  return {
    now,
    startedAt: T0,
    checkAt: T0 + 90_000,
    limitAt: T0 + 900_000,
    probationS: 15,
    lastBeatAt: now - 5_000,
    beats: 6,
    probesOk: 0,
    probesFailed: 0,
    findings: [],
    suspect: false,
    totals: NO_TRAFFIC,
    original: "webhook_fail_rate",
    ...overrides,
  };
}

function firing(type: IncidentType): Finding {
  return {
    type,
    firing: true,
    cleared: false,
    severity: "high",
    fingerprint: "",
    standing: "firing",
    signal: {
      type,
      method: "test",
      value: 0.6,
      bound: 0.2,
      sample: 20,
      window_s: 15,
      onset_at: null,
      explanation: `${type} is firing`,
    },
  };
}

type Expected = Pick<HealthVerdict, "verdict" | "rule" | "value" | "bound" | "window_s"> | null;
interface Row {
  name: string;
  facts: Partial<HealthFacts>;
  expected: Expected;
}

const EARLY = { now: T0 + 20_000, lastBeatAt: T0 + 19_000, beats: 1 };
const AT_LIMIT = { now: T0 + 900_000 };
const unhealthy = (rule: string, value: number, bound: number, window_s: number): Expected => ({
  verdict: "unhealthy",
  rule,
  value,
  bound,
  window_s,
});
const healthy = (rule: string, value: number, bound: number, window_s = 95): Expected => ({
  verdict: "healthy",
  rule,
  value,
  bound,
  window_s,
});
const unclear = (rule: string, value: number): Expected => ({
  verdict: "inconclusive",
  rule,
  value,
  bound: 5,
  window_s: 900,
});

const ROWS: Row[] = [
  { name: "too early to tell", facts: EARLY, expected: null },
  {
    name: "too early, however good it looks",
    facts: { ...EARLY, totals: { ...NO_TRAFFIC, webhooks_sent: 500 }, probesOk: 9 },
    expected: null,
  },
  {
    name: "the original signal again, at once",
    facts: { ...EARLY, findings: [firing("webhook_fail_rate")] },
    expected: unhealthy("original_signal_persists:webhook_fail_rate", 0.6, 0.2, 20),
  },
  {
    name: "another signal, at once",
    facts: { ...EARLY, findings: [firing("new_error")] },
    expected: unhealthy("new_signal:new_error", 0.6, 0.2, 20),
  },
  {
    name: "two failed probes, at once",
    facts: { ...EARLY, probesFailed: 2 },
    expected: unhealthy("probes", 2, 2, 20),
  },
  { name: "one failed probe may be a hiccup", facts: { ...EARLY, probesFailed: 1 }, expected: null },
  {
    name: "silence is judged by its own rule, not by the missed-heartbeat detector",
    facts: { ...EARLY, findings: [firing("heartbeat_missed")] },
    expected: null,
  },
  {
    name: "a subscription that is not on again yet",
    facts: { ...EARLY, original: "webhook_disabled", findings: [firing("webhook_disabled")] },
    expected: null,
  },
  {
    name: "a subscription that is still off at the deadline",
    facts: { original: "webhook_disabled", findings: [firing("webhook_disabled")] },
    expected: unhealthy("original_signal_persists:webhook_disabled", 0.6, 0.2, 95),
  },
  {
    name: "a subscription switched off by the change, at once",
    facts: { ...EARLY, findings: [firing("webhook_disabled")] },
    expected: unhealthy("new_signal:webhook_disabled", 0.6, 0.2, 20),
  },
  {
    name: "no beat at all by the deadline",
    facts: { beats: 0, lastBeatAt: T0 - 10_000 },
    expected: unhealthy("no_beat", 105, 45, 95),
  },
  {
    name: "beats that stopped",
    facts: { lastBeatAt: T0 + 40_000 },
    expected: unhealthy("no_beat", 55, 45, 95),
  },
  { name: "beats three intervals apart", facts: { lastBeatAt: T0 + 50_000 }, expected: null },
  {
    name: "five webhooks delivered",
    facts: { totals: { ...NO_TRAFFIC, webhooks_sent: 5 } },
    expected: healthy("webhooks_delivered", 5, 5),
  },
  { name: "four webhooks", facts: { totals: { ...NO_TRAFFIC, webhooks_sent: 4 } }, expected: null },
  {
    name: "one of ten webhooks failed",
    facts: { totals: { ...NO_TRAFFIC, webhooks_sent: 10, webhooks_failed: 1 } },
    expected: healthy("webhooks_delivered", 9, 5),
  },
  {
    name: "two of five webhooks failed",
    facts: { totals: { ...NO_TRAFFIC, webhooks_sent: 5, webhooks_failed: 2 } },
    expected: null,
  },
  {
    name: "two of five webhooks failed, good probes or not",
    facts: { probesOk: 9, totals: { ...NO_TRAFFIC, webhooks_sent: 5, webhooks_failed: 2 } },
    expected: null,
  },
  { name: "three good probes", facts: { probesOk: 3 }, expected: healthy("probes", 3, 3) },
  { name: "two good probes", facts: { probesOk: 2 }, expected: null },
  {
    name: "requests, when the incident was about errors",
    facts: { original: "error_spike", totals: { ...NO_TRAFFIC, requests: 20, errors: 1 } },
    expected: healthy("requests_served", 19, 20),
  },
  {
    name: "requests, when the incident was about webhooks",
    facts: { totals: { ...NO_TRAFFIC, requests: 500 } },
    expected: null,
  },
  {
    name: "a reported state that is sound again",
    facts: { original: "webhook_disabled", beats: 3 },
    expected: healthy("state_restored", 3, 3),
  },
  { name: "no traffic is not health", facts: { beats: 40 }, expected: null },
  {
    name: "no traffic until the limit",
    facts: { ...AT_LIMIT, beats: 60 },
    expected: unclear("not_enough_evidence", 0),
  },
  {
    name: "evidence, but a detector half way to its alarm",
    facts: { suspect: true, totals: { ...NO_TRAFFIC, webhooks_sent: 50 } },
    expected: null,
  },
  {
    name: "suspicion until the limit",
    facts: { ...AT_LIMIT, suspect: true, totals: { ...NO_TRAFFIC, webhooks_sent: 50 } },
    expected: unclear("suspect", 50),
  },
  {
    name: "a few failures until the limit",
    facts: { ...AT_LIMIT, totals: { ...NO_TRAFFIC, webhooks_sent: 5, webhooks_failed: 2 } },
    expected: unclear("suspect", 5),
  },
];

describe("the health check", () => {
  it.each(ROWS)("$name", ({ facts: given, expected }) => {
    const verdict = healthVerdict(facts(given));
    if (expected === null) expect(verdict).toBeNull();
    else expect(verdict).toMatchObject(expected);
  });

  it("explains itself in words that fit the contract", () => {
    for (const row of ROWS) {
      const verdict = healthVerdict(facts(row.facts));
      if (verdict) expect(verdict.explanation.length).toBeGreaterThan(10);
    }
  });
});

describe("what a change is not blamed for", () => {
  it("an incident that was open before it, about something else", () => {
    const story = new PluginStory();
    story.breakWebhooks();
    story.beat(30, { sent: 20, failed: 12 }, { webhook_subscription: "disabled" });
    expect(story.incidents.map((incident) => incident.type)).toEqual([
      "webhook_fail_rate",
      "webhook_disabled",
    ]);
    story.decide().gate().stage().beat(15).handOver().wait(5).ack("1.2.3");
    for (let i = 0; i < 8; i++) story.beat(15, { sent: 4 }, { state: "probation" });
    expect(story.lastAttempt).toMatchObject({ status: "success", incident_id: story.incident.id });
  });

  it("what the version before it counted between the last beat and the change", () => {
    const story = new PluginStory().toVerifying();
    story.beat(15, { sent: 20, failed: 20 }, { state: "probation" });
    expect(story.attempt.status).toBe("verifying");
    for (let i = 0; i < 8; i++) story.beat(15, { sent: 4 }, { state: "probation" });
    expect(story.lastAttempt.status).toBe("success");
  });

  it("nor is the version gone back to blamed for the bad one", () => {
    const story = new PluginStory().toVerifying();
    story.beat(15, { sent: 5 }, { state: "probation" });
    for (let i = 0; i < 5 && story.attempt.status === "verifying"; i++) {
      story.counters.requests += 40;
      story.counters.errors += 40;
      story.beat(15, {}, { state: "probation" });
    }
    expect(story.attempt.health?.rule).toBe("new_signal:error_spike");
    story.handOver().wait(5).ack("1.2.2").beat(15).beat(30);
    expect(story.incidents.map((incident) => incident.type)).toEqual(["webhook_fail_rate"]);
  });
});

describe("the person who is asked to keep a change", () => {
  function asked(): PluginStory {
    const story = new PluginStory();
    story.policy = { ...story.policy, mode: "approve-only" };
    story.breakWebhooks().decide().gate().approve("grace").gate().stage().beat(15).handOver().wait(5);
    story.ack("1.2.3");
    for (let i = 0; i < 62; i++) story.beat(15, {}, { state: "probation" });
    expect(story.attempt.health?.verdict).toBe("inconclusive");
    return story;
  }

  it("may be the one who approved it before: that was another question", () => {
    const story = asked().approve("grace", { reason: "quiet shop, looks fine" });
    expect(story.refusal).toBeNull();
    expect(story.lastAttempt.status).toBe("success");
  });

  it("may reject it, and the shop goes back", () => {
    const story = asked().approve("linus", { decision: "reject", reason: "do not like it" });
    expect(story.attempt.status).toBe("rolling_back");
  });

  it("is not asked when it is too late to answer", () => {
    const story = new PluginStory().toVerifying();
    story.beat(15, {}, { state: "probation" });
    story.wait(7200);
    story.beat(15, {}, { state: "probation" });
    expect(story.attempt.status).toBe("rolling_back");
    expect(story.notified()).not.toContain("approval_needed");
  });
});
