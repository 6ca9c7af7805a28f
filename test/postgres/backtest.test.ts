import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Attempt } from "../../src/contract/attempt.ts";
import type { GateSnapshot } from "../../src/contract/gate-snapshot.ts";
import type { LedgerRecord } from "../../src/contract/ledger.ts";
import { ShadowDecision, ShadowQuery } from "../../src/contract/shadow.ts";
import { writeLedger } from "../../src/postgres/ledger.ts";
import { listShadowDecisions, pastJudgements } from "../../src/postgres/queries.ts";
import { draftOf, runBacktest } from "../../src/services/backtest-service.ts";
import { aDecision, anAttempt, anIncident, at, attemptId, incidentId, pluginId } from "../builders/ledger.ts";
import { aPolicy } from "../builders/release.ts";
import { startTestDatabase, type TestDatabase } from "./database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
  await writeLedger(database.db, RECORDS);
});
afterAll(() => database.stop());

const DAY_S = 86_400;
/** The back-test is asked ten days after T0. */
const UNTIL = at(10 * DAY_S);

function facts(over: Partial<GateSnapshot> = {}): GateSnapshot {
  return {
    at: at(9 * DAY_S),
    type: "webhook_fail_rate",
    flapping: false,
    severity: "high",
    action: "patch",
    step: "patch",
    confidence: 0.7,
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
const incident = (n: number, day: number): LedgerRecord => ({
  kind: "incident",
  row: anIncident({
    id: incidentId(n),
    plugin_id: pluginId(n),
    severity: "high",
    status: "resolved",
    detected_at: at(day * DAY_S),
    resolved_at: at(day * DAY_S + 600),
  }),
});
/** An attempt's rows: first pending, then as it ended. */
const attempt = (n: number, day: number, over: Partial<Attempt>): LedgerRecord[] => {
  const row = anAttempt({
    id: attemptId(n),
    incident_id: incidentId(n),
    plugin_id: pluginId(n),
    status: "pending",
    created_at: at(day * DAY_S + 60),
    finished_at: null,
    gate: [],
  });
  const ended = {
    ...row,
    revision: row.revision + 1,
    status: "cancelled",
    finished_at: at(day * DAY_S + 300),
  } as const;
  return [
    { kind: "attempt", row },
    { kind: "attempt", row: { ...ended, ...over } },
  ];
};
const STORM = { storm: true, autonomy: "normal", actions_last_hour: 0 } as const;
/** No rule of the policy in force stands in its way. */
const CALM = { severity: "medium" } as const;
const allows = (rule: "storm") => ({ ...forbids(rule), outcome: "allow" as const });
const forbids = (rule: "storm" | "mode", observed = "x") => ({
  rule,
  outcome: "forbid" as const,
  observed,
  bound: "y",
});

const SHADOW: ShadowDecision = {
  id: `${incidentId(6)}.shadow.3`,
  revision: 1,
  incident_id: incidentId(6),
  plugin_id: pluginId(6),
  merchant_id: "m6",
  product: "molam-pay",
  action: "patch",
  from_version: "1.2.3",
  target_version: "1.2.4",
  decision: aDecision(),
  would: "wait_approval",
  why: null,
  approvals_needed: 1,
  gate: [],
  gate_facts: facts(),
  policy_revision: 3,
  at: at(9 * DAY_S + 90),
  outcome: null,
  outcome_text: null,
  outcome_at: null,
};

const RECORDS: LedgerRecord[] = [
  incident(1, 9),
  // An arrow of the table: what the gate forbids is cancelled out of `pending`.
  ...attempt(1, 9, {
    gate: [forbids("storm")],
    gate_facts: facts({ guard: { storm: true, autonomy: "normal", actions_last_hour: 0 } }),
  }),
  incident(2, 9),
  ...attempt(2, 9, { approvals_needed: 1, gate_facts: facts(), remedy: "rmd_abcdefghij" }),
  // Of before facts were kept.
  incident(3, 9),
  ...attempt(3, 9, {}),
  // A person's.
  incident(4, 9),
  ...attempt(4, 9, { requested_by: "dev:ada", gate_facts: facts({ automatic: false }) }),
  // Nothing was tried.
  incident(5, 9),
  incident(6, 9),
  // Begun before the switch to mode shadow, which made a shadow decision of it.
  ...attempt(6, 9, { gate: [forbids("mode", "shadow")], gate_facts: facts() }),
  { kind: "shadow", row: SHADOW },
  {
    kind: "shadow",
    row: {
      ...SHADOW,
      revision: 2,
      outcome: "same_fix",
      outcome_text: "by hand",
      outcome_at: at(9 * DAY_S + 500),
    },
  },
  { kind: "shadow", row: { ...SHADOW, id: `${incidentId(6)}.shadow.1`, outcome: "superseded" } },
  // A storm began while it was staged; one of before the hand-over's facts were kept; one that was in the shop then.
  incident(8, 9),
  ...attempt(8, 9, {
    gate_facts: facts(CALM),
    handover_gate: [forbids("storm")],
    handover_facts: facts({ ...CALM, at: at(9 * DAY_S + 200), guard: STORM }),
  }),
  incident(9, 9),
  ...attempt(9, 9, { gate_facts: facts(CALM), handover_gate: [forbids("storm")] }),
  incident(10, 9),
  ...attempt(10, 9, {
    gate_facts: facts(CALM),
    handover_gate: [allows("storm")],
    handover_facts: facts({ ...CALM, at: at(9 * DAY_S + 200), attempts_today: 1 }),
  }),
  // Too long ago, for a week.
  incident(7, 2),
  ...attempt(7, 2, { gate_facts: facts() }),
];

describe("the past of a back-test, out of a real Postgres", () => {
  it("is what was judged of the incidents of those days, with the facts of each judgement", async () => {
    const past = await pastJudgements(database.db, 7, UNTIL);
    expect(past).toMatchObject({
      from: at(3 * DAY_S),
      until: UNTIL,
      days: 7,
      incidents: 9,
      truncated: false,
      without_attempt: 1,
    });
    const shown = past.judgements
      .map(({ kind, incident_id, automatic, ended, forbidden_by, approvals_needed, facts: known }) => [
        kind,
        incident_id,
        automatic,
        ended,
        forbidden_by.join(),
        approvals_needed,
        known !== null,
      ])
      .toSorted();
    expect(shown).toEqual([
      ["attempt", incidentId(10), true, "cancelled", "", 0, true],
      ["attempt", incidentId(1), true, "cancelled", "storm", 0, true],
      ["attempt", incidentId(2), true, "cancelled", "", 1, true],
      ["attempt", incidentId(3), true, "cancelled", "", 0, false],
      ["attempt", incidentId(4), false, "cancelled", "", 0, true],
      ["attempt", incidentId(8), true, "cancelled", "storm", 0, true],
      ["attempt", incidentId(9), true, "cancelled", "storm", 0, false],
      ["shadow", incidentId(6), true, "same_fix", "", 1, true],
    ]);
    expect((await pastJudgements(database.db, 30, UNTIL)).incidents).toBe(10);
  });

  it("replays what was stopped at hand-over with the facts of that moment", async () => {
    const past = await pastJudgements(database.db, 7, UNTIL);
    const of = (n: number) => past.judgements.find(({ incident_id }) => incident_id === incidentId(n))?.facts;
    expect(of(8)?.guard.storm).toBe(true);
    expect(of(10)?.attempts_today).toBe(1);
    const handedOver = past.judgements.filter(({ incident_id }) =>
      [8, 10].map((n) => incidentId(n)).includes(incident_id),
    );
    const inForce = aPolicy();
    expect(runBacktest({ ...past, judgements: handedOver }, inForce, inForce)).toMatchObject({
      replayed: 2,
      changed: 0,
      would: { forbidden: 1, automatic: 1 },
    });
  });

  it("gives a draft that is less strict what it would let go", async () => {
    const past = await pastJudgements(database.db, 7, UNTIL);
    const inForce = aPolicy();
    const draft = draftOf(
      { days: 7, patch: { max_severity: "critical", approvals: { by_severity: { high: 0 } } } },
      inForce,
    );
    if (!draft.ok) throw new Error("refused");
    const reply = runBacktest(past, draft.value, inForce);
    expect(reply).toMatchObject({
      incidents: 9,
      without_attempt: 1,
      replayed: 5,
      not_replayable: { without_facts: 2, by_people: 1 },
      was: { forbidden: 2, approval: 1, shadow: 1, automatic: 1 },
      would: { forbidden: 2, automatic: 3 },
      would_be_automatic_ended: { cancelled: 2, same_fix: 1 },
      by_rule: [{ rule: "storm", forbids: 2, asks: 0 }],
    });
    expect(reply.items.map(({ incident_id, was, would }) => [incident_id, was, would]).toSorted()).toEqual([
      [incidentId(2), "approval", "automatic"],
      [incidentId(6), "shadow", "automatic"],
    ]);
  });

  it("refuses a patch that makes no policy, and says where", () => {
    expect(draftOf({ days: 7, patch: { min_confidence: 7 } }, aPolicy())).toMatchObject({
      ok: false,
      refusal: { reason: "invalid", field: "patch.min_confidence" },
    });
  });
});

describe("shadow decisions, out of a real Postgres", () => {
  it("are listed newest first with what became of them, and filtered", async () => {
    const list = async (query: Record<string, unknown>) => {
      const page = await listShadowDecisions(database.db, ShadowQuery.parse(query));
      return page.ok ? page.value.items : [];
    };
    const all = await list({});
    expect(all.map(({ outcome }) => outcome)).toEqual(["same_fix", "superseded"]);
    expect(ShadowDecision.parse(all[0])).toMatchObject({
      revision: 2,
      outcome_text: "by hand",
      gate_facts: facts(),
    });
    expect(await list({ outcome: "cleared" })).toEqual([]);
    expect(
      await list({ would: "wait_approval", incident_id: incidentId(6), product: "molam-pay" }),
    ).toHaveLength(2);
  });
});
