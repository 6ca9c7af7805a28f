/** The arithmetic of the views: no browser, no clock. */
import { describe, expect, test } from "vitest";
import { createTranslate, keyOf, LANGUAGES } from "../../dashboard/src/i18n/i18n.ts";
import { attentionOf, awaitingAnswer, splitByAttention } from "../../dashboard/src/view/attention.ts";
import { backoffMs } from "../../dashboard/src/view/backoff.ts";
import { barChart } from "../../dashboard/src/view/bars.ts";
import { changesBetween, conflicts, withChanges } from "../../dashboard/src/view/changes.ts";
import { concerns } from "../../dashboard/src/view/concerns.ts";
import { bytes, durationStanding, figure, percent, shareStanding } from "../../dashboard/src/view/figures.ts";
import {
  hrefWith,
  incidentFilterOf,
  readFilters,
  toggle,
  toQuery,
} from "../../dashboard/src/view/filters.ts";
import { gateOutcome, gateRows } from "../../dashboard/src/view/gate-rows.ts";
import { linesOf } from "../../dashboard/src/view/lines.ts";
import { draftAction, offeredActions, settingsOf } from "../../dashboard/src/view/manual-action.ts";
import {
  missingRoles,
  NEEDED_ROLES,
  rolesToHold,
  rolesToKill,
  rolesToMove,
} from "../../dashboard/src/view/needed-roles.ts";
import { newestFirst } from "../../dashboard/src/view/order.ts";
import { historyOf } from "../../dashboard/src/view/policy-history.ts";
import { issueAt, policyIssues } from "../../dashboard/src/view/policy-issues.ts";
import { approvalsMissing, approvalsToBegin } from "../../dashboard/src/view/question.ts";
import { NEXT_STATUSES } from "../../dashboard/src/view/rollout.ts";
import { causeOf, noDeadlineBecause } from "../../dashboard/src/view/silence.ts";
import { stepsOf, watchOf } from "../../dashboard/src/view/stepper.ts";
import { absoluteTime, duration, relativeTime, secondsBetween } from "../../dashboard/src/view/time.ts";
import type { Attempt } from "../../src/contract/attempt.ts";
import { type Incident, SILENCE_CAUSES } from "../../src/contract/incident.ts";
import { ManualAction, Role } from "../../src/contract/ops.ts";
import { defaultPolicyDocument } from "../../src/contract/policy.ts";
import type { ReleaseStatus } from "../../src/contract/release.ts";
import { mayLetGo } from "../../src/core/policy/let-go.ts";
import { firstPolicy, killPolicy } from "../../src/core/policy/policy-change.ts";
import { moveStatus } from "../../src/core/rollout/release-standing.ts";
import { OPS_ROUTES } from "../../src/http/ops/ops-roles.ts";
import { anAttempt, anIncident, aPolicy, at, attemptId, HASH, incidentId, T0 } from "./fixtures.ts";

describe("time", () => {
  test.each([
    [-5, "5 sec. ago"],
    [-90, "1 min. ago"],
    [-7200, "2 hr. ago"],
    [3600 * 49, "in 2 days"],
  ])("%i seconds from now reads as %s", (seconds, text) => {
    expect(relativeTime(at(seconds), T0, "en")).toBe(text);
  });

  test.each([
    [null, "–"],
    [0, "0 s"],
    [0.4, "400 ms"],
    [59.6, "1 min"],
    [125, "2 min 5 s"],
    [3600, "1 h"],
    [11_400, "3 h 10 min"],
    [187_200, "2 d 4 h"],
  ])("a duration of %s seconds reads as %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  test("an absolute time names its zone, and French days are jours", () => {
    expect(absoluteTime(at(0), "en-GB", "UTC")).toBe("20 Nov 2026, 10:00:00 UTC");
    expect(duration(86_400, "fr")).toBe("1 j");
  });

  test("the time between two instants is unknown when one of them is", () => {
    expect(secondsBetween(at(0), at(90))).toBe(90);
    expect(secondsBetween(null, at(90))).toBeNull();
  });
});

describe("figures", () => {
  test("a missing figure is a dash, never a zero", () => {
    expect([percent(null, "en"), figure(null, "en")]).toEqual(["–", "–"]);
    expect([percent(0.1234, "en"), figure(10.44, "en"), bytes(48_213, "en")]).toEqual([
      "12.3%",
      "10.4",
      "47.1 KiB",
    ]);
  });

  test("a target is met on the good side only, and unknown without data", () => {
    expect(shareStanding(0.96, 0.95, true)).toBe("met");
    expect(shareStanding(0.96, 0.02, false)).toBe("missed");
    expect(shareStanding(null, 0.95, true)).toBe("unknown");
    expect(durationStanding(130, 120)).toBe("missed");
    expect(durationStanding(130, null)).toBe("unknown");
  });
});

describe("filters", () => {
  const spec = { many: { status: ["open", "healing"] }, one: ["product"] } as const;

  test("unknown names and values of an address are dropped", () => {
    expect(readFilters(spec, { status: "open,nonsense,open", product: " woo ", page: "9" })).toEqual({
      status: ["open"],
      product: ["woo"],
    });
  });

  test("a select takes no value that it does not offer", () => {
    const selects = [{ name: "outcome", values: ["cleared"] }];
    const notices = { many: {}, one: ["outcome", "product"], selects };
    expect(readFilters(notices, { outcome: "nonsense", product: "woo" })).toEqual({ product: ["woo"] });
    expect(readFilters(notices, { outcome: "cleared" })).toEqual({ outcome: ["cleared"] });
  });

  test("toggling a value adds it, toggling it again leaves no trace", () => {
    const once = toggle({}, "status", "open");
    expect(hrefWith("/incidents", toggle(once, "status", "healing"))).toBe("/incidents?status=open,healing");
    expect(hrefWith("/incidents", toggle(once, "status", "open"))).toBe("/incidents");
  });

  test("the API gets the same filters and the cursor", () => {
    expect(toQuery({ status: ["open", "healing"] }, "c1")).toEqual({ status: "open,healing", cursor: "c1" });
  });

  test("a count's name leads to the filter it belongs to", () => {
    expect(["high", "new_error", "open"].map((name) => incidentFilterOf(name).filter)).toEqual([
      "severity",
      "type",
      "status",
    ]);
  });
});

describe("what needs attention", () => {
  const escalated = anIncident({ id: incidentId(1), status: "escalated", severity: "low" });
  const waiting = anIncident({ id: incidentId(2), status: "healing", severity: "critical" });
  const open = anIncident({ id: incidentId(3), status: "open", severity: "critical" });
  const healing = anIncident({ id: incidentId(4), status: "healing" });
  const awaiting = awaitingAnswer([anAttempt({ status: "awaiting_approval", incident_id: waiting.id })]);

  test("people first, by severity, and no incident twice", () => {
    const { attention, rest } = splitByAttention([escalated, open], [open, healing, waiting], awaiting);
    expect(attention.map((i) => i.id)).toEqual([waiting.id, escalated.id, open.id]);
    expect(rest.map((i) => i.id)).toEqual([healing.id]);
  });

  test("a change that is watched asks only while somebody is asked to keep it", () => {
    const watched = anAttempt({ status: "verifying", incident_id: healing.id });
    const answered = anAttempt({ status: "success", incident_id: healing.id, asked_until: null });
    expect(awaitingAnswer([watched, answered])).toEqual(new Set());
    expect(awaitingAnswer([{ ...watched, asked_until: at(600) }])).toEqual(new Set([healing.id]));
  });

  test("a closed incident and an acknowledged one wait for nobody", () => {
    expect(attentionOf(anIncident({ status: "resolved" }), awaiting)).toBe("none");
    expect(attentionOf(anIncident({ status: "open", acknowledged_by: "amina" }), awaiting)).toBe("none");
    expect(attentionOf(anIncident({ status: "unknown" }), awaiting)).toBe("none");
  });

  test.each(["muted", "in_maintenance", "snoozed"])(
    "one that is %s asks for nobody until that ends",
    (kind) => {
      const quiet = { by: "amina", reason: "known", until: at(3600) };
      expect(attentionOf(anIncident({ status: "escalated", [kind]: quiet }), awaiting)).toBe("none");
      expect(attentionOf(anIncident({ status: "escalated", [kind]: null }), awaiting)).toBe("person");
    },
  );
});

describe("the steps of an attempt", () => {
  const states = (over: Partial<Attempt>) => stepsOf(anAttempt(over)).map((step) => step.state);

  test.each<[string, Partial<Attempt>, string[]]>([
    ["verifying", { status: "verifying" }, ["done", "skipped", "done", "done", "current", "waiting"]],
    [
      "awaiting approval",
      { status: "awaiting_approval", approvals_needed: 1 },
      ["done", "current", "waiting", "waiting", "waiting", "waiting"],
    ],
    ["success", { status: "success" }, ["done", "skipped", "done", "done", "done", "done"]],
    [
      "rejected",
      { status: "rejected", approvals_needed: 1 },
      ["done", "failed", "skipped", "skipped", "skipped", "skipped"],
    ],
    [
      "failed in staging",
      { status: "failed", staging: [] },
      ["done", "skipped", "failed", "skipped", "skipped", "skipped"],
    ],
    [
      "expired before the plugin came",
      { status: "expired", staging: [], staged_at: at(9) },
      ["done", "skipped", "done", "failed", "skipped", "skipped"],
    ],
    ["rolled back", { status: "rolled_back" }, ["done", "skipped", "done", "done", "done", "failed"]],
  ])("%s", (_name, over, expected) => {
    expect(states(over)).toEqual(expected);
  });

  const intervals = { verify_s: 90, verify_limit_s: 900 };
  const verifying = anAttempt({ status: "verifying", executed_at: at(0) });

  test("the health check counts down from the report of the new version", () => {
    expect(watchOf(verifying, T0 + 30_000, intervals)).toEqual({
      phase: "watching",
      leftS: 60,
      share: 30 / 90,
    });
  });

  test("without a verdict it is watched on, up to the limit, and then overdue", () => {
    expect(watchOf(verifying, T0 + 100_000, intervals)).toMatchObject({ phase: "watching-on", leftS: 800 });
    expect(watchOf(verifying, T0 + 901_000, intervals)).toEqual({ phase: "overdue" });
    expect(watchOf(anAttempt({ status: "success" }), T0, intervals)).toBeNull();
  });

  test("the time left is the asked person's, from the moment that somebody is asked", () => {
    const asked = anAttempt({ ...verifying, asked_until: at(1500) });
    expect(watchOf(asked, T0 + 901_000, intervals)).toEqual({ phase: "asked", leftS: 599 });
    expect(watchOf(asked, T0 + 1_500_000, intervals)).toEqual({ phase: "overdue" });
  });

  test("only an approval counts among those that it needs", () => {
    const answer = { attempt_id: attemptId(1), evidence_hash: HASH, reason: "looked at it" } as const;
    const approvals = [
      { ...answer, person: "awa", decision: "approve", at: at(-30) },
      { ...answer, person: "nils", decision: "reject", at: at(-20) },
    ] as const;
    const rejected = anAttempt({ status: "rejected", approvals_needed: 2, approvals: [...approvals] });
    expect(approvalsToBegin(rejected).map(({ person }) => person)).toEqual(["awa"]);
    expect(approvalsMissing(rejected)).toBe(1);
    expect(approvalsMissing({ ...rejected, approvals_needed: 0 })).toBe(0);
  });

  test("an answer to keep it is no part of its approval", () => {
    const answer = {
      attempt_id: attemptId(1),
      person: "awa",
      decision: "approve",
      evidence_hash: HASH,
    } as const;
    const approvals = [
      { ...answer, reason: "begin", at: at(-30) },
      { ...answer, reason: "keep", at: at(1000) },
    ];
    const kept = anAttempt({ status: "success", approvals_needed: 1, approvals, executed_at: at(0) });
    expect(stepsOf(kept).find(({ name }) => name === "approval")).toMatchObject({
      state: "done",
      at: at(-30),
    });
  });

  test("a browser whose clock is behind sees the whole time left, not more", () => {
    expect(watchOf(verifying, T0 - 60_000, intervals)).toMatchObject({ leftS: 90, share: 0 });
  });
});

describe("the gate", () => {
  const allow = { outcome: "allow", observed: "", bound: "" } as const;

  test("both evaluations stand side by side, and a change of mind is marked", () => {
    const rows = gateRows(
      [
        { rule: "mode", ...allow },
        { rule: "storm", ...allow },
      ],
      [
        { rule: "storm", ...allow, outcome: "forbid" },
        { rule: "canary", ...allow },
      ],
    );
    expect(rows.map((r) => [r.rule, r.before?.outcome, r.handover?.outcome, r.changed])).toEqual([
      ["mode", "allow", undefined, false],
      ["storm", "allow", "forbid", true],
      ["canary", undefined, "allow", false],
    ]);
  });

  test("the strictest rule is the gate's word", () => {
    expect(gateOutcome([])).toBe("allow");
    expect(
      gateOutcome([
        { rule: "mode", ...allow, outcome: "needs_approval" },
        { rule: "storm", ...allow, outcome: "forbid" },
      ]),
    ).toBe("forbid");
  });
});

describe("a bar chart", () => {
  const bucket = (sent: number, failed: number) => ({
    start: at(0),
    errors: 0,
    requests: 0,
    webhooks_sent: sent,
    webhooks_failed: failed,
  });
  const pick = (b: ReturnType<typeof bucket>) => ({ total: b.webhooks_sent, failed: b.webhooks_failed });

  test("the highest bar fills the height and one failure among thousands is still seen", () => {
    const chart = barChart([bucket(10_000, 1), bucket(5_000, 0), bucket(0, 0)], pick, 300, 60);
    expect(chart.bars.map((b) => b.good.height + b.bad.height)).toEqual([60, 30, 0]);
    expect(chart.bars[0]?.bad).toEqual({ y: 0, height: 1.5 });
    expect({ total: chart.total, failed: chart.failed }).toEqual({ total: 15_000, failed: 1 });
  });

  test("nothing counted draws nothing, and more failures than requests do not leave the box", () => {
    expect(barChart([], pick, 300, 60)).toEqual({ bars: [], highest: 0, total: 0, failed: 0 });
    expect(barChart([bucket(1, 4)], pick, 300, 60).bars[0]?.bad).toEqual({ y: 0, height: 60 });
  });
});

describe("changes of a document", () => {
  const base = { mode: "auto", limits: { a: 1, b: 2 }, stages: [1, 2] };

  test("are found leaf by leaf, a list as a whole", () => {
    const changes = changesBetween(base, { mode: "auto", limits: { a: 1, b: 3 }, stages: [1] });
    expect(changes).toEqual([
      { path: ["limits", "b"], before: 2, after: 3 },
      { path: ["stages"], before: [1, 2], after: [1] },
    ]);
  });

  test("of one person go on top of another's without touching the rest", () => {
    const mine = changesBetween(base, { ...base, limits: { a: 5, b: 2 } });
    const theirs = { ...base, mode: "off", limits: { a: 1, b: 9 } };
    expect(withChanges(theirs, mine)).toEqual({ ...theirs, limits: { a: 5, b: 9 } });
    expect(theirs.limits.a).toBe(1);
  });

  test("conflict only where both changed the same to something else", () => {
    const mine = changesBetween(base, { ...base, mode: "off", stages: [9] });
    const theirs = changesBetween(base, { ...base, mode: "approve-only", stages: [9] });
    expect(conflicts(mine, theirs).map((c) => c.path)).toEqual([["mode"]]);
  });
});

describe("the policy form", () => {
  test("a valid document has no issue, and a field's message is in the reader's language", () => {
    expect(policyIssues(defaultPolicyDocument(), "en")).toEqual([]);
    const document = { ...defaultPolicyDocument(), min_confidence: 2 };
    const text = (language: "en" | "fr") =>
      issueAt(policyIssues(document, language), "min_confidence")?.message;
    expect(text("en")).toEqual({ text: "Too big: expected number to be <=1" });
    expect(text("fr")).toEqual({ text: expect.stringContaining("Trop grand") });
  });

  test("an empty number is an issue of its field", () => {
    const document = defaultPolicyDocument();
    const limits = { ...document.limits, penalty_box_s: Number.NaN };
    expect(policyIssues({ ...document, limits }, "en").map((i) => i.path)).toEqual(["limits.penalty_box_s"]);
  });

  test("rules over several fields are worded by the dictionary", () => {
    const document = defaultPolicyDocument();
    const broken = {
      ...document,
      canary: { ...document.canary, stages: [{ percent: 50 }, { shops: 5 }] },
      intervals: { ...document.intervals, verify_limit_s: 20 },
      whitelist: { all: false, merchants: ["-"] },
    };
    const issues = policyIssues(broken, "fr");
    expect(
      ["canary.stages", "intervals", "whitelist.merchants"].map((p) => issueAt(issues, p)?.message),
    ).toEqual([
      { key: "policyIssue.stages" },
      { key: "policyIssue.verifyLimit" },
      { key: "policyIssue.merchants" },
    ]);
  });

  test("merchants are typed one a line", () => {
    expect(linesOf("a\n\n b ,c\na")).toEqual(["a", "b", "c"]);
  });

  test("the history tells each revision's changes against the one before", () => {
    const { document } = aPolicy();
    const item = { changed_by: "amina", reason: "why", changed_at: at(0) };
    const history = historyOf([
      { ...item, revision: 1, document },
      { ...item, revision: 2, document: { ...document, mode: "off" } },
    ]);
    expect(history.map((h) => [h.item.revision, h.changes.map((c) => c.path.join("."))])).toEqual([
      [2, ["mode"]],
      [1, []],
    ]);
  });
});

describe("a silence", () => {
  test("has a cause in words in both languages, one that is sought, or none once it is over", () => {
    const silent = (over: Partial<Incident>) => causeOf(anIncident({ type: "heartbeat_missed", ...over }));
    expect(silent({})).toBe("sought");
    expect(silent({ cause: null, status: "resolved" })).toBeNull();
    expect(causeOf(anIncident({ cause: "unknown" }))).toBeNull();
    for (const cause of SILENCE_CAUSES) {
      expect(silent({ cause })).toBe(cause);
      for (const language of LANGUAGES) {
        const key = keyOf("silenceCause", cause);
        expect(key && createTranslate(() => language)(key)).toMatch(/\w/);
      }
    }
  });

  test("that cannot be judged yet says why instead of a deadline", () => {
    const state = (standing: "learning" | "not_enough_data" | "normal" | "firing") =>
      noDeadlineBecause([
        { type: "heartbeat_missed", state: standing, value: null, bound: null, explanation: "" },
      ]);
    expect([state("learning"), state("not_enough_data"), state("normal"), state("firing")]).toEqual([
      "learning",
      "not_enough_data",
      null,
      null,
    ]);
    expect(noDeadlineBecause([])).toBeNull();
  });
});

describe("manual actions", () => {
  test("a closed incident offers none, one under repair offers no second repair", () => {
    expect(offeredActions(anIncident({ status: "resolved" }))).toEqual([]);
    expect(offeredActions(anIncident({ status: "unknown" }))).toEqual(
      offeredActions(anIncident({ status: "healing" })),
    );
    expect(offeredActions(anIncident({ status: "healing" }))).toEqual([
      "acknowledge",
      "snooze",
      "resolve",
      "escalate",
      "dismiss",
    ]);
    expect(offeredActions(anIncident({ status: "escalated", acknowledged_by: "amina" }))).toEqual([
      "patch",
      "rollback",
      "config",
      "retry",
      "snooze",
      "resolve",
      "dismiss",
    ]);
  });

  test.each([
    ["patch", { action: "patch", version: "1.2.3", reason: "try it" }],
    ["rollback", { action: "rollback", version: "1.2.3", reason: "try it" }],
    ["config", { action: "config", set: { mode: "safe", retries: 3, debug: false }, reason: "try it" }],
    ["dismiss", { action: "dismiss", reason: "try it" }],
    ["snooze", { action: "snooze", until: "2026-11-22T12:00:00.000Z", reason: "try it" }],
  ] as const)("the dialog of %s makes the contract's action", (name, expected) => {
    const form = {
      version: " 1.2.3 ",
      settings: "mode = safe\nretries=3\n\ndebug = false",
      until: "2026-11-22T12:00:00.000Z",
      reason: "try it",
    };
    expect(ManualAction.parse(draftAction(name, form))).toEqual(expected);
  });

  test("a version-like setting stays text", () => {
    expect(settingsOf("v = 1.2.3\nsum = a=b")).toEqual({ v: "1.2.3", sum: "a=b" });
  });
});

describe("roles", () => {
  test("those that the dashboard explains are those that the server demands", () => {
    const demanded = Object.fromEntries(Object.keys(NEEDED_ROLES).map((r) => [r, routesOf(r)]));
    expect(NEEDED_ROLES).toEqual(demanded);
  });

  test("those that a stop, and its end, takes are those that the objects demand", () => {
    const policy = firstPolicy(0);
    for (const role of Role.options) {
      const person = { id: "nils", name: "Nils", roles: [role] };
      for (const engaged of [true, false])
        expect([role, engaged, rolesToKill(engaged).includes(role)]).toEqual([
          role,
          engaged,
          OPS_ROUTES["POST /api/ops/policy/kill"].some((allowed) => allowed === role) &&
            killPolicy(policy, { engaged, reason: "drill" }, person, 0).ok,
        ]);
      expect([role, rolesToHold(false).includes(role)]).toEqual([role, mayLetGo(person)]);
      for (const [from, ways] of Object.entries(NEXT_STATUSES) as [ReleaseStatus, ReleaseStatus[]][])
        for (const to of ways)
          expect([role, from, to, rolesToMove(from, to).includes(role)]).toEqual([
            role,
            from,
            to,
            OPS_ROUTES["POST /api/ops/releases/:product/:version/status"].some(
              (allowed) => allowed === role,
            ) && moveStatus(from, to, person).ok,
          ]);
    }
  });

  test("a refusal of somebody who has the role has another reason", () => {
    expect(missingRoles(["operator", "admin"], ["viewer"])).toEqual(["operator", "admin"]);
    expect(missingRoles(["operator", "admin"], ["admin"])).toEqual([]);
  });

  function routesOf(route: string): unknown {
    return Object.entries(OPS_ROUTES).find(([name]) => name === route)?.[1];
  }
});

describe("the live feed's arithmetic", () => {
  test("waiting grows, has a cap, and is never nothing", () => {
    expect([0, 1, 4, 30].map((tries) => backoffMs(tries, 1))).toEqual([500, 1000, 8000, 30_000]);
    expect(backoffMs(5, 0)).toBe(250);
  });

  test("a change concerns whatever belongs to the same plugin", () => {
    const other = `inc_${"B".repeat(27)}_1`;
    expect(concerns(null, incidentId(1))).toBe(true);
    expect(concerns(new Set([attemptId(7)]), incidentId(1))).toBe(true);
    expect(concerns(new Set([other]), incidentId(1))).toBe(false);
    expect(concerns(new Set([other]), undefined)).toBe(true);
  });

  test("the newest comes first, by number within an instant", () => {
    const items = [1, 3, 2].map((n) => ({ id: attemptId(n), created_at: at(n === 1 ? 10 : 0) }));
    expect(newestFirst(items).map((i) => i.id)).toEqual([attemptId(1), attemptId(3), attemptId(2)]);
  });
});

describe("the dictionaries", () => {
  test("a text gets its values, and an unknown placeholder stays visible", () => {
    const t = createTranslate(() => "fr");
    expect(t("incidents.needAttention", { n: 3 })).toBe("À traiter (3)");
    expect(t("incidents.needAttention")).toContain("{n}");
  });

  test("a name of the contract has a key, an unknown one has none", () => {
    expect(keyOf("severity", "high")).toBe("severity.high");
    expect(keyOf("severity", "toString")).toBeNull();
  });
});
