import { describe, expect, it } from "vitest";
import { HealthVerdict } from "../../../src/contract/attempt.ts";
import type { HeartbeatData } from "../../../src/contract/heartbeat.ts";
import type { IncidentType } from "../../../src/contract/incident.ts";
import type { Finding } from "../../../src/core/detect/finding.ts";
import { healthVerdict } from "../../../src/core/plugin/health-check.ts";
import { newHealthEvidence } from "../../../src/core/plugin/health-evidence.ts";
import type { HealthFacts } from "../../../src/core/plugin/health-facts.ts";
import { aGaugeHeartbeat, T0 } from "../../builders/heartbeat.ts";
import { PluginStory } from "./story.ts";
import { aBaseline, healthFacts, LIMIT_MS, type SeenBeat, watch } from "./watched-shop.ts";

function finding(type: IncidentType, overrides: Partial<Finding> = {}): Finding {
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
    ...overrides,
  };
}

type Expected = Partial<HealthVerdict> | null;
interface Row {
  name: string;
  facts: Partial<HealthFacts>;
  expected: Expected;
}

const EARLY = { now: T0 + 20_000, lastBeatAt: T0 + 19_000, beats: 1 };
const AT_LIMIT = { now: T0 + LIMIT_MS };
const proven = { ...newHealthEvidence(T0), webhooksWell: 4.2 };
const unhealthy = (rule: string, value: number, bound: number, window_s: number): Expected => ({
  verdict: "unhealthy",
  rule,
  value,
  bound,
  window_s,
});

/** What the figures do not decide: states, silence, detectors, deadlines. */
const ROWS: Row[] = [
  { name: "too early to tell", facts: EARLY, expected: null },
  { name: "too early, however good it looks", facts: { ...EARLY, evidence: proven }, expected: null },
  {
    name: "a new error, at once",
    facts: { ...EARLY, findings: [finding("new_error")] },
    expected: unhealthy("new_signal:new_error", 0.6, 0.2, 15),
  },
  {
    name: "the same new error again, at once",
    facts: { ...EARLY, original: "new_error", findings: [finding("new_error")] },
    expected: unhealthy("original_signal_persists:new_error", 0.6, 0.2, 15),
  },
  {
    name: "a new error that another incident is about",
    facts: { ...EARLY, known: ["new_error"], findings: [finding("new_error")] },
    expected: null,
  },
  {
    name: "silence is judged by its own rule, not by the missed-heartbeat detector",
    facts: { ...EARLY, findings: [finding("heartbeat_missed")] },
    expected: null,
  },
  {
    name: "a rate's detector does not condemn: the baseline does",
    facts: { ...EARLY, findings: [finding("webhook_fail_rate"), finding("error_spike")] },
    expected: null,
  },
  {
    name: "nor is anything healthy while it is up",
    facts: { evidence: proven, findings: [finding("webhook_fail_rate")] },
    expected: null,
  },
  {
    name: "a subscription that is not on again yet",
    facts: { ...EARLY, original: "webhook_disabled", findings: [finding("webhook_disabled")] },
    expected: null,
  },
  {
    name: "a subscription that is still off at the deadline",
    facts: { original: "webhook_disabled", findings: [finding("webhook_disabled")] },
    expected: unhealthy("original_signal_persists:webhook_disabled", 0.6, 0.2, 15),
  },
  {
    name: "a subscription switched off by the change, at once",
    facts: { ...EARLY, findings: [finding("webhook_disabled")] },
    expected: unhealthy("new_signal:webhook_disabled", 0.6, 0.2, 15),
  },
  {
    name: "no beat at all by the deadline",
    facts: { beats: 0, lastBeatAt: T0 - 10_000 },
    expected: unhealthy("no_beat", 105, 45, 95),
  },
  {
    name: "beats that stopped",
    facts: { lastBeatAt: T0 + 40_000, evidence: proven },
    expected: unhealthy("no_beat", 55, 45, 95),
  },
  { name: "beats three intervals apart", facts: { lastBeatAt: T0 + 50_000 }, expected: null },
  {
    name: "no beat by the deadline of a client that beats when a page is viewed",
    facts: { resident: false, silentAt: T0 + 600_000, beats: 0, lastBeatAt: T0 - 10_000 },
    expected: null,
  },
  {
    name: "and when it has been quiet for longer than its shop ever is",
    facts: { resident: false, now: T0 + 610_000, silentAt: T0 + 600_000, beats: 1, lastBeatAt: T0 + 50_000 },
    expected: unhealthy("no_beat", 560, 550, 610),
  },
  {
    name: "enough evidence at the deadline",
    facts: { evidence: proven },
    expected: { verdict: "healthy", rule: "webhooks_delivered", value: 4.2, bound: 4, window_s: 95 },
  },
  {
    name: "a subscription that is reported to be on again",
    facts: {
      original: "webhook_disabled",
      findings: [finding("webhook_disabled", { firing: false, cleared: true, standing: "normal" })],
    },
    expected: { verdict: "healthy", rule: "state_restored", value: 6, bound: 3 },
  },
  {
    name: "a subscription that nobody says anything about",
    facts: { original: "webhook_disabled", beats: 40 },
    expected: null,
  },
  {
    name: "a plugin that beats again",
    facts: { original: "heartbeat_missed", beats: 3 },
    expected: { verdict: "healthy", rule: "state_restored", value: 3, bound: 3 },
  },
  {
    name: "a new error that stayed away",
    facts: {
      original: "new_error",
      totals: { errors: 0, requests: 60, webhooks_sent: 0, webhooks_failed: 0 },
      findings: [finding("new_error", { firing: false, cleared: true, standing: "normal" })],
    },
    expected: { verdict: "healthy", rule: "error_stayed_away" },
  },
  {
    name: "a new error that stayed away while nobody was served",
    facts: {
      original: "new_error",
      findings: [finding("new_error", { firing: false, cleared: true, standing: "normal" })],
    },
    expected: null,
  },
  {
    name: "a new error, and probes that passed while it occurred",
    facts: { original: "new_error", evidence: { ...newHealthEvidence(T0), probesWell: 50 } },
    expected: null,
  },
  {
    name: "a new error, and a probe that failed with it and passes",
    facts: { original: "new_error", evidence: { ...newHealthEvidence(T0), probesMended: 4.8 } },
    expected: { verdict: "healthy", rule: "probes", value: 4.8, bound: 4 },
  },
  { name: "a new error that nothing is known of", facts: { original: "new_error" }, expected: null },
  { name: "no traffic is not health", facts: { beats: 40 }, expected: null },
  {
    name: "no traffic until the limit",
    facts: { ...AT_LIMIT, beats: 60 },
    expected: {
      verdict: "inconclusive",
      rule: "not_enough_evidence",
      value: 0,
      bound: 4,
      window_s: LIMIT_MS / 1000,
    },
  },
  {
    name: "two occurrences of a new error, whatever else is well",
    facts: { evidence: proven, findings: [finding("new_error", { firing: false, standing: "suspect" })] },
    expected: null,
  },
  {
    name: "and at the limit",
    facts: {
      ...AT_LIMIT,
      evidence: proven,
      findings: [finding("new_error", { firing: false, standing: "suspect" })],
    },
    expected: { verdict: "inconclusive", rule: "doubt", metric: "test", value: 0.6, bound: 0.2 },
  },
];

describe("the health check", () => {
  it.each(ROWS)("$name", ({ facts, expected }) => {
    const verdict = healthVerdict(healthFacts(facts));
    if (expected === null) expect(verdict).toBeNull();
    else expect(verdict).toMatchObject(expected);
  });

  it("keeps the deciding metric, value, bound and window in a form that fits the contract", () => {
    for (const row of ROWS) {
      const verdict = healthVerdict(healthFacts(row.facts));
      if (verdict === null) continue;
      expect(HealthVerdict.parse(verdict)).toEqual(verdict);
      expect(verdict.metric?.length).toBeGreaterThan(3);
      expect(verdict.explanation.length).toBeGreaterThan(10);
    }
  });
});

const BEATS = LIMIT_MS / 15_000;
const each = (beat: SeenBeat, beats = BEATS): SeenBeat[] => Array.from({ length: beats }, () => beat);

interface Watch {
  name: string;
  beats: SeenBeat[];
  facts?: Partial<HealthFacts>;
  expected: Expected;
  /** Beats until the verdict. */
  after: number;
}

/** A probe that failed before the change. */
const BROKEN_PROBE = { evidence: newHealthEvidence(T0, ["checkout"]) };
/** Of a plugin whose requests nobody counts: one error an hour is usual, 240 an hour were the fault. */
const BY_THE_SECOND: Partial<HealthFacts> = {
  original: "error_spike",
  baseline: aBaseline({
    per: "second",
    errors: { failures: 20, trials: 72_000, usual: 1 / 3600 },
    fault: { errors: 240 / 3600 },
  }),
};

/** Beats 15 s apart; the deadline is the sixth, the limit the last. */
const WATCHES: Watch[] = [
  {
    name: "an outage goes on: at once",
    beats: each({ webhooks_sent: 5, webhooks_failed: 5 }),
    expected: {
      verdict: "unhealthy",
      rule: "original_signal_persists:webhook_fail_rate",
      metric: "failed per webhook",
      value: 1,
      window_s: 15,
    },
    after: 1,
  },
  {
    name: "a share of 0.1 % of errors becomes 5 %",
    beats: each({ webhooks_sent: 2, requests: 100, errors: 5 }),
    expected: {
      verdict: "unhealthy",
      rule: "new_signal:error_spike",
      metric: "errors per request",
      value: 0.05,
    },
    after: 2,
  },
  {
    name: "3 % of webhooks fail as they always did",
    beats: each({ webhooks_sent: 33, webhooks_failed: 1 }),
    facts: { baseline: aBaseline({ webhooks: { failures: 60, trials: 2_000, usual: 0.015 } }) },
    expected: { verdict: "healthy", rule: "webhooks_delivered" },
    after: 6,
  },
  {
    name: "3 % of requests fail as they always did",
    beats: each({ requests: 100, errors: 3 }),
    facts: {
      original: "error_spike",
      baseline: aBaseline({
        errors: { failures: 600, trials: 20_000, usual: 0.03 },
        fault: { errors: 0.4 },
      }),
    },
    expected: { verdict: "healthy", rule: "errors_gone" },
    after: 6,
  },
  {
    name: "they fail twelve times as often as before, and another incident is about that",
    beats: each({ webhooks_sent: 5, requests: 20, errors: 5 }),
    facts: { known: ["error_spike"] },
    expected: { verdict: "healthy" },
    after: 6,
  },
  {
    name: "they do, and that other incident is about half of them already: it cannot be seen to get worse",
    beats: each({ webhooks_sent: 5, requests: 20, errors: 20 }),
    facts: {
      known: ["error_spike"],
      baseline: aBaseline({
        besides: {
          errors: { failures: 500, trials: 900, usual: 0.55 },
          severities: { error_spike: "high" },
          fingerprints: [],
        },
      }),
    },
    expected: { verdict: "healthy" },
    after: 6,
  },
  {
    name: "a failure that begins late is seen as one at once is",
    beats: [...each({ webhooks_sent: 1 }, 20), ...each({ webhooks_sent: 2, webhooks_failed: 2 })],
    facts: { baseline: aBaseline(), checkAt: T0 + 600_000 },
    expected: { verdict: "unhealthy", value: 1, window_s: 45 },
    after: 23,
  },
  {
    name: "half a cure is none: from 60 % failing to 25 %",
    beats: each({ webhooks_sent: 4, webhooks_failed: 1 }),
    expected: { verdict: "unhealthy", value: 0.25 },
    after: 5,
  },
  {
    name: "a quarter failed during the fault: eight webhooks do not prove that it is over",
    beats: each({ webhooks_sent: 1 }),
    facts: { baseline: aBaseline({ fault: { webhooks: 0.25 } }) },
    expected: { verdict: "healthy", rule: "webhooks_delivered" },
    after: 15,
  },
  {
    name: "four webhooks in all, and no probes",
    beats: [...each({ webhooks_sent: 1 }, 4), ...each({}, BEATS - 4)],
    expected: { verdict: "inconclusive", rule: "not_enough_evidence" },
    after: BEATS,
  },
  {
    name: "two of five webhooks failed, good probes or not",
    beats: [{ webhooks_sent: 5, webhooks_failed: 2 }, ...each({ ok: 1 }, BEATS - 1)],
    facts: BROKEN_PROBE,
    expected: { verdict: "inconclusive", rule: "doubt", value: 0.4 },
    after: BEATS,
  },
  {
    name: "three times a probe that failed before passes",
    beats: [...each({ ok: 1 }, 3), ...each({})],
    facts: BROKEN_PROBE,
    expected: { verdict: "healthy", rule: "probes" },
    after: 6,
  },
  {
    name: "it passes twice",
    beats: [...each({ ok: 1 }, 2), ...each({}, BEATS - 2)],
    facts: BROKEN_PROBE,
    expected: { verdict: "inconclusive" },
    after: BEATS,
  },
  {
    name: "a probe that passed during the fault passes on",
    beats: each({ ok: 2 }),
    expected: {
      verdict: "inconclusive",
      rule: "not_enough_evidence",
      value: 1.5,
      explanation: expect.stringContaining("Probes that did not fail before the change can add 1.5 at most."),
    },
    after: BEATS,
  },
  {
    name: "it passes on, and six webhooks are delivered",
    beats: [...each({ ok: 2, webhooks_sent: 1 }, 6), ...each({})],
    expected: { verdict: "healthy", rule: "webhooks_delivered" },
    after: 6,
  },
  {
    name: "two failed probes, at once",
    beats: each({ bad: 1 }),
    expected: { verdict: "unhealthy", rule: "probes", value: 2, bound: 2, window_s: 30 },
    after: 2,
  },
  {
    name: "all probes of one moment failed: a restart that was not over",
    beats: [{ bad: 5 }, ...each({ ok: 1, webhooks_sent: 1 })],
    expected: { verdict: "healthy" },
    after: 7,
  },
  {
    name: "one burst of errors while it starts",
    beats: [{ requests: 40, errors: 30 }, ...each({ requests: 40, webhooks_sent: 2 })],
    facts: { baseline: aBaseline({ spread: 3 }) },
    expected: { verdict: "healthy" },
    after: 11,
  },
  {
    name: "requests are not counted: errors go on by the hour",
    beats: each({ errors: 1 }),
    facts: BY_THE_SECOND,
    expected: { verdict: "unhealthy", metric: "errors per second" },
    after: 5,
  },
  {
    name: "requests are not counted: the errors stay away while webhooks are delivered",
    beats: each({ webhooks_sent: 1 }),
    facts: BY_THE_SECOND,
    expected: { verdict: "healthy", rule: "errors_gone" },
    after: 17,
  },
  {
    name: "requests are not counted: the errors stay away, and so does everybody else",
    beats: each({}),
    facts: BY_THE_SECOND,
    expected: {
      verdict: "inconclusive",
      value: 1.5,
      explanation: expect.stringContaining("Time without traffic can add 1.5 at most."),
    },
    after: BEATS,
  },
  {
    name: "nor do good probes make up for everybody else",
    beats: each({ ok: 2 }),
    facts: BY_THE_SECOND,
    expected: { verdict: "inconclusive", value: 1.5 },
    after: BEATS,
  },
  {
    name: "a client without counters says that its webhooks get through again",
    beats: each({ rate: 0.02 }),
    facts: { baseline: aBaseline({ gauge: 0.6 }) },
    expected: { verdict: "healthy", rule: "gauge_fell", value: 6 },
    after: 6,
  },
  {
    name: "a gauge that remembers the fault condemns nothing and proves nothing",
    beats: each({ rate: 0.6 }),
    facts: { baseline: aBaseline({ gauge: 0.6 }) },
    expected: { verdict: "inconclusive" },
    after: BEATS,
  },
  {
    name: "a gauge that rises above what it was condemns",
    beats: each({ rate: 0.9 }),
    facts: { baseline: aBaseline({ gauge: 0.6 }) },
    expected: { verdict: "unhealthy", rule: "original_signal_persists:webhook_fail_rate" },
    after: 3,
  },
  {
    name: "a day's count of errors that no longer rises, of a client that counts no traffic",
    beats: each({ errors24h: 900 }),
    facts: {
      original: "error_spike",
      baseline: aBaseline({
        per: "second",
        errors: { failures: 0, trials: 0, usual: 2 / 3600 },
        fault: { errors: 300 / 3600 },
      }),
    },
    expected: { verdict: "inconclusive", value: 1.5 },
    after: BEATS,
  },
  {
    name: "a day's count of errors that goes on rising",
    beats: Array.from({ length: 60 }, (_, i) => ({ errors24h: 900 + 5 * i })),
    facts: {
      original: "error_spike",
      baseline: aBaseline({ per: "second", errors: { failures: 0, trials: 0, usual: 2 / 3600 } }),
    },
    expected: { verdict: "unhealthy" },
    after: 3,
  },
];

describe("a change, held against the same plugin before its fault", () => {
  it.each(WATCHES)("$name", ({ beats, facts, expected, after }) => {
    const seen = watch(beats.slice(0, BEATS), facts);
    expect(seen.verdict).toMatchObject(expected ?? {});
    expect(seen.beats).toBe(after);
  });

  it("says why in one sentence: what failed, how much did before, and how sure it is", () => {
    const { verdict } = watch(each({ webhooks_sent: 2, requests: 100, errors: 5 }));
    expect(verdict?.explanation).toBe(
      "10 of 200 requests had an error since the change; before the fault 20 of 20000 (0.1 %), up to 0.2 % held for usual. Evidence that it is worse 13.5, bound 9.",
    );
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

/** A client without counters, from a fault of its own words to a change under watch. */
function gaugeStory(): PluginStory {
  const story = new PluginStory();
  const says = (rate: number, more: Partial<HeartbeatData> = {}) => {
    story.wait(60);
    const beat = aGaugeHeartbeat({
      seq: story.state.seq + 1,
      version: story.version,
      telemetry: { webhook_fail_rate: rate },
      ...more,
    });
    return story.apply({ type: "beat", beat });
  };
  says(0.01);
  for (let i = 0; i < 3; i++) says(0.6);
  expect(story.incident.signal.method).toBe("gauge-limit");
  return story.decide().gate().stage().handOver().wait(5).ack("1.2.3");
}

describe("a client that keeps no counters", () => {
  function watched(rate: number, beats: number): PluginStory {
    const story = gaugeStory();
    for (let i = 0; i < beats && story.state.attempt?.phase.name === "verifying"; i++) {
      story.wait(15);
      const telemetry = { webhook_fail_rate: rate };
      const beat = aGaugeHeartbeat({
        seq: story.state.seq + 1,
        version: "1.2.3",
        state: "probation",
        telemetry,
      });
      story.apply({ type: "beat", beat });
    }
    return story;
  }

  it("is believed when it says that its webhooks get through again", () => {
    expect(watched(0.01, 10).lastAttempt).toMatchObject({
      status: "success",
      health: { rule: "gauge_fell" },
    });
  });

  it("is not rolled back for what its gauge remembers of the fault: a person is asked", () => {
    const story = watched(0.6, LIMIT_MS / 15_000 + 1);
    expect(story.attempt).toMatchObject({ status: "verifying", health: { verdict: "inconclusive" } });
  });

  it("goes back when it says that it is worse than before", () => {
    expect(watched(0.95, 10).attempt.status).toBe("rolling_back");
  });
});

describe("a shop whose plugin beats when a page is viewed", () => {
  it("is not rolled back for a quiet quarter of an hour, and its alarm does not spin", () => {
    const story = new PluginStory();
    const view = (seconds: number, sent: number) => story.beat(seconds, { sent }, { cadence: "page-view" });
    for (let i = 0; i < 8 * 6; i++) view(600, 10);
    story.beat(120, { sent: 20, failed: 12 }, { cadence: "page-view" });
    story.beat(120, { sent: 20, failed: 12 }, { cadence: "page-view" });
    story.decide().gate().stage();
    view(60, 0).handOver().wait(5).ack("1.2.3");
    story.pass(600);
    expect(story.attempt.status).toBe("verifying");
    view(60, 10);
    view(60, 10);
    expect(story.lastAttempt).toMatchObject({ status: "success" });
  });
});

describe("the person who is asked to keep a change", () => {
  function asked(): PluginStory {
    const story = new PluginStory();
    story.policy = { ...story.policy, mode: "approve-only" };
    story.breakWebhooks().decide().gate().approve("grace").gate().stage().beat(15).handOver().wait(5);
    story.ack("1.2.3");
    return story.toAsked();
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
