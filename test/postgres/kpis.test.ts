import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Attempt } from "../../src/contract/attempt.ts";
import type { IncidentVote } from "../../src/contract/incident.ts";
import { Kpis } from "../../src/contract/ops.ts";
import { wilsonInterval } from "../../src/core/wilson.ts";
import { writeLedger } from "../../src/postgres/ledger.ts";
import { kpis } from "../../src/postgres/queries.ts";
import {
  anApproval,
  anAttempt,
  anIncident,
  aPluginRecord,
  at,
  attemptId,
  incidentId,
  pluginId,
} from "../builders/ledger.ts";
import { startTestDatabase, type TestDatabase } from "./database.ts";

const HOUR_S = 3600;

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
  // The table's rows are written as they ended: their way there is another test's.
  await database.asOwner("ALTER TABLE plugin_autopatch_attempts DISABLE TRIGGER attempt_begins");
});
afterAll(() => database.stop());

const ended = (n: number, status: Attempt["status"], over: Partial<Attempt> = {}) =>
  anAttempt({
    id: attemptId(n),
    plugin_id: pluginId(n),
    incident_id: incidentId(n),
    status,
    created_at: at(100),
    staged_at: at(110),
    handed_over_at: at(130),
    executed_at: at(140),
    finished_at: at(230),
    ...over,
  });

describe("kpis", () => {
  it("knows nothing about an empty ledger, and says so", async () => {
    const empty = await kpis(database.db, HOUR_S, at(1000));
    expect(Kpis.omit({ fleet: true }).parse(empty)).toEqual(empty);
    expect(empty).toMatchObject({
      success_rate: { value: null, n: 0, low: null, high: null, target: 0.95 },
      rollback_rate: { value: null, n: 0, target: 0.02 },
      time_to_detect: { median_s: null, p95_s: null, n: 0, target_s: 120 },
      open_incidents: {},
      plugins: {},
      votes: {},
    });
  });

  it("counts the votes of the window, the latest of each person", async () => {
    const aVote = (
      n: number,
      person: string,
      revision: number,
      vote: IncidentVote["vote"],
      second: number,
    ) => ({
      kind: "vote" as const,
      row: {
        incident_id: incidentId(n),
        plugin_id: pluginId(n),
        person,
        revision,
        vote,
        reason: "seen",
        at: at(second),
      },
    });
    await writeLedger(database.db, [
      aVote(901, "ada", 1, "useful", 500_000),
      aVote(901, "ada", 2, "false_positive", 500_001),
      aVote(901, "grace", 3, "false_positive", 500_002),
      aVote(902, "ada", 1, "useful", 500_003),
      aVote(903, "ada", 1, "useful", 400_000),
    ]);
    const { votes } = await kpis(database.db, HOUR_S, at(500_100));
    expect(votes).toEqual({ false_positive: 2, useful: 1 });
  });

  it("counts what reached a shop, and times every stage", async () => {
    const attempts = [
      ...[1, 2, 3, 4, 5, 6].map((n) => ended(n, "success")),
      ended(7, "rolled_back"),
      ended(8, "rollback_failed"),
      ended(9, "failed"),
      ended(10, "expired", { executed_at: null }),
      // Neither reached a shop, nor may it count: stopped by staging, by a person, too early, still running.
      ended(11, "failed", { handed_over_at: null, executed_at: null, staged_at: null }),
      ended(12, "rejected", { handed_over_at: null, executed_at: null, staged_at: null }),
      ended(13, "success", { finished_at: at(1000 - HOUR_S - 1), executed_at: null, staged_at: null }),
      ended(14, "verifying", { finished_at: null }),
      ended(15, "success", {
        approvals_needed: 2,
        staged_at: at(180),
        handed_over_at: at(190),
        executed_at: at(200),
        finished_at: at(330),
        health: {
          verdict: "healthy",
          rule: "cusum",
          value: 0,
          bound: 10,
          window_s: 90,
          explanation: "quiet",
          at: at(300),
        },
      }),
    ];
    await writeLedger(database.db, [
      ...attempts.map((row) => ({ kind: "attempt" as const, row })),
      { kind: "approval", row: anApproval({ attempt_id: attemptId(15), person: "awa", at: at(120) }) },
      { kind: "approval", row: anApproval({ attempt_id: attemptId(15), person: "moussa", at: at(160) }) },
      {
        kind: "approval",
        row: anApproval({ attempt_id: attemptId(15), person: "x", decision: "reject", at: at(170) }),
      },
      // Asked once more, after an inconclusive health check: that one keeps it, and let nothing begin.
      { kind: "approval", row: anApproval({ attempt_id: attemptId(15), person: "awa", at: at(320) }) },
    ]);
    const figures = await kpis(database.db, HOUR_S, at(1000));
    expect(figures.success_rate).toEqual({ value: 7 / 11, n: 11, ...wilsonInterval(7, 11), target: 0.95 });
    expect(figures.rollback_rate).toEqual({ value: 2 / 11, n: 11, ...wilsonInterval(2, 11), target: 0.02 });
    expect(figures.stages.approve).toEqual({ median_s: 60, p95_s: 60, n: 1, target_s: null });
    expect(figures.stages.stage).toMatchObject({ median_s: 10, n: 11 });
    expect(figures.stages.apply).toMatchObject({ median_s: 30, n: 10 });
    expect(figures.stages.verify).toMatchObject({ median_s: 90, n: 10 });
  });

  it("times detection and repair, by patch or by itself, and counts what is open", async () => {
    const mended = { status: "baking" as const, decided_at: at(62) };
    const incidents = [
      anIncident({
        id: incidentId(1),
        plugin_id: pluginId(1),
        onset_at: at(0),
        detected_at: at(60),
        ...mended,
      }),
      anIncident({
        id: incidentId(2),
        plugin_id: pluginId(2),
        onset_at: at(0),
        detected_at: at(30),
        ...mended,
      }),
      anIncident({
        id: incidentId(40),
        plugin_id: pluginId(40),
        onset_at: null,
        status: "resolved",
        detected_at: at(100),
        resolved_at: at(400),
      }),
      anIncident({
        id: incidentId(41),
        plugin_id: pluginId(41),
        onset_at: null,
        severity: "critical",
        detected_at: at(100),
      }),
      anIncident({
        id: incidentId(42),
        plugin_id: pluginId(42),
        onset_at: null,
        status: "dismissed",
        detected_at: at(100),
        resolved_at: at(101),
      }),
    ];
    await writeLedger(database.db, [
      ...incidents.map((row) => ({ kind: "incident" as const, row })),
      { kind: "plugin", row: aPluginRecord({ id: pluginId(1), status: "healing" }) },
      { kind: "plugin", row: aPluginRecord({ id: pluginId(2) }) },
      { kind: "plugin", row: aPluginRecord({ id: pluginId(3) }) },
    ]);
    const figures = await kpis(database.db, HOUR_S, at(1000));
    expect(figures.time_to_detect).toMatchObject({ median_s: 45, n: 2, target_s: 120 });
    expect(figures.time_to_repair).toMatchObject({ median_s: 200, n: 3, target_s: 600 });
    expect(figures.stages.decide).toMatchObject({ median_s: 17, n: 2 });
    expect(figures.open_incidents).toEqual({ medium: 2, critical: 1 });
    expect(figures.plugins).toEqual({ healing: 1, healthy: 2 });
  });

  it("looks back from now when no moment is given", async () => {
    expect((await kpis(database.db, 1)).success_rate.n).toBe(0);
  });
});
